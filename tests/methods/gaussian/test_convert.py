"""Names of released weights."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.gaussian.convert import convert, convert_dinov2, our_name  # noqa: E402
from retouch.methods.gaussian.semantic import interpolate_positions  # noqa: E402
from retouch.weights import fill_module  # noqa: E402
from tests.methods.gaussian.tiny import generator  # noqa: E402


def test_names():
    assert our_name("encoder.encoder.mid_res.8.adapter_mlp.bias") == "encoder.bottleneck.8.factors.bias"
    assert our_name("encoder.encoder.mid_res.3.conv_block.6.weight") == "encoder.bottleneck.3.convolutions.6.weight"
    assert our_name("feature_map.mlp_gaudict.layers.8.weight") == "decoder.covariance.keys.8.weight"


def test_dropped():
    x = torch.zeros(1)
    given = {"dino_model.blocks.0.norm1.weight": x, "encoder.encoder.skip_linear.0.bias": x}
    assert convert(given | {"encoder.conv_out.bias": x}) == {"encoder.to_patches.bias": x}


@pytest.mark.parametrize("key", ["encoder.conv_out.scale", "encoder.encoder.mid_res.0.attention.weight", "step", ""])
def test_unknown(key):
    with pytest.raises(ValueError, match=f"key: '{key}' is unknown; accepted: names of the released 2DGS"):
        convert({key: torch.zeros(1)})


def test_weights_of_another_size_are_refused():
    made = generator()
    with pytest.raises(ValueError, match=r"other.pth: 'encoder.to_patches.bias' has shape \(5,\); accepted: \(96,\)"):
        fill_module(made, made.state_dict() | {"encoder.to_patches.bias": torch.zeros(5)}, "other.pth")


def test_dinov2_rows_of_queries_keys_and_values():
    rows = torch.arange(6.0)
    converted = convert_dinov2({"blocks.11.attn.qkv.bias": rows, "norm.bias": rows})
    assert converted["layernorm.bias"] is rows
    for part, expected in (("query", [0, 1]), ("key", [2, 3]), ("value", [4, 5])):
        assert converted[f"encoder.layer.11.attention.attention.{part}.bias"].tolist() == expected


def test_dinov2_unknown():
    with pytest.raises(ValueError, match="key: 'register_tokens' is unknown; accepted: names of DINOv2"):
        convert_dinov2({"register_tokens": torch.zeros(1)})


def test_positions_keep_their_place():
    grid = torch.arange(37.0).repeat_interleave(37)  # the row
    positions = torch.cat([torch.full((1,), -5.0), grid])[None, :, None]  # [1, 1370, 1]
    ours = interpolate_positions(positions, 16)
    assert ours.shape == (1, 257, 1)
    assert ours[0, 0, 0] == -5
    rows = ours[0, 1:, 0].reshape(16, 16)
    torch.testing.assert_close(rows, rows[:, :1].expand(16, 16))
    # The official 0.1 samples at (i + 1/2) 37 / 16.1 - 1/2 instead of (i + 1/2) 37 / 16 - 1/2.
    inner = torch.arange(2.0, 14.0)
    # The two rules lie up to 0.19 apart; bicubic interpolation of a ramp is off by at most 0.05.
    torch.testing.assert_close(rows[2:14, 0], (inner + 0.5) * 37 / 16.1 - 0.5, rtol=0, atol=0.06)
