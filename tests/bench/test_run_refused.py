"""Runs that are refused, before anything is written."""

import json
import shutil
from dataclasses import replace

import pytest

import retouch.catalogue
from retouch.bench.run import make_plan, merge, run
from retouch.bench.run.record import read_record
from tests.bench.runs_for_tests import plan_of
from tests.data.layouts_for_tests import lay_out, picture


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch):
    monkeypatch.delenv("RETOUCH_WEIGHTS", raising=False)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    """One photo: five samples, one chunk for each model."""
    folder = tmp_path_factory.mktemp("album")
    picture(0).save(folder / "p0.png")
    return folder


@pytest.fixture(scope="module")
def done(album, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "done"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RETOUCH_WEIGHTS", raising=False)
        run(plan_of(album, ["smooth"]), folder, jobs=0, pictures=0)
    return folder


@pytest.fixture
def copied(done, tmp_path):
    return shutil.copytree(done, tmp_path / "copied")


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "models: is \\[\\]; accepted: a list of at least one name"),
        ("smooth", "models: is 'smooth'; accepted: a list"),
        (["smoth"], "model 'smoth' is unknown; did you mean 'smooth'"),
    ],
)
def test_models(album, models, message):
    with pytest.raises(ValueError, match=message):
        plan_of(album, models)


@pytest.mark.parametrize("name", ["nowhere", "p0.png"])
def test_weights_that_are_no_folder(album, name):
    with pytest.raises(NotADirectoryError, match=f"weights: there is no folder '.*{name}'; accepted: a folder"):
        plan_of(album, ["smooth"], weights=album / name)


def test_a_model_whose_extra_is_missing(album, monkeypatch):
    cards = tuple(replace(card, imports=("no_such_module",)) for card in retouch.catalogue.CARDS)
    monkeypatch.setattr(retouch.catalogue, "CARDS", cards)
    with pytest.raises(ImportError, match=r"model 'telea' needs the extra 'cv': pip install 'retouch\[cv\]'"):
        plan_of(album, ["telea"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "gpu"}, "device 'gpu' is unknown"),
        ({"device": "cuda"}, "device: model 'smooth' runs on cpu, not on 'cuda'"),
        ({"holes": ["objects"]}, "protocol 'val-256' has none called 'objects'; known: object"),
        ({"holes": []}, "holes: none is named; known: object"),
        ({"seed": -1}, "seed"),
        ({"limit": 0}, "limit"),
        ({"extractor": "inceptionn"}, "inceptionn"),
    ],
)
def test_options(album, options, message):
    with pytest.raises(ValueError, match=message):
        plan_of(album, ["smooth"], **options)


def test_an_unknown_protocol(album):
    with pytest.raises(ValueError, match="protocol 'val256' is unknown; did you mean 'val-256'"):
        make_plan("val256", album, ["smooth"])


def test_missing_photos_and_objects(album, tmp_path):
    with pytest.raises(FileNotFoundError, match="data: there is no folder"):
        plan_of(tmp_path / "nowhere", ["smooth"])
    with pytest.raises(FileNotFoundError, match=r"objects: .* does not exist"):
        plan_of(album, ["smooth"], objects=tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"objects: the folder .* holds no PNG"):
        plan_of(album, ["smooth"], objects=tmp_path)


def test_objects_that_no_recipe_takes(tmp_path):
    lay_out("places365-val", tmp_path)
    with pytest.raises(ValueError, match="objects: protocol '2dgs-places' draws no object shapes"):
        make_plan("2dgs-places", tmp_path, ["smooth"], limit=2, objects=tmp_path)


def test_too_few_photos_for_the_protocol(tmp_path):
    lay_out("places365-val", tmp_path)
    with pytest.raises(ValueError, match="holds 12 photos; split 'all' of 'places365-val' has 36500; pass limit="):
        make_plan("2dgs-places", tmp_path, ["smooth"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": -1}, "jobs: is -1; accepted"),
        ({"pictures": -1}, "pictures: is -1; accepted"),
        ({"shard": (3, 2)}, "shard: is 3/2; accepted: i/n with i from 1 to n"),
        ({"shard": (0, 2)}, "shard: is 0/2; accepted"),
    ],
)
def test_ways_to_run(album, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        run(plan_of(album, ["smooth"]), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_places_that_cannot_take_a_run(album, tmp_path):
    plan = plan_of(album, ["smooth"])
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotADirectoryError, match=r"out: .* is a file; accepted: a folder"):
        run(plan, tmp_path / "file")
    with pytest.raises(ValueError, match=r"out: .* holds other files; accepted: a new or empty folder"):
        run(plan, tmp_path, overwrite=True)
    with pytest.raises(FileNotFoundError, match=r"out: the folder .* does not exist"):
        run(plan, tmp_path / "no" / "where")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": 4}, "seed: 0 and 4"),
        ({"direct": True}, "direct: False and True"),
        ({"limit": 1}, "limit: None and 1"),
        ({"objects": "shapes"}, "objects: None and [0-9a-f]{12}"),
    ],
)
def test_another_run_is_refused_by_what_differs(album, copied, tmp_path, options, message):
    (tmp_path / "shapes").mkdir()
    picture(1).convert("L").save(tmp_path / "shapes" / "a.png")
    if "objects" in options:
        options = {"objects": tmp_path / "shapes"}
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match=f"holds another run; {message}; delete it with overwrite=True"):
        run(plan_of(album, ["smooth"], **options), copied, jobs=0)
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


def test_other_photos_are_another_run(copied, tmp_path):
    (tmp_path / "other").mkdir()
    picture(0).save(tmp_path / "other" / "q.png")
    with pytest.raises(ValueError, match="holds another run; photos: "):
        run(plan_of(tmp_path / "other", ["smooth"]), copied, jobs=0)


def test_other_photos_of_the_same_names_are_another_run(copied, tmp_path):
    (tmp_path / "other").mkdir()
    picture(1).save(tmp_path / "other" / "p0.png")
    with pytest.raises(ValueError, match="holds another run; photos: "):
        run(plan_of(tmp_path / "other", ["smooth", "telea"]), copied, jobs=0)


def test_the_same_photos_elsewhere_are_the_same_run(album, copied, tmp_path):
    plan = plan_of(shutil.copytree(album, tmp_path / "moved"), ["smooth"])
    assert run(plan, copied, jobs=0, pictures=0).models == ("smooth",)


def test_overwriting_deletes_the_other_run(album, copied):
    results = run(plan_of(album, ["telea"], seed=4), copied, jobs=0, pictures=0, overwrite=True)
    assert (results.seed, results.models) == (4, ("telea",))
    assert not (copied / "chunks" / "smooth").exists()


@pytest.mark.parametrize("harm", ["", "{}", '{"format": "retouch-bench-run-2"}'])
def test_a_damaged_record(album, copied, harm):
    (copied / "run.json").write_text(harm)
    with pytest.raises(ValueError, match=r"run.json' is no record of a benchmark run: "):
        run(plan_of(album, ["smooth"]), copied, jobs=0)


def test_merging_what_is_no_run(done, tmp_path):
    with pytest.raises(ValueError, match="folders: none is given"):
        merge([], tmp_path / "out")
    with pytest.raises(FileNotFoundError, match=r"folders: .* holds no run"):
        merge([done, tmp_path], tmp_path / "out")
    with pytest.raises(ValueError, match=r"out: .* is one of the runs to merge"):
        merge([done], done)
    assert not (tmp_path / "out").exists()


def test_merging_other_runs_and_into_other_places(album, done, tmp_path):
    run(plan_of(album, ["smooth"], seed=1), tmp_path / "other", jobs=0, pictures=0)
    with pytest.raises(ValueError, match="are not one run; seed: 0 and 1"):
        merge([done, tmp_path / "other"], tmp_path / "out")
    with pytest.raises(ValueError, match=r"out: .* is not empty"):
        merge([done], tmp_path / "other")
    with pytest.raises(FileNotFoundError, match=r"out: the folder .* does not exist"):
        merge([done], tmp_path / "no" / "where")
    assert merge([done], tmp_path / "other", overwrite=True, pictures=0).seed == 0
    assert read_record(tmp_path / "other").seed == 0


def test_merging_with_a_chunk_missing(album, tmp_path):
    assert run(plan_of(album, ["smooth", "telea"]), tmp_path / "part", jobs=0, shard=(1, 2)) is None
    with pytest.raises(ValueError, match=r"folders: 1 of 2 chunks are missing, first 'chunks.telea.*json'; run all"):
        merge([tmp_path / "part"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_merging_without_the_photos_gives_no_pictures(album, done, tmp_path):
    moved = shutil.copytree(done, tmp_path / "moved")
    record = json.loads((moved / "run.json").read_text())
    record["data"] = str(tmp_path / "gone")
    (moved / "run.json").write_text(json.dumps(record))
    assert merge([moved], tmp_path / "out", pictures=2).pictures == ()
    assert len(merge([done], tmp_path / "shown", pictures=2).pictures) == 2


def test_a_protocol_of_given_masks_needs_some(album):
    with pytest.raises(FileNotFoundError, match=r"data: .* holds no masks, which protocol 'removal' takes"):
        make_plan("removal", album, ["smooth"])
