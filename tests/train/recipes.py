"""Toy recipes and data for the tests: a tiny U-Net with L1, and a GAN with everything that GANs do."""

import torch
from torch import nn
from torch.nn import functional as F

from retouch.train.batch import Batch
from retouch.train.recipe import Phase, frozen
from retouch.train.seeds import normal, sample_seed, seeded, uniform

SIDE = 8


class Memory:
    """Photos made of their seeds: 10 of them, in the same order each epoch."""

    description = "coloured noise"

    def __init__(self, fingerprint="noise"):
        self.fingerprint = fingerprint

    def batches(self, first, *, batch, seed, rank, processes):
        local = batch // processes
        while True:
            positions = range(first * batch + rank * local, first * batch + (rank + 1) * local)
            seeds = torch.tensor([sample_seed(seed, *divmod(position, 10)) for position in positions])
            photos = 0.8 * uniform(seeds, (3, 1, 1), "colour") + 0.2 * uniform(seeds, (3, SIDE, SIDE), "grain")
            holes = (uniform(seeds, (1, SIDE, SIDE), "hole") < 0.4).float()
            yield Batch(photos, holes, seeds)
            first += 1


class Unet(nn.Module):
    """[B, 4, H, W] -> [B, 3, H, W], one level of skips."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(4, 8, 3, stride=2, padding=1)
        self.up = nn.Conv2d(8, 8, 3, padding=1)
        self.last = nn.Conv2d(12, 3, 3, padding=1)

    def forward(self, x):
        deep = F.interpolate(torch.relu(self.up(torch.relu(self.down(x)))), scale_factor=2)
        return torch.sigmoid(self.last(torch.cat([x, deep], 1)))


def known_and_noise(batch):
    """[B, 4, H, W]: the photo, with noise in the hole, and the hole."""
    noise = normal(batch.seeds, (3, SIDE, SIDE), "noise").to(batch.photos.device)  # [B, 3, H, W]
    return torch.cat([batch.photos * (1 - batch.holes) + 0.1 * noise * batch.holes, batch.holes], 1)


class L1Recipe:
    ema = ("unet",)

    def __init__(self, make=None, rate=1e-2):
        with seeded(0):
            self.networks = {"unet": Unet()}
        self.make = make or (lambda parameters: torch.optim.AdamW(parameters, lr=rate))

    def optimisers(self):
        return {"unet": self.make(list(self.networks["unet"].parameters()))}

    def step(self, batch, k):
        filled = self.networks["unet"](known_and_noise(batch))
        loss = (filled - batch.photos).abs().mean()
        yield Phase("unet", loss, {"hole": ((filled - batch.photos).abs() * batch.holes).mean()})

    def fill(self, networks, photos, holes, seeds):
        filled = networks["unet"](known_and_noise(Batch(photos, holes, seeds)))
        return photos * (1 - holes) + filled * holes

    def describe(self):
        return {"method": "toy", "variant": "tiny", "config": {"side": SIDE}}

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        assert not state


class GanRecipe(L1Recipe):
    """Alternating updates, lazy R1 every 4 steps, an adaptive weight, an adapting probability, dropout."""

    ema = ("generator",)

    def __init__(self, adaptive=True):
        with seeded(0):
            judge = (nn.Conv2d(4, 8, 3, stride=2), nn.LeakyReLU(0.2), nn.Dropout(0.1 * adaptive), nn.Conv2d(8, 1, 3))
            self.networks = {"generator": Unet(), "discriminator": nn.Sequential(*judge)}
        self.adaptive = adaptive
        self.p = 0.5
        self.mean = torch.zeros(3)  # running mean of colours

    def optimisers(self):
        generator, discriminator = (self.networks[n].parameters() for n in ("generator", "discriminator"))
        make = torch.optim.Adam
        return {
            "generator": make(generator, lr=2e-3, betas=(0.0, 0.99)),
            "discriminator": make(discriminator, lr=2e-3, betas=(0.0, 0.99)),
        }

    def step(self, batch, k):
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        with torch.no_grad():
            fake = generator(known_and_noise(batch))
        real = self.augment(batch.photos, batch)
        on_real = self.judge(discriminator, real, batch)
        loss = F.softplus(-on_real).mean() + F.softplus(self.judge(discriminator, fake, batch)).mean()
        yield Phase("discriminator", loss, {"on real": on_real.mean()})
        if self.adaptive:
            self.p = min(max(self.p + 0.05 * float(on_real.detach().sign().mean()), 0.0), 1.0)
            self.mean = 0.9 * self.mean + 0.1 * batch.photos.mean((0, 2, 3)).cpu()
        if k % 4 == 0:
            photos = batch.photos.clone().requires_grad_()
            slope = torch.autograd.grad(self.judge(discriminator, photos, batch).sum(), photos, create_graph=True)[0]
            yield Phase("discriminator", 4 * slope.square().sum((1, 2, 3)).mean(), {"r1": slope.square().mean()})
        fake = generator(known_and_noise(batch))
        with frozen(discriminator):
            adversarial = F.softplus(-self.judge(discriminator, fake, batch)).mean()
        near = (fake - batch.photos).abs().mean()
        if self.adaptive:  # like the weight and p: of a whole micro-batch, so it must not be cut
            near = near + (fake.mean((0, 2, 3)) - self.mean.to(fake.device)).square().mean()
        yield Phase("generator", near + self.weight(near, adversarial) * adversarial, {"near": near})

    def weight(self, near, adversarial):
        if not self.adaptive:
            return 0.1
        last = self.networks["generator"].last.weight
        slopes = [torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (near, adversarial)]
        return (slopes[0] / (slopes[1] + 1e-4)).clamp(0, 1e4).detach()

    def augment(self, photos, batch):
        flip = uniform(batch.seeds, (1, 1, 1), "flip").to(photos.device) < self.p
        return torch.where(flip, photos.flip(3), photos)

    def judge(self, discriminator, photos, batch):
        return discriminator(torch.cat([photos, batch.holes], 1))

    def fill(self, networks, photos, holes, seeds):
        return super().fill({"unet": networks["generator"]}, photos, holes, seeds)

    def state_dict(self):
        return {"p": self.p, "mean": self.mean}

    def load_state_dict(self, state):
        self.p, self.mean = state["p"], state["mean"].cpu()


RECIPES = {"l1": L1Recipe, "gan": GanRecipe, "plain-gan": lambda: GanRecipe(adaptive=False)}
