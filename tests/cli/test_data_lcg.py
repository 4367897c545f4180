"""`retouch data lcg`."""

import json

import numpy as np
import pytest

from tests.cli.conftest import contents, names_in
from tests.data.lcg.pairs_for_tests import instances, panoptic, photo

SIZE = (60, 80)
PANOPTIC, INSTANCES = ("--annotations", "panoptic.json"), ("--annotations", "instances.json")
ROWS = [{"id": 300, "category_id": 18}, {"id": 7, "category_id": 187}]


@pytest.fixture
def annotated(tmp_path, monkeypatch):
    """The working directory, with five photos and panoptic.json: a dog below sky on each."""
    monkeypatch.chdir(tmp_path)
    numbers = np.full(SIZE, 7)
    numbers[30:, 10:50] = 300
    for k in range(5):
        photo(tmp_path / f"photos/p{k}.jpg", k=k)
    panoptic(tmp_path, {f"p{k}": (numbers, ROWS) for k in range(5)})
    return tmp_path


def lines(folder):
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_pairs_of_panoptic_annotations(annotated, cli):
    answer = cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json", "--per-shard", 2)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.splitlines() == ["retouch: 10 pairs of 5 photos written to out", "retouch: look at out/page.html"]
    assert [line["image"] for line in lines(annotated / "out")] == [f"p{k}.jpg" for k in range(5) for _ in range(2)]
    assert {line["class"] for line in lines(annotated / "out")} == {"foreground", "background"}
    assert "5 photos gave 10 pairs" in (annotated / "out/page.html").read_text()


def test_called_again_it_goes_on(annotated, cli):
    words = ("data", "lcg", "photos", "out", "--annotations", "panoptic.json", "--per-shard", 2)
    cli(*words)
    before = contents(annotated / "out")
    (annotated / "out/pairs-00001.jsonl").unlink()
    assert "4 pairs of 2 photos written to out, 2 shards were there already" in cli(*words).err
    assert contents(annotated / "out") == before


def test_shares_of_several_machines(annotated, cli):
    for share in ("1/2", "2/2"):
        words = ("--annotations", "panoptic.json", "--per-shard", 2, "--shard", share)
        assert cli("data", "lcg", "photos", "out", *words).code == 0
    assert len(lines(annotated / "out")) == 10
    assert "5 photos gave 10 pairs" in (annotated / "out/page.html").read_text()


def test_problems_are_named_and_the_rest_is_done(annotated, cli):
    (annotated / "photos/p1.jpg").unlink()
    (annotated / "panoptic/p2.png").write_bytes(b"torn")
    answer = cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json")
    assert answer.code == 1
    assert "p1" in answer.err
    assert "p2.png' is not a readable PNG" in answer.err
    assert "6 pairs of 5 photos" in answer.err


def test_bare_photos_with_the_stand_ins(annotated, cli):
    pytest.importorskip("skimage")
    answer = cli("data", "lcg", "photos", "out")
    assert answer.code == 0
    assert "'regions' stands in for a learned model; --sam takes the folder of one" in answer.err
    assert "'colour and place' stands in for a learned model; --clip" in answer.err
    assert {line["source"] for line in lines(annotated / "out")} == {"regions + colour and place"}


def test_boxes_with_a_stand_in(annotated, cli):
    pytest.importorskip("skimage")
    images = [(k, f"p{k}.jpg", 80, 60) for k in range(5)]
    rows = [{"id": 1, "image_id": 0, "category_id": 18, "bbox": [10, 5, 50, 40]}]
    instances(annotated, images, [*rows, rows[0] | {"id": 2, "bbox": [90, 5, 50, 40]}])
    answer = cli("data", "lcg", "photos", "out", "--annotations", "instances.json")
    assert answer.code == 1
    assert "annotation 2: its bbox [90.0, 5.0, 50.0, 40.0] has no pixel in the photo of 80x60" in answer.err
    assert [line["source"] for line in lines(annotated / "out")] == ["box + regions"]


def test_nothing_found_is_told(annotated, cli):
    answer = cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json", "--area", ".9-1")
    assert answer.code == 0
    assert "there is no pair in out" in answer.err
    assert "page.html" not in names_in(annotated / "out")


def test_models_of_folders(annotated, cli):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.data.lcg.models_for_tests import clip_folder, tiny_sam

    tiny_sam().save_pretrained(annotated / "sam")
    clip_folder(annotated / "clip")
    from transformers.utils.logging import is_progress_bar_enabled

    drawn = is_progress_bar_enabled()
    answer = cli("data", "lcg", "photos", "out", "--sam", "sam", "--clip", "clip", "--score", 0)
    assert answer.code == 0
    assert "%" not in answer.err  # transformers draws no bar of its own
    assert is_progress_bar_enabled() == drawn
    assert json.loads((annotated / "out/lcg.json").read_text())["source"] == "sam + clip"
    assert json.loads((annotated / "out/photos-00000.json").read_text())["photos"] == 5


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("nowhere", "out"), "photos: there is no folder 'nowhere'"),
        (("photos", "out", "--annotations", "nowhere.json"), "annotations: there is no file 'nowhere.json'"),
        (("photos", "out", "--annotations", "photos"), "annotations: there is no file 'photos'"),
        (("photos", "out", "--annotations", "photos/p0.jpg"), "is not readable as JSON"),
        (("photos", "out", "--annotations", "panoptic.json", "--pngs", "nowhere"), "folder: 'nowhere'"),
        (("photos", "out", "--area", "a lot"), "--area: is 'a lot'; accepted: two shares"),
        (("photos", "out", "--area", ".8-.1"), "area: is (0.8, 0.1)"),
        (("photos", "out", "--shard", "2"), "--shard: is '2'; accepted: i/n"),
        (("photos", "out", "--annotations", "panoptic.json", "--shard", "3/2"), "--shard: is '3/2'; accepted: i/n"),
        (("photos", "out", "--shard", "0/2"), "--shard: is '0/2'; accepted: i/n"),
        (("photos", "panoptic.json", "--annotations", "panoptic.json"), "out: 'panoptic.json' is a file"),
        (("photos", "out", "--alpha-clip", "a.pth"), "--alpha-clip: is given without --clip"),
        (("photos", "out", "--score", "2"), "--score"),
        (("photos", "out", "--pngs", "panoptic"), "pngs: is given without annotations"),
        (("photos", "out", "--device", "cpu"), "--device: is given without a model"),
        (("photos", "out", *PANOPTIC, "--overlap", ".5"), "--overlap: is of no use with panoptic annotations"),
        (("photos", "out", *PANOPTIC, "--score", ".5"), "--score: is of no use with panoptic annotations"),
        (("photos", "out", *INSTANCES, "--overlap", ".5"), "--overlap: is of no use with instances annotations"),
        (("photos", "out", *INSTANCES, "--pngs", "panoptic"), "pngs: is given with instance annotations"),
        (("photos", "out", *PANOPTIC, "--sam", "sam"), "--sam: is of no use with panoptic annotations"),
    ],
)
def test_refused_before_anything_is_written(words, saying, annotated, cli):
    images = [(0, "p0.jpg", 80, 60)]
    row = {"id": 1, "image_id": 0, "category_id": 18}
    instances(annotated, images, [row | {"segmentation": [[0, 0, 20, 0, 20, 20]]}])
    before = contents(annotated)
    answer = cli("data", "lcg", *words)
    assert answer.code == 2
    assert saying in answer.err
    assert len(answer.err.splitlines()) == 1
    assert contents(annotated) == before


BAD = [
    {"id": 1, "image_id": 1, "category_id": 18, "segmentation": [[200, 200, 220, 200, 220, 220]]},  # outside
    {"id": 2, "image_id": 2, "category_id": 18, "segmentation": {"size": [60, 80], "counts": "~~"}},
    {"id": 3, "image_id": 3, "category_id": 18, "segmentation": []},
    {"id": 4, "image_id": 99, "category_id": 18, "segmentation": [[0, 0, 20, 0, 20, 20]]},
    {"id": 5, "category_id": 18, "segmentation": [[0, 0, 20, 0, 20, 20]]},
]


@pytest.fixture
def damaged(annotated):
    """instances.json: a dog on each of four photos, five bad annotations, and an image without a size."""
    good = [{"id": 10 + k, "image_id": k, "category_id": 18, "segmentation": [[0, 0, 40, 0, 40, 40]]} for k in range(4)]
    file = instances(annotated, [(k, f"p{k}.jpg", 80, 60) for k in range(4)], [*BAD, *good])
    content = json.loads(file.read_text())
    content["images"].append({"id": 4, "file_name": "p4.jpg"})
    file.write_text(json.dumps(content))
    return annotated


def test_bad_annotations_are_counted_named_and_left_out(damaged, cli):
    answer = cli("data", "lcg", "photos", "out", "--annotations", "instances.json", "--per-shard", 2)
    assert answer.code == 1
    assert "6 annotations or photos were left out; the files photos-*.json in out name all" in answer.err
    assert "4 pairs of 4 photos written to out" in answer.err
    assert [line["image"] for line in lines(damaged / "out")] == [f"p{k}.jpg" for k in range(4)]
    told = [json.loads(path.read_text())["problems"] for path in sorted((damaged / "out").glob("photos-*.json"))]
    reasons = {image: reason for each in told for image, reason in each}
    assert "covers no pixel" in reasons["p1.jpg"]
    assert "counts" in reasons["p2.jpg"]
    assert "neither segmentation nor a bbox" in reasons["p3.jpg"]
    assert "annotation 5: its image_id is None; accepted: the id of a listed image" in reasons["no photo"]
    assert "'height' is None; accepted: int" in reasons["image 4 of the file"]
    assert any("annotation 4: its image_id is 99" in reason for _, reason in told[0])


def test_strict_stops_at_the_first_and_keeps_finished_shards(damaged, cli):
    file = damaged / "instances.json"
    content = json.loads(file.read_text())
    content["annotations"] = content["annotations"][2:3] + content["annotations"][5:]  # that of p3.jpg alone is bad
    content["images"].pop()
    file.write_text(json.dumps(content))
    words = ("data", "lcg", "photos", "out", "--annotations", "instances.json", "--per-shard", 2)
    answer = cli(*words, "--strict")
    assert answer.code == 2
    assert "strict: p3.jpg: annotation 3: has neither segmentation nor a bbox" in answer.err
    assert names_in(damaged / "out") == ["lcg.json", "pairs-00000.jsonl", "photos-00000.json"]
    answer = cli(*words)
    assert answer.code == 1
    assert "2 pairs of 2 photos written to out, 1 shards were there already" in answer.err
    assert "strict: p3.jpg" in cli(*words, "--strict").err  # told though its shard is there


def test_a_file_without_any_usable_image_is_refused(damaged, cli):
    file = damaged / "instances.json"
    content = json.loads(file.read_text())
    content["images"] = content["images"][4:]
    file.write_text(json.dumps(content))
    answer = cli("data", "lcg", "photos", "out", "--annotations", "instances.json")
    assert answer.code == 2
    assert "'height' is None; accepted: int; accepted: at least one image that can be used" in answer.err
    assert "out" not in names_in(damaged)


def test_a_folder_of_other_settings_is_kept(annotated, cli):
    cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json")
    before = contents(annotated)
    answer = cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json", "--area", ".02-.8")
    assert answer.code == 2
    assert "holds pairs of other photos, annotations or settings: area was (0.01, 0.8), is (0.02, 0.8)" in answer.err
    assert contents(annotated) == before


def test_pairs_of_other_annotations_are_not_taken_for_those_asked_for(annotated, cli):
    words = ("data", "lcg", "photos", "out", "--annotations", "panoptic.json")
    assert cli(*words).code == 0
    file = annotated / "panoptic.json"
    file.write_text(file.read_text().replace('"category_id": 18', '"category_id": 17'))  # the dog was a cat
    before = contents(annotated)
    answer = cli(*words)
    assert answer.code == 2
    assert "holds pairs of other photos, annotations or settings: annotations was" in answer.err
    assert contents(annotated) == before


def test_a_missing_model_is_told_in_one_line(annotated, cli):
    pytest.importorskip("transformers")
    (annotated / "sam").mkdir()
    answer = cli("data", "lcg", "photos", "out", "--sam", "sam")
    assert answer.code == 2
    assert "lacks config.json or model.safetensors; get them from https://huggingface.co/facebook/sam-vit" in answer.err
    assert names_in(annotated) == ["panoptic", "panoptic.json", "photos", "sam"]
