"""Whole runs in processes of their own: killed ones, and two processes against one."""

import csv
import os
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("accelerate")


def run(*arguments, launcher=("-m",)):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONFAULTHANDLER": "1"}
    command = [sys.executable, *launcher, "tests.train.programs", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[:3000] + done.stdout[-1000:]


def rows(out):
    with (out / "log.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("recipe", "kills"), [("l1", 6), ("gan", 20)])
def test_killed_runs_have_the_losses_of_an_uninterrupted_one(tmp_path, recipe, kills):
    for name, count in (("cut", kills), ("whole", 0)):
        (tmp_path / name).mkdir()
        run("killed", recipe, tmp_path / name / "out", count)
    codes = (tmp_path / "cut" / "codes").read_text()
    assert codes.count("-9") > kills / 2
    assert ".part" in codes, "no kill fell into a write"
    assert len(rows(tmp_path / "whole" / "out")) == 16
    assert (tmp_path / "cut/out/log.csv").read_bytes() == (tmp_path / "whole/out/log.csv").read_bytes()
    for file in ("networks", "ema", "optimisers", "recipe"):
        ends = [(tmp_path / name / f"out/step-000032/{file}.safetensors").read_bytes() for name in ("cut", "whole")]
        assert ends[0] == ends[1]
    left = sorted(p.name for p in (tmp_path / "cut" / "out").iterdir())
    assert left == [".lock", "log.csv", "step-000028", "step-000032"]


@pytest.mark.parametrize("recipe", ["l1", "plain-gan"])
def test_two_processes_give_the_losses_of_one(tmp_path, recipe):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    run("once", recipe, tmp_path / "one", 8, 8)
    run("once", recipe, tmp_path / "two", 8, 2, launcher=torchrun)
    one, two = rows(tmp_path / "one"), rows(tmp_path / "two")
    assert len(one) == len(two) == 6
    for a, b in zip(one, two, strict=True):
        losses = [name for name in a if a[name] and not name.startswith("norm/")]
        assert len(losses) >= 5
        assert [float(a[n]) for n in losses] == pytest.approx([float(b[n]) for n in losses], rel=1e-5, abs=1e-7)
