"""Models with options of their own in benchmarks: how they are written, named, loaded and refused."""

import pytest

from retouch.bench.entrants import entrant, entrants, file_name
from retouch.bench.run import make_plan, run
from retouch.bench.speed.case import cases
from tests.bench.runs_for_tests import plan_of
from tests.data.layouts_for_tests import picture


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """One photo: five samples, one chunk for each model."""
    folder = tmp_path_factory.mktemp("album")
    picture(0).save(folder / "p0.png")
    return folder


def test_a_bare_name_is_the_card_with_its_defaults():
    one = entrant("patchmatch")
    assert (one.name, one.given, one.harmoniser) == ("patchmatch", {}, None)
    assert one.options == one.card.needs.options()


def test_options_are_read_and_named_in_one_order():
    one = entrant("patchmatch? patch_size = 5 &dilate=2")
    assert one.name == entrant("patchmatch?dilate=2&patch_size=5").name == "patchmatch?dilate=2&patch_size=5"
    assert one.options.patch_size == 5
    assert one.given == {"patch_size": "5", "dilate": "2"}


def test_two_ways_to_say_the_same_count_once():
    words = ["smooth", "patchmatch?patch_size=5&dilate=1", "patchmatch?dilate=1&patch_size=5", "auto", "patchmatch"]
    assert entrants(words, "auto") == ("smooth", "patchmatch?dilate=1&patch_size=5", "patchmatch")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("patchmatch?patch_sise=5", "has an unknown 'patch_sise'; did you mean 'patch_size'"),
        ("patchmatch?expand=10%", "has an unknown 'expand'"),
        ("patchmatch?patch_size=many", "patch_size: .* got 'many'"),
        ("patchmatch?", r"has '' behind the \?; accepted: name=value"),
        ("patchmatch?patch_size", r"has 'patch_size' behind the \?"),
        ("patchmatch?dilate=1&dilate=2", "gives 'dilate' twice"),
        ("pachmatch?dilate=1", "model 'pachmatch' is unknown; did you mean 'patchmatch'"),
        ("patchmatch?harmonise=none", "harmonise: 'none' is unknown"),
        (3, r"model must be a name \(str\), got int"),
    ],
)  # fmt: skip
def test_bad_words_are_refused(words, message):
    with pytest.raises(ValueError, match=message):
        entrant(words)


def test_bare_models_take_their_own_options_only():
    assert entrants(["patchmatch?patch_size=5"], "auto", direct=True) == ("patchmatch?patch_size=5",)
    with pytest.raises(ValueError, match=r"model: 'patchmatch\?dilate=1' has 'dilate', but the bare model runs"):
        entrants(["patchmatch?dilate=1"], "auto", direct=True)


def test_names_are_parts_of_file_names():
    assert file_name("a/b?c=1&d=x:y") == "a+b~c=1~d=x~y"


def test_a_run_fills_with_the_options(album, tmp_path):
    models = ["patchmatch", "patchmatch?patch_size=5", "patchmatch?seed_free=1"]
    with pytest.raises(ValueError, match="seed_free"):
        plan_of(album, models)
    results = run(plan_of(album, models[:2]), tmp_path / "out", jobs=0, pictures=1)
    assert results.models == ("patchmatch", "patchmatch?patch_size=5")
    default, other = (results.outcome(model, results.outcomes[0].holes).images for model in results.models)
    assert [a.k for a in default] == [b.k for b in other]
    assert any(a.values != b.values for a, b in zip(default, other, strict=True))
    files = [tmp_path / "out" / results.pictures[0].filled[model] for model in results.models]
    assert files[1].name.endswith("patchmatch~patch_size=5.png")
    assert files[0].read_bytes() != files[1].read_bytes()


def test_a_run_goes_on_with_another_option(album, tmp_path):
    run(plan_of(album, ["smooth"]), tmp_path / "out", jobs=0, pictures=0)
    results = run(plan_of(album, ["smooth?dilate=1"]), tmp_path / "out", jobs=0, pictures=0)
    assert results.models == ("smooth", "smooth?dilate=1")


def test_speed_takes_options():
    (case,) = cases(["patchmatch?patch_size=5"], [(64, 64)])
    assert case.model == "patchmatch?patch_size=5"
    with pytest.raises(ValueError, match="the bare model runs"):
        cases(["patchmatch?dilate=1"], [(64, 64)])
    assert cases(["patchmatch?dilate=1"], [(64, 64)], through="fill")[0].model == "patchmatch?dilate=1"


def test_plans_refuse_settings_with_direct(album):
    with pytest.raises(ValueError, match="the bare model runs"):
        make_plan("val-256", album, ["smooth?dilate=1"], direct=True)
