"""Numbers of the prior and the alignment: what is refused, and how large the named ones are."""

import pytest
from pydantic import ValidationError

from retouch.methods.asuka.config import ALIGNMENTS, MAE_VARIANTS, Align, Mae, MaeConfig, mae_run_defaults
from retouch.train.catalogue import find_trainable
from retouch.train.reading import read_settings

GIVEN = {"train.out": "out", "data.photos": "album"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 250}, "size: is 250; accepted: multiples of patch, 16"),
        ({"prior_depth": 9}, "prior_depth: is 9; accepted: 1 to decoder_depth, 8"),
        ({"heads": 7}, "heads: is 7; accepted: divisors of the width 768"),
        ({"decoder_heads": 3}, "decoder_heads: is 3; accepted: divisors of the width 512"),
        ({"width": 770}, "multiple of 4"),
        ({"alpha": 1.5}, "less than or equal to 1"),
        ({"class_token": True}, "class_token"),
    ],
)
def test_an_autoencoder_that_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        Mae(**changes)


def test_an_alignment_of_broken_heads_is_refused():
    with pytest.raises(ValidationError, match="width: is 100; accepted: multiples of head, 64"):
        Align(width=100)


@pytest.mark.parametrize("changes", [{"training": {"removed": 1.0}}, {"training": {"loss": "l1"}}, {"rate": 1}])
def test_training_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValidationError):
        MaeConfig(**changes)


def test_sizes_of_the_named_networks():
    torch = pytest.importorskip("torch")
    from retouch.methods.asuka.align import Alignment
    from retouch.methods.asuka.mae import MaskedAutoencoder

    def count(make, config):
        with torch.device("meta"):
            return sum(p.numel() for p in make(config).parameters())

    # The released autoencoder has 112.5 M with its positions, which we compute: 256 x (768 + 512).
    assert count(MaskedAutoencoder, MAE_VARIANTS["paper"].network) + 256 * (768 + 512) == pytest.approx(
        112.5e6, rel=1e-3
    )
    assert count(MaskedAutoencoder, MAE_VARIANTS["small"].network) < 8e6
    assert count(Alignment, ALIGNMENTS["flux-clip"]) == pytest.approx((35.8 - 7.1) * 1e6, rel=2e-3)
    assert count(Alignment, ALIGNMENTS["flux-t5"]) == pytest.approx((1008.9 - 201.4) * 1e6, rel=2e-3)
    assert count(Alignment, ALIGNMENTS["sd15"]) == count(Alignment, ALIGNMENTS["flux-clip"])


def test_the_papers_prior():
    network = MAE_VARIANTS["paper"].network
    assert (network.tokens, network.decoder_width, network.prior_depth) == (256, 512, 6)
    assert MAE_VARIANTS["small"].network.tokens == network.tokens
    assert {name: (a.width, a.pooled) for name, a in ALIGNMENTS.items()} == {
        "sd15": (768, False),
        "flux-clip": (768, True),
        "flux-t5": (4096, False),
    }


def test_the_papers_run_reaches_the_settings():
    method = find_trainable("asuka-mae")
    settings = read_settings(method, None, ["variant=paper"], GIVEN)
    assert (settings.train.batch, settings.data.size, settings.data.holes) == (1024, 256, "asuka")
    assert (settings.train.schedule.kind, settings.train.schedule.warm_up) == ("cosine", 17_600)
    assert settings.data.scale == (0.2, 1.0)
    other = read_settings(method, None, ["variant=small", "train.schedule.warm_up=9", "method.network.size=128"], GIVEN)
    assert (other.train.schedule.kind, other.train.schedule.warm_up, other.data.size) == ("cosine", 9, 128)


def test_defaults_are_dotted_keys_of_the_run():
    defaults = mae_run_defaults(MAE_VARIANTS["small"])
    assert defaults["train.steps"] == MAE_VARIANTS["small"].run.steps
    assert all(key.split(".")[0] in ("train", "data") for key in defaults)
