"""Runs: the same results whatever the processes, shards and interruptions, and nothing is lost."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

import retouch.bench.run.plan
import retouch.bench.run.worker
from retouch.bench.measure import Choice
from retouch.bench.results import Results
from retouch.bench.run import make_plan, merge, run
from retouch.bench.run.chunks import chunks
from retouch.methods.base import Cancelled
from tests.bench.runs_for_tests import comparable, die_on_first_chunk, plan_of
from tests.data.layouts_for_tests import picture

MODELS = ["smooth", "telea"]


QUICKLY = Choice(("psnr", "l1"), (), (), None, None, "cpu")


@pytest.fixture(autouse=True, scope="module")
def _measure_quickly():
    """Measure two metrics that cost no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retouch.bench.run.plan, "choose", lambda *_, **__: (QUICKLY, {"fid": "not here"}))
        yield


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """Four photos: twenty samples, two chunks for each model."""
    folder = tmp_path_factory.mktemp("album")
    for k in range(4):
        picture(k).save(folder / f"p{k}.png")
    return folder


@pytest.fixture(scope="module")
def whole(album, tmp_path_factory):
    """The folder of an uninterrupted run in one process."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run(plan_of(album, MODELS), folder, jobs=0, pictures=3)
    return folder


@pytest.fixture
def copied(whole, tmp_path):
    """A copy of it to do harm to."""
    return shutil.copytree(whole, tmp_path / "copied")


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_sample_has_a_result(whole):
    results = Results.load(whole)
    assert (results.protocol, results.models, results.holes, results.count) == (
        "val-256",
        tuple(MODELS),
        ("object",),
        20,
    )
    for outcome in results.outcomes:
        assert [each.k for each in outcome.images] == list(range(20))
        assert outcome.failed == ()
        assert outcome.figures["psnr"].count == 20
        assert outcome.figures["psnr"].value == pytest.approx(np.mean([each.values["psnr"] for each in outcome.images]))
        assert all(0.05 <= each.hole <= 0.35 for each in outcome.images)
    assert results.left_out == {"fid": "not here"}


def test_two_processes_give_what_one_gives(album, whole, tmp_path):
    results = run(plan_of(album, MODELS), tmp_path / "out", jobs=2, pictures=3)
    assert comparable(results) == comparable(Results.load(whole))
    pictures = {name: content for name, content in files(tmp_path / "out").items() if name.startswith("pictures/")}
    assert pictures
    assert all(files(whole)[name] == content for name, content in pictures.items())


def test_missing_and_damaged_chunks_are_made_again_and_whole_ones_kept(album, whole, copied):
    before = files(copied)
    (copied / "chunks/smooth/object/000016-000019.json").unlink()
    cut = copied / "chunks/telea/object/000000-000015.json"
    cut.write_bytes(cut.read_bytes()[:-40])
    (copied / "results.json").unlink()
    left = cut.with_name(f".{cut.name}.a1b2c3.part")  # of a run that was killed
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    told = []
    results = run(plan_of(album, MODELS), copied, jobs=0, pictures=3, progress=lambda *step: told.append(step))
    assert comparable(results) == comparable(Results.load(whole))
    assert told == [(2, 4), (3, 4), (4, 4)]
    for kept in ("chunks/smooth/object/000000-000015.json", "chunks/telea/object/000016-000019.json"):
        assert files(copied)[kept] == before[kept]
    assert set(files(copied)) == set(before)


@pytest.mark.parametrize("harm", ["{}", '{"images": [], "failed": []}', "null", "\x00"])
def test_chunks_that_say_something_else_are_made_again(album, whole, copied, harm):
    (copied / "chunks/smooth/object/000016-000019.json").write_text(harm)
    assert comparable(run(plan_of(album, MODELS), copied, jobs=0, pictures=3)) == comparable(Results.load(whole))


def test_shards_merged_are_the_whole(album, whole, tmp_path):
    for number in (2, 1):
        part = tmp_path / f"part{number}"
        assert run(plan_of(album, MODELS), part, jobs=0, shard=(number, 2)) is None
        assert not (part / "results.json").exists()
    results = merge([tmp_path / "part1", tmp_path / "part2"], tmp_path / "out", pictures=3)
    assert comparable(results) == comparable(Results.load(whole))
    assert Results.load(tmp_path / "out") == results


def test_shards_may_share_one_folder(album, whole, tmp_path):
    assert run(plan_of(album, MODELS), tmp_path / "out", jobs=0, shard=(1, 2)) is None
    results = run(plan_of(album, MODELS), tmp_path / "out", jobs=0, shard=(2, 2), pictures=3)
    assert comparable(results) == comparable(Results.load(whole))


def test_runs_of_single_models_merge(album, whole, tmp_path):
    for model in MODELS:
        run(plan_of(album, [model]), tmp_path / model, jobs=0, pictures=0)
    results = merge([tmp_path / model for model in MODELS], tmp_path / "out", pictures=3)
    assert comparable(results) == comparable(Results.load(whole))


def test_models_are_added(album, whole, tmp_path):
    run(plan_of(album, ["smooth"]), tmp_path / "out", jobs=0, pictures=0)
    before = files(tmp_path / "out")
    results = run(plan_of(album, ["telea"]), tmp_path / "out", jobs=0, pictures=3)
    assert comparable(results) == comparable(Results.load(whole))
    assert all(files(tmp_path / "out")[name] == before[name] for name in before if name.startswith("chunks/"))


def test_cancelling_keeps_what_is_done(album, whole, tmp_path):
    told = []
    with pytest.raises(Cancelled):
        run(
            plan_of(album, MODELS),
            tmp_path / "out",
            jobs=0,
            progress=lambda *step: told.append(step),
            cancel=lambda: len(told) > 1,
        )
    kept = [name for name in files(tmp_path / "out") if name.startswith("chunks/")]
    assert kept == ["chunks/smooth/object/000000-000015.json"]
    assert comparable(run(plan_of(album, MODELS), tmp_path / "out", pictures=3)) == comparable(Results.load(whole))


def test_a_process_that_dies_twice_costs_its_chunk(album, tmp_path, monkeypatch):
    monkeypatch.setattr("retouch.bench.run.running.make_worker", die_on_first_chunk)
    results = run(plan_of(album, ["smooth"]), tmp_path / "out", jobs=2, pictures=2)
    (outcome,) = results.outcomes
    assert [each.k for each in outcome.images] == [16, 17, 18, 19]
    assert [each.k for each in outcome.failed] == list(range(16))
    assert outcome.failed[2].name == "p0 small-centre"
    assert {each.reason for each in outcome.failed} == {"the process ended with code 7"}


def test_unreadable_photos_are_told_and_the_others_measured(album, tmp_path):
    folder = shutil.copytree(album, tmp_path / "album")
    (folder / "p1.png").write_bytes(b"nothing")
    results = run(plan_of(folder, ["smooth"]), tmp_path / "out", jobs=0, pictures=20)
    (outcome,) = results.outcomes
    assert [each.k for each in outcome.failed] == [5, 6, 7, 8, 9]
    assert all("p1" in each.name and "p1" in each.reason for each in outcome.failed)
    assert outcome.figures["psnr"].count == 15
    assert [each.k for each in results.pictures] == [k for k in range(20) if k not in range(5, 10)]


def test_failing_fills_are_told(album, tmp_path, monkeypatch):
    real = retouch.bench.run.worker.fill_sample

    def sometimes(filler, one, options, **how):
        if one.k % 2:
            raise RuntimeError("no\nluck")
        return real(filler, one, options, **how)

    monkeypatch.setattr(retouch.bench.run.worker, "fill_sample", sometimes)
    (outcome,) = run(plan_of(album, ["smooth"]), tmp_path / "out", jobs=0, pictures=0).outcomes
    assert [each.k for each in outcome.images] == list(range(0, 20, 2))
    assert {"luck" in each.reason for each in outcome.failed} == {True}


def test_another_seed_gives_other_figures(album, whole, tmp_path):
    results = run(plan_of(album, ["smooth"], seed=1), tmp_path / "out", jobs=0, pictures=0)
    assert results.outcomes[0].figures["psnr"] != Results.load(whole).outcomes[0].figures["psnr"]


class Colours:
    """A meter whose features are the mean colour of an image."""

    def __init__(self, choice):
        pass

    def __call__(self, photo, filled, hole):
        return {"psnr": 20.0}

    def features(self, image):
        return image.reshape(-1, 3).mean(axis=0).astype(np.float32)


@pytest.fixture
def features(monkeypatch):
    """Measure FID over mean colours."""
    choice = Choice(("psnr",), ("fid",), ("fid: covariance divided by n",), "colours", None, "cpu")
    monkeypatch.setattr(retouch.bench.run.plan, "choose", lambda *_, **__: (choice, {}))
    monkeypatch.setattr(retouch.bench.run.worker, "Meter", Colours)


@pytest.mark.usefixtures("features")
def test_features_are_kept_and_damaged_ones_made_again(album, tmp_path):
    out = tmp_path / "out"
    results = run(plan_of(album, MODELS), out, jobs=0, pictures=0)
    assert results.extractor == "colours"
    assert all(outcome.figures["fid"].count == 20 for outcome in results.outcomes)
    assert len({outcome.figures["fid"].value for outcome in results.outcomes}) == 2
    held = out / "chunks/smooth/object/000000-000015.safetensors"
    whole = held.read_bytes()
    held.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    (out / "chunks/photos/000016-000019.safetensors").unlink()
    assert comparable(run(plan_of(album, MODELS), out, jobs=0, pictures=0)) == comparable(results)
    assert held.read_bytes() == whole
    assert (out / "chunks/photos/000016-000019.safetensors").exists()


@pytest.mark.usefixtures("features")
def test_features_survive_merging(album, tmp_path):
    whole = run(plan_of(album, ["smooth"]), tmp_path / "whole", jobs=0, pictures=0)
    for number in (1, 2, 3):
        assert run(plan_of(album, ["smooth"]), tmp_path / f"part{number}", jobs=0, shard=(number, 3)) is None
    merged = merge([tmp_path / f"part{number}" for number in (1, 2, 3)], tmp_path / "out", pictures=0)
    assert comparable(merged) == comparable(whole)


def test_chunks_are_named_in_order():
    names = [(each.model, each.start, each.stop) for each in chunks(["a", "b/c"], ["x"], 20, features=True)]
    assert names == [
        ("photos", 0, 16),
        ("photos", 16, 20),
        ("a", 0, 16),
        ("a", 16, 20),
        ("b/c", 0, 16),
        ("b/c", 16, 20),
    ]


def test_objects_make_the_holes(album, whole, tmp_path):
    (tmp_path / "shapes").mkdir()
    Image.fromarray(np.ones((8, 9), bool)).save(tmp_path / "shapes" / "box.png")
    plan = make_plan("val-256", album, ["smooth"], objects=tmp_path / "shapes")
    results = run(plan, tmp_path / "out", jobs=0, pictures=2)
    assert any("made-up blobs" in each for each in Results.load(whole).differences)
    assert not any("made-up blobs" in each for each in results.differences)
    assert [a.hole for a in results.outcomes[0].images] != [b.hole for b in Results.load(whole).outcomes[0].images]
    hole = np.asarray(Image.open(tmp_path / "out" / results.pictures[0].hole))
    ys, xs = np.nonzero(hole)
    assert hole[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].all()
