"""CLIP and AlphaCLIP as scorers, tiny ones with random weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch.nn import functional as F  # noqa: E402

from retouch.data.lcg.alpha import alpha_tower, converted, with_alpha  # noqa: E402
from retouch.data.lcg.clip import ClipScorer, load_alpha_clip, load_clip  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402
from tests.data.lcg.models_for_tests import clip_folder, released_alpha, tiny_clip, tokenise  # noqa: E402
from tests.data.lcg.pairs_for_tests import box_mask  # noqa: E402

SIZE = (40, 64)
NAMES = ("dog", "sky", "tree", "wooden floor")
MASK = box_mask(SIZE, 10, 8, 40, 30)


@pytest.fixture(scope="module")
def clip():
    return tiny_clip()


@pytest.fixture
def image():
    return np.random.default_rng(1).integers(0, 255, (*SIZE, 3), np.uint8)


@pytest.fixture
def alpha_file(clip, tmp_path):
    torch.save(released_alpha(clip), tmp_path / "alpha.pth")
    return tmp_path / "alpha.pth"


def test_scores_are_probabilities_in_the_order_of_names(clip, image):
    scorer = ClipScorer(clip, tokenise)
    scores = scorer.score(image, MASK, NAMES)
    assert scores.shape == (4,)
    assert scores.sum() == pytest.approx(1)
    assert np.allclose(scorer.score(image, MASK, NAMES[::-1]), scores[::-1], atol=1e-5)
    few = scorer.score(image, MASK, NAMES[:2])
    assert few[0] / few[1] == pytest.approx(scores[0] / scores[1], rel=1e-4)


def test_only_the_surroundings_of_the_mask_count(clip, image):
    scorer = ClipScorer(clip, tokenise)
    far, near = image.copy(), image.copy()
    far[36:] = 0  # beyond the box and its tenth of context
    near[8:30, 10:40] = 0
    assert np.array_equal(scorer.score(far, MASK, NAMES), scorer.score(image, MASK, NAMES))
    assert not np.allclose(scorer.score(near, MASK, NAMES), scorer.score(image, MASK, NAMES), atol=1e-4)


def test_the_shape_of_the_mask_counts(clip, image):
    hollow = MASK.copy()
    hollow[12:26, 14:36] = False
    scorer = ClipScorer(clip, tokenise)
    assert not np.allclose(scorer.score(image, hollow, NAMES), scorer.score(image, MASK, NAMES), atol=1e-4)


def test_an_empty_mask_is_refused(clip, image):
    with pytest.raises(ValueError, match="mask: is empty"):
        ClipScorer(clip, tokenise).score(image, np.zeros(SIZE, bool), NAMES)


def released_forward(tensors, x, alpha, heads=2, layers=2):
    """The image tower in plain operations over the released names: [B, 3, S, S] and [B, 1, S, S] to [B, d]."""
    x = F.conv2d(x, tensors["conv1.weight"], stride=8) + F.conv2d(alpha, tensors["conv1_alpha.weight"], stride=8)
    x = x.flatten(2).mT  # [B, g g, w]
    x = torch.cat([tensors["class_embedding"].expand(len(x), 1, -1), x], 1) + tensors["positional_embedding"]
    width = x.shape[-1]

    def norm(y, name):
        return F.layer_norm(y, (width,), tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    def linear(y, name):
        return F.linear(y, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    x = norm(x, "ln_pre")
    for k in range(layers):
        block = f"transformer.resblocks.{k}"
        parts = linear(norm(x, f"{block}.ln_1"), f"{block}.attn.in_proj").chunk(3, -1)
        q, key, v = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in parts)  # [B, h, n, w / h]
        mixed = F.scaled_dot_product_attention(q, key, v).transpose(1, 2).flatten(2)
        x = x + linear(mixed, f"{block}.attn.out_proj")
        y = linear(norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc")
        x = x + linear(y * torch.sigmoid(1.702 * y), f"{block}.mlp.c_proj")
    return norm(x[:, 0], "ln_post") @ tensors["proj"]


def test_alpha_clips_released_weights_give_its_features(clip, alpha_file):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, 32, 32, generator=generator)
    released = released_alpha(clip)
    expected = released_forward(released, x[:, :3], x[:, 3:])
    with torch.inference_mode():
        assert torch.allclose(alpha_tower(clip, alpha_file)(x), expected, atol=1e-5)
    plain = released_forward(released | {"conv1_alpha.weight": torch.zeros(16, 1, 8, 8)}, x[:, :3], x[:, 3:])
    assert not torch.allclose(plain, expected, atol=1e-3)


def test_alpha_clip_sees_the_whole_photo_and_the_mask(clip, alpha_file, image):
    scorer = ClipScorer(clip, tokenise, alpha_tower(clip, alpha_file))
    assert scorer.name == "alpha-clip"
    scores = scorer.score(image, MASK, NAMES)
    assert scores.sum() == pytest.approx(1)
    assert not np.array_equal(scorer.score(image, ~MASK, NAMES), scores)
    far = image.copy()
    far[36:] = 0
    assert not np.array_equal(scorer.score(far, MASK, NAMES), scores)


def test_the_fourth_channel_is_normalised_as_released():
    x = with_alpha(torch.zeros(3, 32, 32), box_mask(SIZE, 32, 0, 64, 40))
    assert x.shape == (4, 32, 32)
    assert torch.allclose(x[3, :, :14], torch.tensor(-0.5 / 0.26))
    assert torch.allclose(x[3, :, 18:], torch.tensor(0.5 / 0.26))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("ln_pre.weight"), "1 keys are missing, first 'vision.pre_layrnorm.weight'"),
        (lambda t: t.update(extra=torch.zeros(1)), "1 keys are unexpected, first 'extra'"),
        (lambda t: t.update({"proj": torch.zeros(16, 7)}), "'projection.weight' has shape"),
    ],
)
def test_weights_of_another_model_are_refused(change, message, clip, tmp_path):
    tensors = released_alpha(clip)
    change(tensors)
    torch.save(tensors, tmp_path / "alpha.pth")
    with pytest.raises(ValueError, match=message):
        alpha_tower(clip, tmp_path / "alpha.pth")


def test_attention_is_taken_apart_in_order():
    found = converted({"transformer.resblocks.3.attn.in_proj.bias": torch.arange(6.0)})
    start = "vision.encoder.layers.3.self_attn"
    assert {key: value.tolist() for key, value in found.items()} == {
        f"{start}.q_proj.bias": [0, 1],
        f"{start}.k_proj.bias": [2, 3],
        f"{start}.v_proj.bias": [4, 5],
    }


def test_models_are_read_from_folders(clip, alpha_file, image, tmp_path):
    folder = clip_folder(tmp_path / "clip")
    scorer = load_clip(folder)
    ids, attention = scorer.tokenise(["a b", "c d e"])
    assert ids.shape == attention.shape
    assert attention.sum(1).tolist() == [4, 5]  # start, letters, end
    assert scorer.score(image, MASK, ["a", "h"]).sum() == pytest.approx(1)
    assert load_alpha_clip(folder, alpha_file).score(image, MASK, ["a", "h"]).sum() == pytest.approx(1)
    with pytest.raises(FileNotFoundError):
        load_alpha_clip(folder, tmp_path / "nowhere.pth")


def test_folders_without_clip_or_tokeniser(clip, tmp_path):
    with pytest.raises(WeightsMissing, match=r"CLIPModel: .* lacks config.json or model.safetensors"):
        load_clip(tmp_path / "nowhere")
    clip.save_pretrained(tmp_path / "clip")
    with pytest.raises(WeightsMissing, match=r"lacks tokenizer\.json, or vocab\.json"):
        load_clip(tmp_path / "clip")
    (tmp_path / "clip/tokenizer.json").write_text("torn")
    with pytest.raises(ValueError, match="the tokeniser in"):
        load_clip(tmp_path / "clip")
