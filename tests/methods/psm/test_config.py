"""The configuration: variants, and what is refused."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from retouch.methods.psm.config import VARIANTS, Network, PsmConfig, variant


def test_the_papers_numbers():
    large, ablation = variant("paper-512"), variant("paper-256")
    for each in (large, ablation):
        assert each.network.channels == (64, 128, 256, 512, 512, 512)
        assert each.network.attention == (4, 5)
        assert each.network.guided
    assert (large.size, large.trained_iterations, large.iterations) == (512, 2, 4)
    assert (ablation.size, ablation.trained_iterations, ablation.iterations) == (256, 3, 3)


def test_small_runs_twice():
    assert (variant("small").size, variant("small").iterations) == (256, 2)


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_survive_json(name):
    assert PsmConfig.model_validate_json(variant(name).model_dump_json()) == variant(name)


def test_unknown_variant():
    with pytest.raises(ValueError, match="variant: is 'tiny'; accepted: paper-512, paper-256, small"):
        variant("tiny")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": (64, 128, 256)}, "Field required"),
        ({"channels": (64, 128, 256, 512, 512, 0)}, "greater than 0"),
        ({"heads": 7}, "heads: is 7; accepted: divisors of the channels at 1/16, 512"),
        ({"channels": (8, 8, 8, 8, 16, 12)}, "heads: is 8; accepted: divisors of the channels at 1/32, 12"),
        ({"attention": (3,)}, "Input should be 4 or 5"),
        ({"latent": 0}, "greater than or equal to 1"),
        ({"chanels": 1}, "Extra inputs are not permitted"),
    ],
)
def test_networks_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Network(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iterations": 0}, "greater than or equal to 1"),
        ({"iterations": 257}, "less than or equal to 256"),
        ({"training": {"absolute": float("inf")}}, r"(?s)training.absolute.*finite number"),
        ({"training": {"discriminator": 0.015}}, r"(?s)training.discriminator.*greater than or equal to 0.015625"),
        ({"size": 500}, "multiple of 32"),
        ({"size": 32}, "greater than or equal to 64"),
        ({"iteration": 2}, "Extra inputs are not permitted"),
    ],
)
def test_uses_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        PsmConfig(**changes)


def test_heads_do_not_matter_where_nothing_attends():
    assert Network(channels=(8, 8, 8, 8, 12, 16), attention=(5,)).heads == 8


def test_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        variant("small").iterations = 3


def test_needs_no_torch():
    code = "import sys, retouch.methods.psm.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
