"""What a dry run finds out: parameters exactly, memory by what a step keeps."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from torch.nn import functional as F  # noqa: E402

from retouch.train.config import TrainConfig  # noqa: E402
from retouch.train.dry_run import estimate  # noqa: E402
from retouch.train.recipe import Phase  # noqa: E402
from retouch.train.unet.config import UnetConfig  # noqa: E402
from retouch.train.unet.recipe import UnetRecipe  # noqa: E402

from .recipes import SIDE, GanRecipe, Memory  # noqa: E402


class Chain:
    """One known layer after another: what they keep can be counted by hand."""

    ema = ("chain",)

    def __init__(self):
        self.networks = {"chain": torch.nn.ModuleList(torch.nn.Conv2d(3, 3, 1, bias=False) for _ in range(3))}
        self.judge = torch.nn.Conv2d(3, 3, 1, bias=False).requires_grad_(False)

    def optimisers(self):
        return {"chain": torch.optim.AdamW(self.networks["chain"].parameters())}

    def step(self, batch, k):
        for _ in range(2):  # the second graph comes when the first is gone
            x = batch.photos
            for layer in self.networks["chain"]:
                x = layer(x)
            yield Phase("chain", self.judge(x).mean())


def config(**changes):
    return TrainConfig(**{"out": "nowhere", "steps": 3, "batch": 8, **changes})


def test_bytes_are_what_a_step_keeps():
    found = estimate(Chain(), Memory(), config())
    weights = 3 * 9 * 4
    assert (found.weights, found.gradients, found.averages) == (weights, weights, weights)
    assert found.optimisers == pytest.approx(2 * weights, abs=3 * 8)  # two moments, and three counters
    pictures = 4 * (3 * SIDE * SIDE * 4)  # the inputs of three layers and of the judge
    judge = 9 * 4
    assert found.activations == 8 * pictures + judge
    assert found.total == found.weights + found.gradients + found.optimisers + found.averages + found.activations


def test_micro_batches_and_processes_share_the_batch():
    whole = estimate(Chain(), Memory(), config())
    halves = estimate(Chain(), Memory(), config(micro_batch=4))
    two = estimate(Chain(), Memory(), config(), processes=2)
    assert (whole.micro_batch, whole.accumulate) == (8, 1)
    assert (halves.micro_batch, halves.accumulate) == (4, 2)
    assert (two.micro_batch, two.accumulate) == (4, 1)
    assert halves.activations == two.activations == pytest.approx(whole.activations / 2, abs=36)


def test_networks_are_told_apart():
    generator, discriminator = estimate(GanRecipe(), Memory(), config()).networks
    assert (generator.name, generator.averaged) == ("generator", True)
    assert (discriminator.name, discriminator.averaged) == ("discriminator", False)
    assert generator.parameters == generator.trainable == 4 * 9 * 8 + 8 + 8 * 9 * 8 + 8 + 12 * 9 * 3 + 3
    assert discriminator.parameters == discriminator.trainable


def test_what_has_no_optimiser_does_not_learn():
    class Half(Chain):
        def optimisers(self):
            return {"chain": torch.optim.SGD([self.networks["chain"][0].weight])}

    found = estimate(Half(), Memory(), config())
    assert (found.networks[0].parameters, found.networks[0].trainable) == (27, 9)
    assert found.gradients == 36
    assert found.optimisers == 0


def test_checkpointing_and_half_precision_keep_less():
    unet = UnetConfig(width=4)

    class Wide(Memory):
        def batches(self, *args, **kwargs):
            for batch in super().batches(*args, **kwargs):
                yield type(batch)(F.interpolate(batch.photos, 32), F.interpolate(batch.holes, 32), batch.seeds)

    plain = estimate(UnetRecipe(unet), Wide(), config())
    assert estimate(UnetRecipe(unet), Wide(), config(gradient_checkpointing=True)).activations < plain.activations
    assert estimate(UnetRecipe(unet), Wide(), config(precision="bf16")).activations < plain.activations


def test_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    estimate(Chain(), Memory(), config())
    assert list(tmp_path.iterdir()) == []


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="micro_batch: is 3; accepted: a divisor of 8"):
        estimate(Chain(), Memory(), config(micro_batch=3))
