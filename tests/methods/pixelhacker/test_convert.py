"""Released checkpoints under our names; whatever does not fit is named."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.pixelhacker.convert import convert, our_name, their_name  # noqa: E402
from tests.methods.pixelhacker.tiny import TINY, inputs, model, released  # noqa: E402


@pytest.fixture
def checkpoint():
    """A released checkpoint of toy size."""
    return {their_name(name): value for name, value in model().state_dict().items()}


def test_the_network_is_the_same(checkpoint):
    found, given = released(checkpoint, TINY), inputs()
    assert (found(*given) == model()(*given)).all()


def test_names_both_ways(checkpoint):
    for key in checkpoint:
        assert their_name(our_name(key)) == key
    assert our_name("diff_model.encoder_hid_proj.bias") == "projection.bias"
    assert our_name("diff_model.conv_in.bias") == "unet.conv_in.bias"


def test_unknown_prefix(checkpoint):
    checkpoint["module.diff_model.conv_in.bias"] = torch.zeros(16)
    with pytest.raises(ValueError, match=r"'module.diff_model.conv_in.bias' is unknown; accepted: .*diff_model"):
        released(checkpoint, TINY)


def test_our_names_are_no_released_ones():
    with pytest.raises(ValueError, match="'encoder' is unknown; accepted: embedding"):
        their_name("encoder")


def test_unexpected_weight(checkpoint):
    checkpoint["diff_model.conv_middle.bias"] = torch.zeros(16)
    with pytest.raises(ValueError, match=r"'diff_model.conv_middle.bias' is unexpected"):
        released(checkpoint, TINY)


def test_softmax_attention_is_refused(checkpoint):
    """Stable Diffusion's own checkpoints have no linear attention: read leniently, ours would stay random."""
    broken = {key.replace("attn1.q_proj", "attn1.to_q"): value for key, value in checkpoint.items()}
    with pytest.raises(ValueError, match=r"tensors: \d+ keys are missing, first 'diff_model.*attn1.q_proj.weight'"):
        released(broken, TINY)


def test_missing_weight(checkpoint):
    del checkpoint["embedding_layer.weight"]
    with pytest.raises(ValueError, match=r"1 keys are missing, first 'embedding_layer.weight'"):
        released(checkpoint, TINY)


def test_another_shape(checkpoint):
    checkpoint["embedding_layer.weight"] = torch.zeros(64, 20)
    with pytest.raises(ValueError, match=r"'embedding_layer.weight' has the shape \[64, 20\]; accepted: \[6, 20\]"):
        released(checkpoint, TINY)


def test_nothing():
    with pytest.raises(ValueError, match="1 keys are missing"):
        convert({}, {"embedding.weight": (6, 20)})
