"""The tables, curves and cells of benchmarks/ablation.py."""

import importlib
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from retouch.train.catalogue import find_trainable
from retouch.train.reading import read_settings

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def module(monkeypatch):
    """Modules of benchmarks/ by name."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module


@pytest.fixture
def experiment(module):
    e = module("ablation_experiments")
    rows = (e.Row("full", "all of it"), e.Row("less", "without"), e.Row("none", "nothing"))
    return e.Experiment("Title", "unet", "small", (), rows, (("full", "less"), ("less", "none")), ("full", "less"))


@pytest.fixture
def cell(module):
    def make(row, seed, holes="small", lpips=0.2, psnr=20.0, ssim=0.9):
        return module("ablation_table").Cell(row, seed, holes, 64, 10, 5, 1_000_000, 2.0, lpips, psnr, ssim)

    return make


def test_every_row_of_every_experiment_makes_settings_of_its_own(module):
    for experiment in module("ablation_experiments").EXPERIMENTS.values():
        method = find_trainable(experiment.method)
        given = {"train.out": "out", "train.steps": 1, "data.photos": "photos"}
        made = [
            read_settings(method, None, [f"variant={experiment.variant}", *experiment.base, *row.changes], given)
            for row in experiment.rows
        ]
        assert len({each.model_dump_json() for each in made}) == len(experiment.rows)
        named = {name for pair in experiment.orders for name in pair} | set(experiment.curves)
        assert named <= {row.name for row in experiment.rows}


def test_an_unknown_row_is_refused(experiment):
    with pytest.raises(ValueError, match="rows: is 'fulll'; accepted: full, less, none"):
        experiment.row("fulll")


def test_differences_are_positive_where_the_first_is_better(module, cell):
    cells = [cell("a", 0, lpips=0.1, psnr=21), cell("b", 0, lpips=0.3, psnr=20), cell("a", 1), cell("b", 2)]
    paired = module("ablation_table").paired
    assert paired(cells, "a", "b", "small", "lpips") == pytest.approx([0.2])
    assert paired(cells, "a", "b", "small", "psnr") == pytest.approx([1.0])
    assert paired(cells, "b", "a", "small", "lpips") == pytest.approx([-0.2])
    assert paired(cells, "a", "b", "large", "lpips") == []


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1, 2, 3], "yes"),
        ([-1, -2, -3], "no"),
        ([1, -2, 3], "within noise"),
        ([1, 0, 3], "within noise"),
        ([1], "?"),
        ([], "?"),
    ],
)
def test_verdicts_need_all_seeds(module, differences, expected):
    assert module("ablation_table").verdict(differences) == expected


def test_the_table_says_what_the_cells_say(module, experiment, cell):
    cells = [cell("full", s, lpips=0.1 + s / 100, psnr=20 + s) for s in range(2)]
    cells += [cell("less", s, lpips=0.2 + s / 100, psnr=22 - s) for s in range(2)]
    text = module("ablation_table").markdown(experiment, cells)
    assert "| all of it | 1.00 M | 2 | 0.1050 ± 0.0071 | 20.50 ± 0.71 | 0.9000 ± 0.0000 |" in text
    assert "| without | -0.1000 (0 of 2) | +1.00 (1 of 2) | +0.0000 (0 of 2) |" in text
    assert "| all of it | without | yes | within noise | within noise |" in text
    assert "| without | nothing | ? | ? | ? |" in text
    assert "10 steps at 64 x 64, 5 held-out photos, 2 seeds" in text


def test_a_table_without_cells(module, experiment):
    assert "Nothing is done yet" in module("ablation_table").markdown(experiment, [])


def test_cells_come_back_as_they_were(module, cell, tmp_path):
    table = module("ablation_table")
    cells = [cell("full", 0), cell("less", 1, "large", lpips=1 / 3)]
    assert table.read_cells(tmp_path) == []
    for k, each in enumerate(cells):
        (tmp_path / f"run-{k}").mkdir()
        table.write_cells(tmp_path / f"run-{k}" / "cells.csv", [each])
    table.write_cells(tmp_path / "cells.csv", cells)  # the sum of all is not read again
    assert table.read_cells(tmp_path) == cells


def test_curves_are_means_over_finished_runs(module, experiment, tmp_path):
    curves = module("ablation_curves")
    for name, values in {"full-0": (0.4, 0.2), "full-1": (0.6, 0.4), "full-2": (9, 9), "less-0": (0.5, 0.5)}.items():
        folder = tmp_path / name
        folder.mkdir()
        lines = [f"{step},{4 * step},{value}" for step, value in zip((5, 10), values, strict=True)]
        (folder / "validation.csv").write_text("\n".join(["step,images,lpips small", *lines, ""]))
        if name != "full-2":
            (folder / "model.json").write_text("{}")
    found = curves.read_curves(tmp_path, experiment)
    assert [(c.row, c.metric, len(c.seeds)) for c in found] == [("full", "lpips small", 2), ("less", "lpips small", 1)]
    assert found[0].mean == pytest.approx((0.5, 0.3))
    assert "| 10 | 0.3000 | 0.5000 |" in curves.table(experiment, found)
    drawn = ElementTree.fromstring(curves.svg(experiment, found))
    assert len(drawn.findall(".//{*}polyline")) == 2 + 1 + 2  # each seed, and two means
    assert "all of it" in "".join(drawn.itertext())


def test_no_curves_where_nothing_is_finished(module, experiment, tmp_path):
    curves = module("ablation_curves")
    assert curves.read_curves(tmp_path, experiment) == []
    assert curves.table(experiment, []) == ""
    assert re.match("<svg", curves.svg(experiment, []))


@pytest.fixture
def scale(module, tmp_path):
    pytest.importorskip("torch")
    cell = module("ablation_cell")
    return cell.Scale((tmp_path,), tmp_path, tmp_path, tmp_path / "out", 64, 10, None, 4)


def test_what_is_done_is_not_done_again(module, experiment, cell, scale, monkeypatch):
    ablation, done = module("ablation"), []

    def fake(experiment, row, seed, scale, bench):
        done.append((row.name, seed))
        (scale.out / f"{row.name}-{seed}").mkdir()
        return [cell(row.name, seed)]

    (scale.out / "less-0").mkdir(parents=True)
    monkeypatch.setattr(ablation, "open_bench", lambda scale: "bench")
    monkeypatch.setattr(ablation, "run_cell", fake)
    module("ablation_table").write_cells(scale.out / "less-0" / "cells.csv", [cell("less", 0)])
    ablation.run(experiment, ["full", "less"], 2, scale)
    assert done == [("full", 0), ("full", 1), ("less", 1)]
    assert len(module("ablation_table").read_cells(scale.out)) == 4


def test_cells_of_other_steps_are_not_mixed(module, experiment, cell, scale):
    (scale.out / "less-0").mkdir(parents=True)
    module("ablation_table").write_cells(scale.out / "less-0" / "cells.csv", [cell("less", 0)])
    with pytest.raises(ValueError, match=r"steps, size: are 20, 64; accepted: those in .*out, 10, 64"):
        module("ablation").run(experiment, ["full"], 1, replace(scale, steps=20))


def test_a_seed_gives_all_rows_the_same_stream(module, scale):
    cell, experiments = module("ablation_cell"), module("ablation_experiments").EXPERIMENTS
    experiment = experiments["gaussian-table-2"]
    made = [cell.settings_of(experiment, row, 3, scale) for row in experiment.rows]
    assert len({each.data.model_dump_json() for each in made}) == 1
    assert {(each.train.seed, each.train.batch, each.train.steps) for each in made} == {(3, 8, 10)}
    assert len({each.train.out for each in made}) == len(made)


def test_batches_are_made_once(module):
    pytest.importorskip("torch")
    made = []

    class Data:
        fingerprint, description = "f", "d"

        def batches(self, first, **share):
            for k in range(first, 100):
                made.append(k)
                yield k

    kept = module("ablation_cell").Kept(Data(), 3)
    assert [list(kept.batches(first, batch=2)) for first in (0, 0, 2, 3)] == [[0, 1, 2], [0, 1, 2], [2], []]
    assert made == [0, 1, 2]


def test_tokens_are_computed_once_and_can_be_trained_with(module, monkeypatch, tmp_path):
    torch = pytest.importorskip("torch")
    cell, seen = module("ablation_cell"), []

    class Extractor:
        @staticmethod
        def feature(images):
            seen.append(len(images))
            return images.mean((2, 3))

    monkeypatch.setattr(cell, "load", lambda name, weights, device: Extractor)
    tokens, images = cell.Tokens(tmp_path, "cpu"), torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        first = tokens(images[:2])
    second = tokens(images)
    assert seen == [2, 1]
    assert torch.equal(first, second[:2])
    assert torch.allclose(second, 255 * images.mean((2, 3)))
    weight = torch.ones(3, requires_grad=True)
    (second * weight).sum().backward()
    assert torch.equal(weight.grad, second.sum(0))
