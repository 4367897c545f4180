"""PixelHacker's settings: what fits together and what does not. Needs no torch."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from retouch.methods.pixelhacker.config import VARIANTS, Network, PixelHackerConfig, Training, run_defaults, variant


def test_categories_share_the_rows():
    network = Network(embedding_rows=64)
    assert network.tokens == 32
    assert network.ids("background") == tuple(range(32))
    assert network.ids("foreground") == tuple(range(32, 64))


def test_unknown_category():
    with pytest.raises(ValueError, match="category: is 'fg'; accepted: background, foreground"):
        Network().ids("fg")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"in_channels": 8}, r"in_channels: is 8; accepted: 2 \* out_channels \+ 1, 9"),
        ({"block_out_channels": (320, 100)}, "block_out_channels: has 100; accepted: multiples of groups, 32"),
        ({"block_out_channels": (96, 32), "heads": 3}, r"has 32; accepted: .* of 2 \* heads, 6"),
        ({"block_out_channels": (320,)}, "block_out_channels"),
        ({"embedding_rows": 21}, "embedding_rows"),
        ({"gate": "inner"}, "gate"),
        ({"temperature": 0}, "temperature"),
        ({"depth": 2}, "depth"),
    ],
)
def test_networks_that_do_not_fit(settings, message):
    with pytest.raises(ValidationError, match=message):
        Network(**settings)


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        PixelHackerConfig().size = 256


def test_variants():
    assert variant("paper") is VARIANTS["paper"]
    assert variant("paper").network == Network()
    with pytest.raises(ValueError, match="variant: is 'large'; accepted: small, paper"):
        variant("large")


def test_pixels_are_colours():
    with pytest.raises(ValidationError, match=r"network.out_channels: is 4; accepted: 3 with space 'pixel'"):
        PixelHackerConfig(space="pixel")


def test_adapters_have_a_base():
    """The rest is frozen, so of fresh weights nothing would become."""
    with pytest.raises(ValidationError, match=r"lora_rank: is 4 without a start; accepted: 0, or a start"):
        PixelHackerConfig(training=Training(lora_rank=4))
    with pytest.raises(ValidationError, match="lora_rank"):
        Training(lora_rank=-1)


def test_runs_of_the_variants():
    """Section 4.2: steps and batch of pre-training and of the three fine-tunings; Table 7: 36,000 steps."""
    found = {name: run_defaults(config) for name, config in VARIANTS.items()}
    lengths = {name: (run["train.steps"], run["train.batch"], run["data.size"]) for name, run in found.items()}
    assert lengths["paper"] == (200_000, 528, 512)
    assert lengths["paper-places2"] == (120_000, 528, 512)
    assert lengths["paper-celebahq"] == (90_000, 352, 512)
    assert lengths["paper-ffhq"] == (60_000, 528, 512)
    for rows in (64, 256, 1024):
        assert VARIANTS[f"paper-rows-{rows}"].network.tokens == rows // 2
        assert lengths[f"paper-rows-{rows}"][0] == 36_000
    masks = [found[f"paper-masks-{name}"] for name in ("scene", "random", "all")]
    assert [run["data.combine"] for run in masks] == ["scene", "scene-random", "union"]  # Table 6
    assert {run["train.steps"] for run in masks} == {12_000}
    assert "data.combine" not in found["paper"]
    assert found["paper"]["train.ema"] == {"decay": 0.9999}
    assert "train.ema" not in found["small"]


def test_settings_import_no_torch():
    code = "import sys, retouch.methods.pixelhacker.config; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
