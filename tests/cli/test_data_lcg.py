"""`retouch data lcg`."""

import json

import numpy as np
import pytest

from tests.cli.conftest import contents, names_in
from tests.data.lcg.pairs_for_tests import instances, panoptic, photo

SIZE = (60, 80)
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
    answer = cli("data", "lcg", "photos", "out", "--sam", "sam", "--clip", "clip", "--score", 0)
    assert answer.code == 0
    assert json.loads((annotated / "out/lcg.json").read_text())["source"] == "sam + clip"
    assert json.loads((annotated / "out/photos-00000.json").read_text())["photos"] == 5


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("nowhere", "out"), "photos: there is no folder 'nowhere'"),
        (("photos", "out", "--annotations", "nowhere.json"), "nowhere.json"),
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
    ],
)
def test_refused_before_anything_is_written(words, saying, annotated, cli):
    before = contents(annotated)
    answer = cli("data", "lcg", *words)
    assert answer.code == 2
    assert saying in answer.err
    assert len(answer.err.splitlines()) == 1
    assert contents(annotated) == before


def test_a_folder_of_other_settings_is_kept(annotated, cli):
    cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json")
    before = contents(annotated)
    answer = cli("data", "lcg", "photos", "out", "--annotations", "panoptic.json", "--score", ".7")
    assert answer.code == 2
    assert "holds pairs of other photos, annotations or settings: score was 0.5, is 0.7" in answer.err
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
