"""The conditioned decoder against the official one: condition features and images, all goldens of decoder.npz."""

import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, module, needs_goldens

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from retouch.methods.asuka.decoder import ConditionedDecoder  # noqa: E402
from retouch.methods.asuka.decoder_convert import convert_decoder  # noqa: E402

pytestmark = needs_goldens

FOLDER = PARITY / "asuka"
WIDTHS = (128, 256, 512, 512)
TAGS = ("flux_full", "flux_full_soft", "sd_full", "sd_small", "sd_noconcat", "sd_gate")


@pytest.fixture(scope="module")
def goldens():
    return np.load(FOLDER / "decoder.npz")


@pytest.fixture(scope="module", params=TAGS)
def case(request):
    tag = request.param
    component = json.loads((FOLDER / "manifest_decoder.json").read_text())["components"][tag.removesuffix("_soft")]
    config, made = component["config"], fill()
    with torch.device("meta"):  # first weights would take longer than everything else
        decoder = ConditionedDecoder(
            config["z_channels"], WIDTHS, config["num_res_blocks"], 32, config["concat_mask"], config["gate_conv"]
        ).eval()
    official = {key: torch.from_numpy(made.fill(key, tuple(shape))) for key, shape in component["keys"].items()}
    decoder.load_state_dict(convert_decoder(official), assign=True)
    inputs, n, channels = module(FOLDER / "inputs.py"), 16 if "flux" in tag else 8, config["z_channels"]
    z = torch.from_numpy(2 * made.uniform(f"asuka.dec.z{channels}", (1, channels, n, n)))
    image = torch.from_numpy(inputs.image_u8(8 * n).transpose(2, 0, 1)[None] / np.float32(127.5) - 1).float()
    mask = inputs.mask01(8 * n)
    if tag.endswith("_soft"):
        mask = np.mean([np.roll(mask, shift, axis=1) for shift in range(-2, 3)], axis=0, dtype=np.float32)
    return tag, decoder, z, image, torch.from_numpy(mask)[None, None]


def test_every_golden_is_checked(goldens):
    assert {name.partition(".")[0] for name in goldens} == set(TAGS)


def test_decoded_image(case, goldens):
    tag, decoder, *inputs = case
    with torch.inference_mode():
        out = decoder(*inputs)
    np.testing.assert_allclose(out.numpy(), goldens[f"{tag}.out"], rtol=0, atol=1e-4)


def test_condition_features(case, goldens):
    tag, decoder, _, image, mask = case
    known = image * (1 - mask)
    seen = torch.cat([known, mask], 1) if decoder.condition_mask else known
    with torch.inference_mode():
        features = decoder.condition_encoder(seen)
    found = {f"{tag}.cond.{x.shape[1]}x{x.shape[2]}": x[0, ::32, ::4, ::4].numpy() for x in features}
    assert set(found) == {name for name in goldens if name.startswith(f"{tag}.cond.")}
    for name, values in found.items():
        np.testing.assert_allclose(values, goldens[name], rtol=0, atol=1e-5)
