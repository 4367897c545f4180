from __future__ import annotations

import base64
import hashlib
import io
import math
import re

import numpy as np
import pytest
from PIL import Image

from retouch.bench.report import html, page
from retouch.bench.report.pictures import cards
from retouch.bench.results import Figure, Measured, Missing
from tests.bench.report_samples import Page, outcome, results, write_pictures

EVIL = "<script>alert(1)</script>\"'&"


def image(uri):
    """The pixels of a data URI."""
    kind, _, content = uri.partition(",")
    assert re.fullmatch(r"data:image/(webp|png);base64", kind)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_the_page_says_what_was_run(tmp_path):
    text = html(results(outcome("a", [20.0]), left_out={"fid": "no weights"}, differences=("other holes",)), tmp_path)
    read = Page(text)
    facts = dict(zip(read.all("dt"), read.all("dd"), strict=True))
    assert facts["Protocol"] == "lama-places-256"
    assert (facts["Seed"], facts["Device"], facts["Machine"]) == ("7", "cpu", "2 cores")
    assert {"fid: no weights", "other holes"} <= set(read.all("li"))


def test_numbers_and_the_best_are_in_the_table(tmp_path):
    read = Page(html(results(outcome("a", [20.0, 22.0]), outcome("b", [30.0, 32.0])), tmp_path))
    assert read.all("td", **{"class": "best"}) == ["31.00 ± 12.71"]
    assert "31.00" in read.all("b")
    assert "21.00" not in read.all("b")


def test_every_given_text_is_escaped(tmp_path):
    pictures = write_pictures(tmp_path, [EVIL])
    run = results(
        outcome(EVIL, [20.0, 21.0], holes=EVIL, names=[EVIL, "b"], failed=[Missing(k=9, name=EVIL, reason=EVIL)]),
        protocol=EVIL,
        dataset=EVIL,
        split=EVIL,
        device=EVIL,
        machine=EVIL,
        finished=EVIL,
        versions={EVIL: EVIL},
        differences=(EVIL,),
        left_out={EVIL: EVIL},
        extractor=EVIL,
        pictures=tuple(each.model_copy(update={"name": EVIL, "holes": EVIL}) for each in pictures),
    )
    text = html(run, tmp_path)
    read = Page(text)
    assert len(read.all("script")) == 1
    assert "alert(1)" not in read.all("script")[0]
    assert f"Holes: {EVIL}" in read.all("h2")
    assert all(not name.startswith("on") for _, attributes, _ in read.elements for name in attributes)
    assert any(EVIL in each["alt"] for each in read.attributes("img"))


def test_only_the_pages_own_script_may_run(tmp_path):
    read = Page(html(results(outcome("a", [20.0])), tmp_path))
    (policy,) = (each["content"] for each in read.attributes("meta") if "http-equiv" in each)
    own = base64.b64encode(hashlib.sha256(read.all("script")[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{own}'" in policy
    assert "default-src 'none'" in policy


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    pictures = write_pictures(tmp_path, ["a"])
    text = html(results(outcome("a", [20.0]), pictures=pictures), tmp_path)
    read = Page(text)
    addresses = [each[name] for _, each, _ in read.elements for name in ("src", "href") if name in each]
    assert addresses
    assert all(each.startswith(("data:image/", "#")) for each in addresses)
    assert not re.search(r"url\(|@import|https?:", text)


def test_pictures_are_inside_with_text_alternatives(tmp_path):
    pictures = write_pictures(tmp_path, ["a", "b"])
    read = Page(html(results(outcome("a", [20.0]), outcome("b", [21.0]), pictures=pictures), tmp_path))
    shown = [each for each in read.attributes("img") if each.get("class") != "outline"]
    assert [each["alt"] for each in shown] == ["photo 0: photo", "photo 0: filled by a", "photo 0: filled by b"]
    assert all(image(each["src"]).shape == (32, 32, 3) for each in shown)
    assert [each["data-name"] for each in read.attributes("figure") if "data-name" in each] == ["photo", "a", "b"]


def test_the_outline_runs_along_the_hole_and_hides_nothing_else(tmp_path):
    (picture,) = write_pictures(tmp_path, ["a"])
    (card,) = cards(results(outcome("a", [20.0]), pictures=(picture,)), tmp_path, 10**6).cards
    alpha = image(card.outline)[..., 3]
    assert (alpha[8, 8:16] == 255).all()
    assert (alpha[7, 8:16] == 200).all()
    assert (alpha[10:14, 10:14] == 0).all()
    assert (alpha[20:] == 0).all()


def test_missing_pictures_are_named_and_the_others_shown(tmp_path):
    pictures = write_pictures(tmp_path, ["a", "b"], count=3)
    (tmp_path / pictures[0].filled["b"]).unlink()
    (tmp_path / pictures[1].photo).write_bytes(b"no picture")
    (tmp_path / pictures[2].hole).unlink()
    read = Page(html(results(outcome("a", [20.0]), outcome("b", [21.0]), pictures=pictures), tmp_path))
    assert len(read.all("article")) == 2
    assert "Missing or unreadable: the fill of b." in read.all("p")
    assert "Missing or unreadable: the hole." in read.all("p")
    assert "photo 1: its photo '1-0.png' is missing or unreadable" in read.all("li")


@pytest.mark.parametrize("name", ["../secret.png", "/secret.png", "\0", ""])
def test_files_outside_the_runs_folder_are_not_read(tmp_path, name):
    folder = tmp_path / "run"
    folder.mkdir()
    (picture,) = write_pictures(folder, ["a"])
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.png")
    name = str(tmp_path / "secret.png") if name == "/secret.png" else name
    found = cards(results(outcome("a", [20.0]), pictures=(picture.model_copy(update={"photo": name}),)), folder, 10**6)
    assert found.cards == ()
    assert len(found.left_out) == 1


def test_pictures_shrink_until_they_fit(tmp_path):
    pictures = write_pictures(tmp_path, ["a"], side=600)
    run = results(outcome("a", [20.0]), pictures=pictures)
    (whole,) = cards(run, tmp_path, 10**8).cards
    found = cards(run, tmp_path, whole.size // 2)
    assert (whole.width, whole.height) == (600, 600)
    assert found.cards[0].width < 600
    assert found.cards[0].size <= whole.size // 2
    assert image(found.cards[0].photo).shape[:2] == image(found.cards[0].outline).shape[:2]


def test_what_does_not_fit_at_any_size_is_left_out_and_counted(tmp_path):
    pictures = write_pictures(tmp_path, ["a"], count=4, side=64)
    run = results(outcome("a", [20.0]), pictures=pictures)
    one = cards(run, tmp_path, 10**8).cards[0].size
    found = cards(run, tmp_path, int(2.5 * one))
    assert len(found.cards) == 2
    assert found.left_out == ("2 more samples: no room left in the page; they lie in the run's folder",)


def test_the_page_stays_below_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_PICTURES_LIMIT", 200_000)
    pictures = write_pictures(tmp_path, ["a"], count=6, side=300)
    text = html(results(outcome("a", [20.0]), pictures=pictures), tmp_path)
    assert 100_000 < len(text.encode()) < 200_000 + (page.PAGE_LIMIT - 13_000_000)
    assert page.PAGE_LIMIT == 15_000_000


def test_best_and_worst_are_linked_to_their_pictures(tmp_path):
    pictures = write_pictures(tmp_path, ["a"], count=1)
    read = Page(html(results(outcome("a", [20.0, 30.0, 25.0, 28.0]), pictures=pictures), tmp_path))
    ((worst, best),) = [read.all("ul", **{"class": "plain"})]
    assert worst == "photo 0 20.00photo 2 25.00"
    assert best == "photo 1 30.00photo 3 28.00"
    links = [each["href"].lstrip("#") for each in read.attributes("a")]
    assert links == [each["id"] for each in read.attributes("article")]


def test_plots_have_a_title_and_finite_places(tmp_path):
    run = results(outcome("a", [20.0, math.inf, 25.0]), outcome("b", [math.inf]))
    read = Page(html(run, tmp_path))
    plots = [each for each in read.attributes("svg") if each.get("role") == "img"]
    assert {each["aria-label"] for each in plots} >= {
        "Share of images whose PSNR (dB) is at most x, one line per model"
    }
    lines = [each["points"] for each in read.attributes("polyline")]
    assert lines
    assert not any("nan" in each or "inf" in each for each in lines)


def test_of_a_distribution_the_infinite_values_are_never_reached(tmp_path):
    read = Page(html(results(outcome("a", [20.0, 25.0, math.inf, math.inf])), tmp_path))
    (line,) = [each["points"] for each in read.attributes("polyline")][-1:]
    heights = [float(point.split(",")[1]) for point in line.split()]
    half = (206 + 12) / 2
    assert min(heights) == pytest.approx(half, abs=0.2)


def test_a_run_without_anything_still_makes_a_page(tmp_path):
    read = Page(html(results(models=("a",)), tmp_path))
    assert "Nothing was measured." in read.all("p")
    assert "a on object: there is no outcome" in read.all("li")


def test_an_outcome_without_images_still_makes_a_page(tmp_path):
    run = results(outcome("a", [], failed=[Missing(k=0, name="p", reason="damaged")]), outcome("b", [20.0]))
    read = Page(html(run, tmp_path))
    assert "a on object: 1 failed: p (damaged)" in read.all("li")
    assert "0, 1 failed" in read.all("td")


def test_instant_fills_and_set_metrics_alone_still_make_a_page(tmp_path):
    images = (Measured(k=0, name="p", hole=0.5, seconds=0.0, values={"psnr": 20.0}),)
    instant = outcome("a", [20.0]).model_copy(update={"images": images})
    alone = outcome("b", [], figures={"fid": Figure(value=3.0, count=9)})
    read = Page(html(results(instant, alone), tmp_path))
    assert "3.000" in read.all("td")


def test_reported_rows_have_their_own_body_and_heading(tmp_path):
    run = results(outcome("a", [20.0], holes="large"), protocol="psm-places-512")
    read = Page(html(run, tmp_path))
    (ours,) = read.all("tbody", **{"class": "ours"})
    (theirs,) = read.all("tbody", **{"class": "reported"})
    assert "Reported by the papers" in theirs
    assert "Table 3" in theirs
    assert "Table 3" not in ours
    assert "25.33" in theirs
