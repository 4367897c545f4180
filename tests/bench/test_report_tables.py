from __future__ import annotations

import math
import statistics

import pytest

from retouch.bench.kinds import KINDS
from retouch.bench.protocols import PROTOCOLS, protocol
from retouch.bench.report import Interval, differences, markdown, markdown_table, mean_interval, table
from retouch.bench.report.intervals import student
from retouch.bench.results import Figure, Missing
from tests.bench.report_samples import outcome, results


def own(made, name):
    return next(row for row in made.ours if row.name == name)


def lines(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("freedom", "point"),
    [(1, 12.706), (2, 4.3027), (3, 3.1824), (5, 2.5706), (10, 2.2281), (30, 2.0423), (10_000, 1.9602)],
)
def test_students_points_are_those_of_the_tables(freedom, point):
    assert student(freedom) == pytest.approx(point, rel=1.5e-3)


def test_the_interval_of_independent_photos_is_the_usual_one():
    values = [20.0, 21.5, 19.0, 24.0, 22.25]
    found = mean_interval(values, range(5))
    reach = 2.7764 * statistics.stdev(values) / math.sqrt(5)
    assert found.mean == pytest.approx(statistics.mean(values))
    assert found.half == pytest.approx(reach, rel=1e-3)
    assert found.photos == 5


def test_equal_crops_of_a_photo_tell_nothing_more():
    once = mean_interval([1.0, 2.0, 4.0], [0, 1, 2])
    thrice = mean_interval([1.0, 2.0, 4.0] * 3, [0, 1, 2] * 3)
    assert thrice.half == pytest.approx(once.half)
    assert thrice.photos == 3


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.inf], [1.0, math.nan]])
def test_there_is_no_interval_of_too_little_or_of_infinity(values):
    assert mean_interval(values, range(len(values))) is None


def test_one_photo_with_many_crops_has_no_interval():
    assert mean_interval([1.0, 2.0, 3.0], [0, 0, 0]) is None


def test_interval_refuses_lists_of_different_lengths():
    with pytest.raises(ValueError, match=r"photos: has 1 numbers for 2 values"):
        mean_interval([1.0, 2.0], [0])


@pytest.mark.parametrize(
    ("metric", "values", "best"),
    [
        ("psnr", (20.0, 30.0), "b"),
        ("lpips", (0.1, 0.2), "a"),
        ("texture-ratio", (0.9, 1.2), "a"),
        ("psnr", (20.0, math.inf), "b"),
    ],
)
def test_the_best_is_marked_in_the_metrics_direction(metric, values, best):
    run = results(*(outcome(name, [value], metric=metric) for name, value in zip("ab", values, strict=True)))
    marked = [row.name for row in table(run, "object").ours if row.cells[0].best]
    assert marked == [best]


def test_equal_as_shown_is_equally_good():
    run = results(outcome("a", [20.001]), outcome("b", [20.004]), outcome("c", [19.0]))
    assert [row.cells[0].best for row in table(run, "object").ours] == [True, True, False]


def test_one_model_alone_is_no_best():
    assert not table(results(outcome("a", [20.0])), "object").ours[0].cells[0].best


def test_nan_is_shown_as_nothing_and_never_best():
    figures = {"psnr": Figure(value=math.nan, count=1)}
    run = results(outcome("a", [], figures=figures), outcome("b", [20.0]), outcome("c", [19.0]))
    made = table(run, "object")
    assert (own(made, "a").cells[0].text, own(made, "a").cells[0].best) == ("–", False)
    assert own(made, "b").cells[0].best


def test_infinite_values_are_shown_without_an_interval():
    cell = table(results(outcome("a", [20.0, math.inf])), "object").ours[0].cells[0]
    assert (cell.text, cell.spread) == ("∞", "")


def test_crops_of_a_photo_count_once_in_tables():
    assert len(protocol("val-256").crops) == 5
    values = [20.0] * 5 + [24.0] * 5
    spread = table(results(outcome("a", values), protocol="val-256"), "object").ours[0].cells[0].spread
    assert float(spread) == pytest.approx(12.706 * statistics.stdev([20.0, 24.0]) / math.sqrt(2), abs=0.01)


def test_percent_metrics_are_shown_in_percent():
    run = results(outcome("a", [20.0], figures={"p-ids": Figure(value=0.1234, count=9)}))
    assert lines(markdown_table(run, "object", metrics=["p-ids"]))[2] == ["a", "12.34", "0.5", "–"]


def test_reported_rows_are_apart_with_their_source_and_digits():
    run = results(outcome("a", [20.0], holes="large"), protocol="psm-places-512")
    made = table(run, "large")
    psm = next(row for row in made.reported if row.name == "PSM")
    cells = {column.name: cell.text for column, cell in zip(made.columns, psm.cells, strict=True)}
    assert psm.source == "psm, Table 3 and Table C.2"
    assert (cells["fid"], cells["p-ids"], cells["u-ids"], cells["lpips"]) == ("1.68", "25.33", "39.30", "0.161")
    assert cells["psnr"] == "–"
    assert not any(cell.best for row in made.reported for cell in row.cells)
    assert [row.name for row in made.ours] == ["a"]


@pytest.mark.parametrize("given", PROTOCOLS, ids=lambda given: given.name)
def test_every_protocols_reported_values_are_all_shown(given):
    for holes in given.holes:
        made = table(results(outcome("a", [20.0], holes=holes.name), protocol=given.name), holes.name)
        kinds = {each.name for each in KINDS}
        first = {}
        for row in given.reported(holes.name):
            if row.metric in kinds:
                first.setdefault((row.paper, row.table, row.model, row.metric), row.plain)
        found = [cell.value for row in made.reported for cell in row.cells if cell.value is not None]
        assert sorted(found) == sorted(first.values())


def test_a_metric_over_other_features_has_its_own_column():
    run = results(
        outcome("a", [20.0], holes="large", figures={"fd-vgg": Figure(value=3.0, count=9)}), protocol="psm-places-512"
    )
    made = table(run, "large")
    cells = {column.name: cell for column, cell in zip(made.columns, made.ours[0].cells, strict=True)}
    assert (cells["fid"].value, cells["fd-vgg"].value) == (None, 3.0)
    place = [column.name for column in made.columns].index("fd-vgg")
    assert {row.cells[place].value for row in made.reported} == {None}


def test_a_protocol_no_longer_known_has_no_reported_rows_and_says_so():
    run = results(outcome("a", [20.0]), protocol="gone")
    assert table(run, "object").reported == ()
    assert "'gone' is not known to this version" in markdown(run)


def test_a_run_of_few_photos_says_so():
    assert "only the first 3 photos were used" in markdown(results(outcome("a", [20.0]), limit=3))


def test_unknown_holes_and_metrics_are_refused():
    run = results(outcome("a", [20.0]))
    with pytest.raises(ValueError, match="holes: the run has none called 'thin'; known: object"):
        table(run, "thin")
    with pytest.raises(ValueError, match="metric 'psrn' is unknown"):
        markdown_table(run, "object", metrics=["psrn"])


def test_differences_are_paired_by_number():
    first = outcome("a", [20.0, 30.0, 40.0])
    other = outcome("b", [21.0, 31.5, 41.0])
    # Order and gaps do not matter: image 1 of the other model is missing, and its images stand the other way round.
    other = other.model_copy(update={"images": (other.images[2], other.images[0])})
    (found,) = differences(results(first, other), "object")
    assert found.images == 2
    assert found.interval.mean == pytest.approx(1.0)
    assert found.interval.half == pytest.approx(0.0)


def test_a_steady_difference_is_seen_where_photos_differ_far_more():
    base = [15.0, 35.0, 22.0, 28.0]
    shifted = [value + step for value, step in zip(base, (1.0, 1.2, 0.9, 1.1), strict=True)]
    run = results(outcome("a", base), outcome("b", shifted))
    (found,) = differences(run, "object")
    reach = 3.1824 * statistics.stdev((1.0, 1.2, 0.9, 1.1)) / 2
    assert found.interval.low == pytest.approx(1.05 - reach, rel=1e-3)
    assert found.interval.high == pytest.approx(1.05 + reach, rel=1e-3)
    assert found.verdict == "better"
    assert "better" in markdown(run)


@pytest.mark.parametrize(
    ("metric", "first", "other", "verdict"),
    [
        ("lpips", [0.1, 0.2, 0.3], [0.2, 0.31, 0.4], "worse"),
        ("lpips", [0.1, 0.2, 0.3], [0.0, 0.11, 0.2], "better"),
        ("texture-ratio", [0.5, 0.6, 0.7], [1.4, 1.31, 1.2], "better"),
        ("psnr", [20.0, 25.0, 30.0], [19.0, 27.0, 29.0], ""),
    ],
)
def test_the_verdict_follows_direction_and_interval(metric, first, other, verdict):
    run = results(outcome("a", first, metric=metric), outcome("b", other, metric=metric))
    (found,) = differences(run, "object")
    assert found.verdict == verdict


def test_infinite_pairs_are_left_out_of_differences():
    run = results(outcome("a", [20.0, math.inf, 22.0]), outcome("b", [21.0, math.inf, 24.0]))
    (found,) = differences(run, "object")
    assert (found.images, found.interval.mean) == (2, pytest.approx(1.5))


def test_one_image_has_a_difference_without_interval():
    (found,) = differences(results(outcome("a", [20.0]), outcome("b", [21.0])), "object")
    assert found.interval is None
    assert found.verdict == ""
    assert "| b | – |" in markdown(results(outcome("a", [20.0]), outcome("b", [21.0])))


def test_a_model_without_common_images_has_no_difference():
    assert differences(results(outcome("a", [20.0]), outcome("b", [])), "object") == ()


def test_the_markdown_table_bolds_the_best_and_gives_intervals():
    run = results(outcome("a", [20.0, 22.0]), outcome("b", [30.0, 32.0], failed=[Missing(k=2, name="x", reason="y")]))
    head, _, a, b = lines(markdown_table(run, "object"))
    assert head == ["model", "PSNR (dB) ↑", "s a fill", "MB"]
    assert a == ["a", f"21.00 ± {12.706:.2f}", "0.5", "–"]
    assert b == ["b (1 failed)", f"**31.00** ± {12.706:.2f}", "0.5", "–"]
    assert lines(markdown_table(run, "object", intervals=False))[3][1] == "**31.00**"


def test_names_are_nothing_but_text_in_markdown():
    run = results(outcome("<b>a|b*c", [20.0]))
    assert r"\<b\>a\|b\*c" in markdown_table(run, "object")
    assert "<b>" not in markdown(run)


def test_what_failed_or_was_left_out_is_told_with_its_reason():
    failed = [Missing(k=k, name=f"p{k}", reason="truncated") for k in range(12)]
    run = results(outcome("a", [20.0], failed=failed), left_out={"fid": "no weights"})
    text = markdown(run)
    assert "fid: no weights" in text
    assert "a on object: 12 failed: p0 (truncated)" in text
    assert "and 2 more" in text


def test_one_reason_for_several_metrics_is_told_once():
    run = results(outcome("a", [20.0]), left_out={"fid": "no weights", "kid": "no weights", "clip": "no model"})
    assert "- fid, kid: no weights\n- clip: no model" in markdown(run)


def test_a_missing_outcome_is_told():
    run = results(outcome("a", [20.0]), models=("a", "b"))
    assert "b on object: there is no outcome" in markdown(run)


def test_interval_half_is_half_its_width():
    assert Interval(2.0, 1.0, 3.0, 4).half == 1.0
