"""DINOv2 and CLIP towers, with tiny random models in the format of the hub."""

import importlib
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from retouch.features import transformer  # noqa: E402
from retouch.features.transformer import CLIP, DINOV2, load_tower  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402
from tests.bench.samples import image  # noqa: E402

# The package warns of its own plans.
pytestmark = pytest.mark.filterwarnings("ignore")

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    clip = transformers.CLIPVisionConfig(**SMALL, intermediate_size=64, projection_dim=16)
    transformers.CLIPVisionModelWithProjection(clip).save_pretrained(root / "clip-vit-large-patch14")
    transformers.Dinov2Model(transformers.Dinov2Config(**SMALL)).save_pretrained(root / "dinov2-large")
    return root


@pytest.mark.parametrize(("tower", "width"), [(CLIP, 16), (DINOV2, 32)])
def test_features_do_not_depend_on_the_batch(folder, monkeypatch, tower, width):
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(folder))
    extractor = load_tower(replace(tower, short_side=32, crop=28))
    images = [image(40, 50, k) for k in range(3)]
    together = extractor(images)
    assert together.shape == (3, width)
    assert (extractor(images[1:2])[0] == together[1]).all()
    assert abs(together[0] - together[1]).max() > 1e-4
    assert len(extractor.identity) == 64


def test_labels(folder):
    clip = load_tower(CLIP, folder / "clip-vit-large-patch14")
    assert clip.label("clip_similarity") == "clip_similarity"
    assert clip.label("fid") == "fd-clip"
    assert load_tower(DINOV2, folder / "dinov2-large").label("fid") == "fd-dinov2"


def test_missing_weights_are_said(tmp_path, monkeypatch):
    monkeypatch.delenv("RETOUCH_WEIGHTS", raising=False)

    class Offline:
        @staticmethod
        def from_pretrained(repo, **options):
            assert repo == CLIP.repo
            assert options == {"revision": CLIP.revision, "use_safetensors": True}
            raise OSError("offline")

    # Reading an attribute for the first time makes the package replace its own module.
    getattr(transformers, CLIP.kind)
    monkeypatch.setattr(importlib.import_module("transformers"), CLIP.kind, Offline)
    for path in (None, tmp_path):
        with pytest.raises(WeightsMissing, match=r"clip-vit-large-patch14: .*https://huggingface.co/openai"):
            load_tower(CLIP, path)


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(transformer.importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(ImportError, match=r"pip install 'retouch\[diffusion\]'"):
        load_tower(CLIP)
