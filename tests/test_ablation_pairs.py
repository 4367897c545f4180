"""PixelHacker's tables in benchmarks/ablation.py: cells trained on pairs, from an export."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from retouch.data.training.samples import Drawn
from tests.data.lcg.pairs_for_tests import folder_of_pairs

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
TINY = (
    "method.size=32",
    "method.steps=2",
    "method.network.block_out_channels=[16,16]",
    "method.network.heads=2",
    "train.batch=2",
)


@pytest.fixture
def module(monkeypatch):
    """Modules of benchmarks/ by name; LPIPS, whose weights are not here, is the mean difference of colours."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    cell = importlib.import_module("ablation_cell")
    monkeypatch.setattr(cell, "lpips", lambda a, b, _: float(np.abs(a.astype(float) - b).mean() / 255))
    return importlib.import_module


@pytest.fixture
def experiment(module):
    e = module("ablation_experiments")
    rows = e.EXPERIMENTS["pixelhacker-table-6"].rows
    rows = (*rows, e.Row("rows-22", "22", ("data.combine=union", "method.network.embedding_rows=22")))
    return e.Experiment("Title", "pixelhacker", "small", TINY, rows, (), (), 32)


@pytest.fixture
def scale(module, tmp_path):
    pairs = folder_of_pairs(tmp_path)
    return module("ablation_cell").Scale((pairs,), tmp_path, tmp_path, tmp_path / "out", 32, 1, None, 1)


@pytest.fixture
def bench(module):
    photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    hole = np.zeros((32, 32), bool)
    hole[8:20, 8:20] = True
    return module("ablation_cell").Bench(None, {"small": (Drawn(photo, hole, 0, "p"),)}, None)


def test_rows_that_differ_in_their_holes_get_data_of_their_own(module, experiment, scale, bench):
    run_cell = module("ablation_cell").run_cell
    cells = {name: run_cell(experiment, experiment.row(name), 0, scale, bench) for name in ("all", "scene", "rows-22")}
    assert len(bench.data) == 2  # "all" and "rows-22" see the same
    assert [len(kept.made) for kept in bench.data.values()] == [1, 1]
    one, other = (kept.made[0] for kept in bench.data.values())
    assert one.labels is not None
    assert (one.photos != other.photos).any() or (one.holes != other.holes).any()
    assert cells["rows-22"][0].parameters - cells["all"][0].parameters == 2 * 128  # two rows of the embedding more
    assert all(0 < found[0].lpips < 1 for found in cells.values())


def test_a_training_goes_on_from_an_export(module, experiment, scale, bench):
    cell = module("ablation_cell")
    row = experiment.row("all")
    cell.run_cell(experiment, row, 0, scale, bench)
    start = scale.out / "all-0" / "model.json"
    again = replace(scale, out=scale.out / "again", start=start)
    settings = cell.settings_of(experiment, row, 0, again)
    assert settings.method.start == str(start)
    cell.run_cell(experiment, row, 0, again, bench)
    assert (again.out / "all-0" / "model.json").is_file()


def test_a_start_that_is_not_there_is_told(module, experiment, scale, bench):
    missing = replace(scale, start=scale.out / "none.json")
    with pytest.raises(FileNotFoundError, match=r"method\.start: .*none\.json"):
        module("ablation_cell").run_cell(experiment, experiment.row("all"), 0, missing, bench)


def test_a_method_without_starts_refuses_one(module, scale):
    experiment = module("ablation_experiments").EXPERIMENTS["psm-table-4"]
    with pytest.raises(ValueError, match="start"):
        module("ablation_cell").settings_of(experiment, experiment.rows[0], 0, replace(scale, start=Path("a.json")))


def test_the_rows_of_table_7_differ_in_the_embedding_alone(module):
    e, cell = module("ablation_experiments"), module("ablation_cell")
    experiment = e.EXPERIMENTS["pixelhacker-table-7"]
    scale = cell.Scale((Path("pairs"),), Path("v"), Path("w"), Path("o"), experiment.size, 10, None, 1)
    made = [cell.settings_of(experiment, row, 0, scale) for row in experiment.rows]
    assert [each.method.network.embedding_rows for each in made] == [20, 22, 64, 256, 1024]
    same = {each.method.network.model_copy(update={"embedding_rows": 0}) for each in made}
    assert len(same) == 1
    assert len({each.data for each in made}) == 1
    assert {each.data.combine for each in made} == {"union"}
