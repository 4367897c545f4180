"""`retouch analyse gaussian-semantics`: its files, what it says, and what is refused."""

import csv
import importlib.util

import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from retouch.methods.gaussian.analyse import subject
from retouch.methods.gaussian.semantic import SemanticEncoder
from tests.cli.conftest import names_in
from tests.cli.test_entry import loaded_after
from tests.data.photos_for_tests import folder_of
from tests.methods.gaussian.test_method import export_of

FILES = ["index.html", "similarity.csv", "similarity.svg", "tsne.svg"]
RUN = ("analyse", "gaussian-semantics", "--photos", "album", "-o", "out")


@pytest.fixture
def album(folder, monkeypatch):
    """album/ with ten photos, and an encoder that needs no weights: 512 pixels of the photo as VGG16's token."""
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    encoder = SemanticEncoder("vgg16", 512, lambda x: x[:, 0, ::7, ::14].flatten(1))
    find = subject.semantic_encoder
    monkeypatch.setattr(subject, "semantic_encoder", lambda n, *a: encoder if n.semantics == "vgg16" else find(n, *a))
    return folder_of(folder / "album", 10)


def rows(file):
    return list(csv.DictReader(file.read_text().splitlines()))


def test_an_encoder_alone(cli, album, folder):
    answer = cli(*RUN, "--encoder", "vgg16")
    assert answer.code == 0, answer.err
    assert answer.content == b""
    assert names_in("out") == FILES
    note, said = answer.err.splitlines()
    assert note == "retouch: note: vgg16 stands in for DINOv2: this is no result of the paper's method"
    made = rows(folder / "out" / "similarity.csv")
    assert [row["photos"] for row in made] == ["1"] * 10 + ["10"]
    assert f"over 10 photos: masked {float(made[-1]['masked_mean']):.3f}; look at out/index.html" in said
    assert {row["mapped_mean"] for row in made} == {""}
    page = (folder / "out" / "index.html").read_text()
    assert "vgg16 (stand-in for dinov2)" in page
    assert "no result of the paper" in page


def test_a_model_adds_what_it_maps(cli, album, folder):
    export_of(folder)
    answer = cli(*RUN, "--model", "tiny.json", "--seed", "1")
    assert answer.code == 0, answer.err
    made = rows(folder / "out" / "similarity.csv")
    assert all(-1 <= float(row["mapped_mean"]) <= 1 for row in made)
    assert f"mapped {float(made[-1]['mapped_mean']):.3f};" in answer.err
    assert "tiny.json: tiny, 1 steps" in (folder / "out" / "index.html").read_text()


def test_a_model_without_adaptation_is_said(cli, album, folder):
    export_of(folder, adapt=False)
    answer = cli(*RUN, "--model", "tiny.json")
    assert answer.code == 0, answer.err
    assert "note: the model was trained without adaptation MLP: nothing is mapped" in answer.err


def test_the_same_seed_gives_the_same_files(cli, album, folder):
    for out, seed in (("a", 3), ("b", 3), ("c", 4)):
        assert cli(*RUN[:-1], out, "--encoder", "vgg16", "--seed", seed).code == 0
    same = [(folder / "a" / name).read_bytes() == (folder / "b" / name).read_bytes() for name in FILES]
    assert all(same)
    assert (folder / "a" / FILES[1]).read_bytes() != (folder / "c" / FILES[1]).read_bytes()


def test_unusable_photos_are_told_and_counted(cli, album, folder):
    (album / "photo4.png").write_bytes(b"no photo")
    answer = cli(*RUN, "--encoder", "vgg16")
    assert answer.code == 1, answer.err
    assert "note: 1 photo cannot be used: photo 'photo4'" in answer.err
    assert "note: no hole of 90-100 %" in answer.err
    assert names_in("out") == FILES


def test_overwrite_replaces_an_earlier_analysis(cli, refused, album):
    assert cli(*RUN, "--encoder", "vgg16").code == 0
    refused(*RUN, "--encoder", "vgg16", saying="out/index.html: exists already")
    assert cli(*RUN, "--encoder", "vgg16", "--overwrite").code == 0


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--encoder", "dino"), "encoder: is 'dino'; accepted: dinov2, vgg16, efficientnet-lite"),
        (("--encoder", "vgg16", "--limit", "9"), "limit: is 9; accepted: an integer from 10 up"),
        (("--encoder", "vgg16", "--model", "tiny.json"), "--encoder: stands beside --model"),
        (("--encoder", "efficientnet-lite"), "EfficientNet-Lite0: not found; get efficientnet-lite0"),
        (
            ("--encoder", "efficientnet-lite", "--weights", "album"),
            "EfficientNet-Lite0: album does not exist or holds no",
        ),
        (("--model", "nothing.json"), "model: nothing.json does not exist"),
        (("--model", "tiny.json"), "model: tiny.json has no semantic encoder (semantics 'none')"),
    ],
)
def test_bad_words_are_refused(refused, album, folder, words, saying):
    export_of(folder, semantics="none")
    refused(*RUN, *words, saying=saying)


def test_bad_folders_are_refused(refused, album, folder):
    start = (*RUN[:2], "--encoder", "vgg16")
    refused(*start, "--photos", "nowhere", "-o", "out", saying="photos: there is no file or folder 'nowhere'")
    (folder / "empty").mkdir()
    refused(*start, "--photos", "empty", "-o", "out", saying="photos: 'empty' holds no image file")
    Image.new("RGB", (8, 8)).save(folder / "empty" / "one.png")
    refused(*start, "--photos", "empty", "-o", "out", saying="photos: 'empty' holds 1; accepted: 10 or more")
    refused(*start, "--photos", "album", "-o", "photo.png", saying="out: 'photo.png' is a file; accepted: a folder")
    refused(*start, "--photos", "album", "-o", "no/out", saying="the folder 'no' does not exist")


def test_the_missing_extra_is_named_before_anything_is_done(refused, album, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "sklearn" else find(name))
    refused(*RUN, saying="the analysis needs 'sklearn', of the extra 'bench': pip install 'retouch[bench]'")


def test_help_names_the_analysis_and_is_light(cli):
    answer = cli("analyse", "--help")
    assert answer.code == 0
    assert "gaussian-semantics" in answer.out
    words = ["analyse", "gaussian-semantics", "--help"]
    assert loaded_after(f"from retouch.cli import main; assert main({words}) == 0") in ("[]", "['pydantic']")
