"""Fig. 3 as files: what the table and the plots hold, and where they are not written."""

import csv
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from retouch.methods.gaussian.analyse.page import LINES, PAGE, PLANE, TABLE, Report, check_out, table, write
from retouch.methods.gaussian.analyse.plots import over_holes, plane
from retouch.methods.gaussian.analyse.statistics import Embedding, Tokens, similarity

SVG = "{http://www.w3.org/2000/svg}"
FILES = sorted((PAGE, TABLE, LINES, PLANE))


def tokens(n=30, mapped=True, shares=None):
    rng = np.random.default_rng(0)
    clean = rng.random((n, 6), np.float32)
    masked = clean + rng.random((n, 6), np.float32)
    shares = np.linspace(0.05, 0.95, n) if shares is None else shares
    return Tokens(shares, clean, masked, (clean + masked) / 2 if mapped else None)


def report(mapped=True, notes=(), n=30):
    rng = np.random.default_rng(0)
    places = Embedding(rng.normal(size=(n, 2)), rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) if mapped else None)
    return Report((("encoder", "a <new> one"),), similarity(tokens(n, mapped)), places, tuple(notes))


def rows(text):
    return list(csv.DictReader(text.splitlines()))


def test_the_table_has_a_row_for_each_tenth_and_one_for_all():
    found = similarity(tokens())
    made = rows(table(found))
    assert [row["hole"] for row in made] == [*(f"{10 * k}-{10 * k + 10} %" for k in range(10)), "all"]
    assert sum(int(row["photos"]) for row in made[:-1]) == int(made[-1]["photos"]) == 30
    assert float(made[4]["masked_mean"]) == pytest.approx(found.rows[4].masked.mean, abs=1e-6)
    assert float(made[4]["mapped_sd"]) == pytest.approx(found.rows[4].mapped.deviation, abs=1e-6)
    assert float(made[4]["masked_other_mean"]) == pytest.approx(found.rows[4].masked_other.mean, abs=1e-6)
    assert float(made[-1]["hole_mean"]) == pytest.approx(0.5, abs=1e-6)


def test_what_is_not_known_is_blank_in_the_table():
    made = rows(table(similarity(tokens(2, mapped=False, shares=np.array([0.15, 0.55])))))
    assert (made[0]["photos"], made[0]["hole_mean"], made[0]["masked_mean"]) == ("0", "", "")
    assert made[1]["masked_mean"] != ""
    assert made[1]["masked_sd"] == ""  # of one photo
    assert made[-1]["mapped_mean"] == ""


def test_each_curve_has_a_dot_for_each_tenth_at_its_place():
    drawn = ElementTree.fromstring(over_holes(similarity(tokens())))
    lines = drawn.findall(f"{SVG}polyline")
    assert len(lines) == 4
    assert sum(line.get("stroke-dasharray") is not None for line in lines) == 2
    dots = [(float(dot.get("cx")), float(dot.get("cy"))) for dot in drawn.findall(f"{SVG}circle")]
    assert len(dots) == 20
    masked, mapped = dots[:10], dots[10:]
    assert masked == sorted(masked)
    assert all(y < other for (_, y), (_, other) in zip(mapped, masked, strict=True))  # higher cosines stand higher


def test_without_adaptation_one_curve_and_its_reference_are_drawn():
    drawn = ElementTree.fromstring(over_holes(similarity(tokens(mapped=False))))
    assert len(drawn.findall(f"{SVG}polyline")) == 2
    names = [text.text for text in drawn.findall(f"{SVG}text")]
    assert "masked" in names
    assert not any("mapped" in name for name in names)


@pytest.mark.parametrize(("mapped", "kinds"), [(True, 3), (False, 2)])
def test_the_plane_has_a_dot_for_each_token_inside_the_picture(mapped, kinds):
    drawn = ElementTree.fromstring(plane(report(mapped).embedding))
    dots = drawn.findall(f"{SVG}g/{SVG}circle")
    assert len(dots) == kinds * 30
    width, height = (float(drawn.get(side)) for side in ("width", "height"))
    assert all(0 < float(dot.get("cx")) < width and 0 < float(dot.get("cy")) < height for dot in dots)


def test_tokens_at_one_place_can_be_drawn():
    same = np.ones((3, 2))
    dots = ElementTree.fromstring(plane(Embedding(same, same, None))).findall(f"{SVG}g/{SVG}circle")
    assert len({(dot.get("cx"), dot.get("cy")) for dot in dots}) == 1


def test_files_stand_alone_and_the_page_holds_all(tmp_path):
    page = write(report(notes=["a & b"]), tmp_path / "out")
    assert sorted(path.name for path in page.parent.iterdir()) == FILES
    text = page.read_text()
    assert "a &lt;new&gt; one" in text
    assert "a &amp; b" in text
    for name in (LINES, PLANE):
        assert (page.parent / name).read_text().strip() in text
    assert not re.search(r'(src|href)="', text)


def test_the_page_says_no_numbers_that_there_are_not(tmp_path):
    text = write(report(mapped=False, n=10), tmp_path / "out").read_text()
    assert "nan" not in text
    assert "None" not in text


def test_an_earlier_analysis_is_replaced_only_if_that_is_asked_for(tmp_path):
    page = write(report(), tmp_path)
    before = page.read_text()
    with pytest.raises(FileExistsError, match=r"index\.html"):
        write(report(mapped=False), tmp_path)
    assert page.read_text() == before
    write(report(mapped=False), tmp_path, overwrite=True)
    assert page.read_text() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_places_that_cannot_be_written_to_are_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(NotADirectoryError, match=r"out: .*file' is a file; accepted: a folder"):
        check_out(tmp_path / "file", overwrite=True)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        check_out(tmp_path / "no" / "out", overwrite=False)
    (tmp_path / PAGE).mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        check_out(tmp_path, overwrite=True)
