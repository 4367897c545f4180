"""Fig. 3's numbers: cosines by the hole's share, t-SNE, and tokens that are refused."""

import importlib.util
import math

import numpy as np
import pytest

from retouch.methods.gaussian.analyse.statistics import MOST, Tokens, check_installed, cosine, embed, similarity

needs_sklearn = pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="no scikit-learn")


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def tokens(n=20, d=8, mapped=None, shares=None):
    """Clean tokens at random, masked ones the farther from them the larger the hole."""
    shares = (np.arange(n) + 0.5) / n if shares is None else np.asarray(shares, float)
    n = len(shares)
    clean = random(n, d)
    masked = ((1 - shares[:, None]) * clean + shares[:, None] * random(n, d, seed=1)).astype(np.float32)
    return Tokens(shares, clean, masked, mapped)


def test_cosine_of_known_vectors():
    a = np.array([[1.0, 0], [1, 0], [2, 2], [1, 0], [0, 0]])
    b = np.array([[3.0, 0], [0, 5], [1, 1], [-2, 0], [1, 1]])
    np.testing.assert_allclose(cosine(a, b), [1, 0, 1, -1, 0], atol=1e-15)


def test_each_row_has_the_photos_of_its_tenth():
    found = similarity(tokens(shares=[0.05, 0.07, 0.1, 0.35, 0.39, 0.31, 0.999, 1.0]))
    assert [row.photos for row in found.rows] == [2, 1, 0, 3, 0, 0, 0, 0, 0, 2]
    assert found.whole.photos == 8
    assert (found.rows[3].low, found.rows[3].high) == (0.3, 0.4)
    assert found.rows[3].share == pytest.approx(0.35)
    empty = found.rows[2]
    assert (empty.share, empty.masked, empty.masked_other) == (None, None, None)


def test_means_and_deviations_are_those_of_the_cosines():
    given = tokens(40)
    found = similarity(given)
    values = cosine(given.clean, given.masked)
    first = values[:4]
    assert found.rows[0].masked.mean == pytest.approx(first.mean())
    assert found.rows[0].masked.deviation == pytest.approx(np.std(first, ddof=1))
    assert found.whole.masked.mean == pytest.approx(values.mean())
    assert found.rows[0].masked.mean > 0.9 > 0.5 > found.rows[9].masked.mean
    assert math.isnan(similarity(tokens(10)).rows[0].masked.deviation)


def test_mapped_tokens_are_compared_where_there_are_any():
    given = tokens()
    assert similarity(given).whole.mapped is None
    restored = similarity(Tokens(given.shares, given.clean, given.masked, 3 * given.clean))
    assert [row.mapped.mean for row in restored.rows] == pytest.approx([1.0] * 10)
    assert restored.whole.masked == similarity(given).whole.masked


def test_another_photo_unmasks_an_adaptation_that_gives_the_mean():
    clean = random(60, 8) + 2
    shares = np.linspace(0.05, 0.95, 60)
    same = np.broadcast_to(clean.mean(0), clean.shape).astype(np.float32)
    found = similarity(Tokens(shares, clean, random(60, 8, seed=1), same)).whole
    assert found.mapped.mean > found.masked.mean + 0.5
    assert found.mapped_other.mean == pytest.approx(found.mapped.mean)


def test_another_photo_is_never_the_same():
    clean = np.eye(12, dtype=np.float32)
    found = similarity(Tokens(np.linspace(0.05, 0.95, 12), clean, clean))
    assert [row.masked_other.mean for row in found.rows if row.photos] == [0.0] * 10
    assert found.whole.masked.mean == 1


@pytest.mark.parametrize(
    ("given", "saying"),
    [
        (Tokens(np.array([0.5]), random(1, 4), random(1, 4)), r"tokens: shares \[1\].*N > 1"),
        (Tokens(np.zeros(3), random(3, 4), random(2, 4)), r"\[3, 4\], \[2, 4\], None"),
        (Tokens(np.zeros(3), random(3, 4), random(3, 4), random(3, 5)), r"\[3, 5\]"),
        (Tokens(np.zeros(4), random(3, 4), random(3, 4)), r"shares \[4\]"),
        (Tokens(np.array([0.1, 1.2]), random(2, 4), random(2, 4)), "shares from 0.1 to 1.2; accepted: 0 to 1"),
        (
            Tokens(np.full(2, 0.1), random(2, 4), random(2, 4), np.full((2, 4), np.nan)),
            "tokens: hold values that are no",
        ),
        (Tokens(np.array([0.1, np.nan]), random(2, 4), random(2, 4)), "accepted: 0 to 1"),
    ],
)
def test_tokens_that_do_not_fit_are_refused(given, saying):
    with pytest.raises(ValueError, match=saying):
        similarity(given)
    with pytest.raises(ValueError, match=saying):
        embed(given)


@needs_sklearn
def test_tsne_lays_together_what_is_alike():
    centres = 10 * np.eye(3, 8, dtype=np.float32)
    clean = centres[np.arange(30) % 3] + random(30, 8) / 10  # photos of three kinds
    masked = clean + random(30, 8, seed=1) / 10
    found = embed(Tokens(np.linspace(0.05, 0.95, 30), clean, masked, 7 * masked))
    assert found.clean.shape == found.masked.shape == found.mapped.shape == (30, 2)
    distances = np.linalg.norm(found.clean[:, None] - found.masked[None], axis=2)  # [30, 30]
    assert (distances.argmin(1) % 3 == np.arange(30) % 3).all()
    # A token's length says nothing: masked and mapped ones have the same direction.
    assert np.linalg.norm(found.masked - found.mapped, axis=1).max() < np.ptp(found.clean) / 20


@needs_sklearn
def test_tsne_is_the_same_for_the_same_seed():
    given = tokens(12)
    first, again = embed(given, seed=3), embed(given, seed=3)
    assert np.array_equal(first.clean, again.clean)
    assert np.array_equal(first.masked, again.masked)
    assert first.mapped is None


@needs_sklearn
@pytest.mark.parametrize("photos", [2, 5])
def test_tsne_of_few_photos(photos):
    found = embed(tokens(photos))
    assert found.clean.shape == found.masked.shape == (photos, 2)
    assert np.isfinite(found.clean).all()


@needs_sklearn
def test_of_many_photos_tsne_sees_some_with_holes_of_all_sizes(monkeypatch):
    from sklearn import manifold

    seen = []

    class Fake:
        def __init__(self, perplexity, **_):
            seen.append(perplexity)

        def fit_transform(self, points):
            seen.append(points)
            return np.zeros((len(points), 2))

    monkeypatch.setattr(manifold, "TSNE", Fake)
    n = 2 * MOST
    kinds = np.eye(10, dtype=np.float32)[np.arange(n) % 10]  # [n, 10], the token says the turn
    assert embed(Tokens(np.full(n, 0.5), kinds, kinds)).clean.shape == (MOST, 2)
    perplexity, points = seen
    assert perplexity == 30
    assert points[:MOST].sum(0).min() > MOST / 20
    assert np.array_equal(points[:MOST], points[MOST:])  # the same photos


@pytest.mark.parametrize("missing", ["torch", "sklearn"])
def test_the_missing_extra_is_named(monkeypatch, missing):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(ImportError, match=r"needs '(torch|sklearn)', of the extra 'bench'"):
        check_installed()
