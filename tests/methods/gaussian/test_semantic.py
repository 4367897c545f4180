"""Semantic encoders: what they see, stand-ins, what is missing."""

import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from retouch.features.vgg import IMAGENET_DEVIATION, IMAGENET_MEAN  # noqa: E402
from retouch.methods.gaussian import semantic  # noqa: E402
from retouch.methods.gaussian.config import TOKEN_WIDTHS, Network  # noqa: E402
from retouch.methods.gaussian.semantic import SemanticEncoder, semantic_encoder  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402

WEIGHTS = Path(os.environ.get("RETOUCH_WEIGHTS") or Path(__file__).resolve().parents[3].parent / "shared" / "weights")
needs_vgg = pytest.mark.skipif(
    not (WEIGHTS / "vgg16_features_fp16.safetensors").is_file(),
    reason="no VGG16 weights here (../shared/weights or RETOUCH_WEIGHTS)",
)


class Tower:
    """Stands for a network: remembers what it saw."""

    def feature(self, x):
        self.seen = x
        return x.mean((2, 3)) * torch.ones(1, requires_grad=True)  # [B, 3]


@pytest.mark.parametrize("normalise", ["raw", "imagenet"])
def test_what_dinov2_sees(monkeypatch, normalise):
    tower = Tower()
    monkeypatch.setattr(semantic, "load_tower", lambda *given: tower)
    encoder = semantic_encoder(Network(normalise=normalise))
    image = torch.full((2, 3, 32, 48), 0.25)
    token = encoder(image)
    assert tower.seen.shape == (2, 3, 224, 224)
    assert not token.requires_grad
    raw = torch.full((3,), 0.25)
    expected = raw if normalise == "raw" else (raw - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_DEVIATION)
    torch.testing.assert_close(tower.seen.amax((0, 2, 3)), expected)
    torch.testing.assert_close(tower.seen.amin((0, 2, 3)), expected)
    assert encoder.label == "dinov2"
    assert encoder.width == 768


def test_which_dinov2(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(semantic, "load_tower", lambda *given: asked.append(given) or Tower())
    (tmp_path / "dinov2-base").mkdir()
    semantic_encoder(Network(), tmp_path)
    semantic_encoder(Network())
    assert [(tower.repo, path) for tower, path, _ in asked] == [
        ("facebook/dinov2-base", tmp_path / "dinov2-base"),
        ("facebook/dinov2-base", None),
    ]


def test_official_file_of_dinov2(monkeypatch, tmp_path):
    torch.save({"pos_embed": torch.ones(2)}, tmp_path / "dinov2_vitb14_pretrain.pth")
    read = []
    monkeypatch.setattr(semantic, "official_dinov2", lambda *given: read.append(given) or Tower().feature)
    semantic_encoder(Network(), tmp_path / "dinov2_vitb14_pretrain.pth")
    assert list(read[0][0]) == ["pos_embed"]


def test_none():
    assert semantic_encoder(Network(semantics="none")) is None


@needs_vgg
def test_vgg16_stands_in():
    encoder = semantic_encoder(Network(semantics="vgg16"), WEIGHTS)
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    tokens = encoder(images)
    assert tokens.shape == (2, TOKEN_WIDTHS["vgg16"])
    assert tokens.isfinite().all()
    assert (tokens[0] - tokens[1]).abs().max() > 1e-3
    assert "stand-in" in encoder.label


def test_missing_weights_are_said(tmp_path):
    for name in ("vgg16", "efficientnet-lite", "dinov2"):
        with pytest.raises((WeightsMissing, ImportError), match=r"holds no|pip install"):
            semantic_encoder(Network(semantics=name), tmp_path)


def test_labels_of_stand_ins():
    encoder = SemanticEncoder("efficientnet-lite", 1280, Tower().feature)
    assert encoder.label == "efficientnet-lite (stand-in for dinov2)"
