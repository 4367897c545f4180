"""The configuration: variants, switches, and what is refused."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from retouch.methods.gaussian.config import VARIANTS, GaussianConfig, Loss, Network, variant


def test_table_3():
    celeba, places = variant("paper-celebahq"), variant("paper-places2")
    for each in (celeba, places):
        network = each.network
        assert (network.patch, network.gaussians, network.hidden, network.overlap) == (16, 324, 12, 1)
        assert (each.run.size, each.run.batch) == (256, 64)
        rates = (each.optimisation.rate, each.optimisation.discriminator_rate)
        assert (each.optimisation.optimiser, *rates) == ("adam", 2e-4, 2e-4)
        assert (each.loss.l1, each.loss.alignment) == (1, 1)
    assert (celeba.loss.perceptual, celeba.loss.adversarial, celeba.run.steps) == (2, 0.2, 60_000)
    assert (places.loss.perceptual, places.loss.adversarial, places.run.steps) == (3, 0.3, 200_000)
    assert (celeba.run.curriculum.every, places.run.curriculum.every) == (20, 1)
    assert variant("paper-imagenet100").run.steps == 100_000


def test_what_the_released_code_does_otherwise():
    code, paper = variant("code").network.model_dump(), variant("paper-places2").network.model_dump()
    assert {k: code[k] for k in code if code[k] != paper[k]} == {
        "normalise": "raw",
        "degenerate": "dc",
        "start": "zero",
    }
    assert variant("code").loss.clamp
    assert not Loss().clamp
    assert variant("code").loss.lpips == "unit"


def test_options_of_the_papers_wording_are_off():
    default = GaussianConfig()
    assert default.loss.reconstruction == "single"
    n = default.network
    assert (n.norm, n.covariance, n.opacity) == ("instance", "dictionary", "constant")
    assert (n.blending, n.lattice, n.degenerate) == ("code", "code", "skip")


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_survive_json(name):
    config = variant(name)
    assert GaussianConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize("size", [63, 8, 0])
def test_a_run_is_of_whole_patches(size):
    with pytest.raises(ValueError, match=r"run\.size|run\.size: is|greater than"):
        GaussianConfig.model_validate({"run": {"size": size}})


def test_unknown_variant():
    with pytest.raises(ValueError, match=r"variant: is 'tiny'; accepted: small, paper-celebahq, .*, code"):
        variant("tiny")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gaussians": 200}, "gaussians: is 200; accepted: square numbers"),
        ({"overlap": 8}, "overlap: is 8; accepted: less than half"),
        ({"patch": 12}, "multiple of 8"),
        ({"width": 24}, "width: is 24; accepted: multiples of groups, 16"),
        ({"semantics": "vgg16", "normalise": "raw"}, "normalise: is 'raw' with 'vgg16'"),
        ({"semantics": "dino"}, "dinov2"),
        ({"covariance": "free"}, "dictionary"),
        ({"gausians": 100}, "Extra inputs are not permitted"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Network(**changes)


def test_needs_no_torch():
    code = "import sys, retouch.methods.gaussian.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
