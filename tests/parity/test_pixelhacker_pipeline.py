"""PixelHacker's sampling, and what the released script does around it, against the released pipeline."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retouch.methods.pixelhacker.config import Network
from retouch.methods.pixelhacker.official import finish, prepare
from retouch.methods.pixelhacker.sample import OFFICIAL, Draws, sample
from tests.parity.inputs_of_goldens import PARITY, needs_goldens

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

pytestmark = needs_goldens

CASES = ("cfg", "paste", "compensate", "plain", "half")
SCALE = 0.13025


class Codec:
    """The goldens' stand-in for the VAE, which notes what it encodes."""

    channels, factor = 4, 8

    def __init__(self):
        self.encoded = []

    def encode(self, photos, draw):
        self.encoded.append(photos)
        mean = 6 * torch.nn.functional.avg_pool2d(photos, 8)
        mean = torch.cat([mean, mean.mean(1, keepdim=True)], 1)
        return (mean + torch.full_like(mean, -4.0).mul(0.5).exp() * draw) * SCALE

    def decode(self, latents):
        return (latents / SCALE)[:, :3].div(6).repeat_interleave(8, 2).repeat_interleave(8, 3)


class Denoiser:
    """The goldens' stand-in for the network, which notes what it is given."""

    config = Network()

    def __init__(self):
        self.given = []

    def context(self, ids):
        return ids

    def denoise(self, x, timesteps, context):
        self.given.append((x, timesteps, context))
        c = ((9.5 - context.float().mean(1)) / 5)[:, None, None, None]
        inner = 0.8 * x[:, :4] + 0.3 * x[:, 5:] + 0.2 * x[:, 4:5] + 0.5 * c - 0.1
        return torch.tanh(inner) + 0.1 * timesteps[:, None, None, None] / 1000


@pytest.fixture(scope="module")
def golden():
    return np.load(PARITY / "pixelhacker" / "pipeline.npz")


@pytest.fixture(scope="module")
def cases():
    return json.loads((PARITY / "pixelhacker" / "manifest.json").read_text())["pipeline"]["cases"]


def test_every_case_is_looked_at(golden, cases):
    assert set(cases) == {name.split(".")[0] for name in golden.files} == set(CASES)


def inputs(golden, name, case):
    """(photo, mask) as images, and as the network gets them."""
    image, mask = (Image.fromarray(golden[f"{name}.in.{what}"]) for what in ("image", "mask"))
    pixels, hole = prepare(image, mask, case["image_size"], case.get("mask_dilate_kernel_size", 0))
    photos = torch.from_numpy(pixels.transpose(2, 0, 1)[None])
    return image, mask, photos, torch.from_numpy(hole[None, None].astype(np.float32))


def settings(case):
    """The released pipeline's arguments as a Sampling: from a strength of 1 on it starts from noise alone."""
    strength = case["strength"]
    return replace(
        OFFICIAL,
        steps=case["num_steps"],
        guidance=case["guidance_scale"],
        strength=strength,
        start="noise" if strength >= 1 else "image",
        noise_offset=case["noise_offset"] or 0.0,
    )


@pytest.mark.parametrize("name", CASES)
def test_the_photo_and_its_hole_are_prepared_alike(golden, cases, name):
    _, _, photos, holes = inputs(golden, name, cases[name])
    np.testing.assert_array_equal(photos, golden[f"{name}.pre.image"])
    np.testing.assert_array_equal(photos * (1 - holes), golden[f"{name}.pre.masked"])


@pytest.mark.parametrize("name", CASES)
def test_every_step_and_the_result(golden, cases, name):
    case = cases[name]
    image, mask, photos, holes = inputs(golden, name, case)
    drawn = {what: torch.from_numpy(golden[f"{name}.noise.{what}"]) for what in ("vae_image", "vae_masked", "base")}
    offset = golden[f"{name}.noise.offset"] if f"{name}.noise.offset" in golden else np.zeros((1, 4, 1, 1), np.float32)
    draws = Draws(drawn["vae_image"], drawn["vae_masked"], drawn["base"], torch.from_numpy(offset))
    codec, denoiser = Codec(), Denoiser()
    steps = list(sample(denoiser, codec, photos, holes, draws, settings(case)))

    assert [step.timestep for step in steps] == case["timesteps"]
    assert denoiser.given[0][2].tolist() == case["input_ids"]
    assert list(denoiser.given[0][1].shape) == case["t_shape"]
    np.testing.assert_array_equal(denoiser.given[0][0], golden[f"{name}.step0.input"])
    count = len(photos)
    noisy = np.stack([x[:count, :4] for x, _, _ in denoiser.given])
    np.testing.assert_array_equal(noisy, golden[f"{name}.steps.noisy"])
    np.testing.assert_array_equal(steps[-1].latents / SCALE, golden[f"{name}.final"])

    filled = codec.decode(steps[-1].latents)[0].permute(1, 2, 0).numpy()
    done = finish(filled, image, mask, case.get("paste", False), case.get("compensate", False))
    np.testing.assert_array_equal(np.asarray(done), golden[f"{name}.out"])


def test_seed_0_of_torch_draws_what_the_released_script_draws(golden):
    from retouch.methods.pixelhacker.pipeline import draw_official

    draws = draw_official(torch.Generator().manual_seed(0), golden["cfg.noise.base"].shape[1:])
    for what, drawn in (("vae_image", draws.image), ("vae_masked", draws.masked), ("base", draws.base)):
        np.testing.assert_array_equal(drawn, golden[f"cfg.noise.{what}"])
    np.testing.assert_array_equal(draws.offset, golden["cfg.noise.offset"])
