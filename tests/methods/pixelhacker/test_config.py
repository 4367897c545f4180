"""PixelHacker's settings: what fits together and what does not. Needs no torch."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from retouch.methods.pixelhacker.config import VARIANTS, Network, PixelHackerConfig, variant


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
    with pytest.raises(ValueError, match="variant: is 'large'; accepted: paper, small"):
        variant("large")


def test_settings_import_no_torch():
    code = "import sys, retouch.methods.pixelhacker.config; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
