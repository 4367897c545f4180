"""ASUKA's masked autoencoder against the official code's results, with weights made from the parameters' names."""

import functools
import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, module, needs_goldens

torch = pytest.importorskip("torch")

from retouch.methods.asuka.config import Mae  # noqa: E402
from retouch.methods.asuka.convert import PARTIAL  # noqa: E402
from retouch.methods.asuka.mae import MaskedAutoencoder  # noqa: E402
from retouch.methods.asuka.preprocess import normalise, official_preprocess  # noqa: E402
from retouch.methods.asuka.recipe_mae import patch_loss, pixel_loss  # noqa: E402
from retouch.methods.asuka.vit import sincos_positions  # noqa: E402
from retouch.weights import fill_module  # noqa: E402

pytestmark = needs_goldens

FOLDER = PARITY / "asuka"
SMALL = Mae(width=96, depth=3, heads=4, decoder_width=64, decoder_depth=4, decoder_heads=4, prior_depth=2)
TOLERANCE = 1e-4  # the README's; the official code's own rounding is up to 8e-6

# Golden's tag: the manifest's component, our configuration, alpha. The base class knows no partial patches: alpha 1.
CASES = {
    "small_ft_a04": ("small_finetune", SMALL, 0.4),
    "small_ft_a1": ("small_finetune", SMALL, 1.0),
    "small_base": ("small_base", SMALL, 1.0),
    "full_ft_a04": ("full_finetune", Mae(), 0.4),
}
SMALLS = ("small_ft_a04", "small_ft_a1", "small_base")


def manifest(component):
    return json.loads((FOLDER / "manifest_mae.json").read_text())["components"][component]


@functools.cache
def network(tag):
    component, config, alpha = CASES[tag]
    made = MaskedAutoencoder(config)
    make = fill().fill
    keys = manifest(component)["keys"]
    tensors = {k: torch.tensor(make(k, tuple(shape))) for k, shape in keys.items() if "pos_embed" not in k}
    own = made.state_dict()
    tensors |= {k: own[k] for k in PARTIAL if k not in tensors} | {"alpha": torch.tensor(alpha)}
    fill_module(made, tensors, tag)
    return made.eval()


@functools.cache
def photo(size):
    """[1, 3, s, s] in [0, 1], and the hole [1, 1, s, s]."""
    inputs = module(FOLDER / "inputs.py")
    image = torch.from_numpy(inputs.image_u8(size)).permute(2, 0, 1)[None].float() / 255
    return image, torch.from_numpy(inputs.mask01(size))[None, None]


@functools.cache
def golden():
    with np.load(FOLDER / "mae.npz") as file:
        return dict(file)


def whole():
    """norm(area) of the README: the photo scaled, nothing hidden."""
    image, hole = photo(512)
    return official_preprocess(image, torch.zeros_like(hole))[0]


def close(ours, name, tolerance=TOLERANCE):
    np.testing.assert_allclose(ours.numpy(), golden()[name], rtol=0, atol=tolerance)


def sampled(feature, tag):
    """As much of a prior as a golden of this tag holds."""
    return feature[:, ::2, ::2] if tag == "full_ft_a04" else feature


def test_preprocessing():
    images, holes = official_preprocess(*photo(512))
    close(images[0, :, ::8, ::8], "prep_image", 1e-6)
    assert images.double().sum().item() == pytest.approx(golden()["prep_image_sum"].item(), abs=0.05)
    assert (np.packbits(holes.numpy().astype(bool)) == golden()["prep_mask"]).all()


def test_positions():
    close(sincos_positions(16, 768)[0, ::16, ::16], "pos_embed_s16", 1e-6)
    close(sincos_positions(16, 512)[0, ::16, ::16], "decoder_pos_embed_s16", 1e-6)


@pytest.mark.parametrize("tag", CASES)
@torch.inference_mode()
def test_inference(tag):
    made = network(tag)
    images, holes = official_preprocess(*photo(512))
    assert (made.coverage(holes).gt(0).numpy() == golden()[f"{tag}.patch_mask"]).all()
    close(sampled(made.prior(images, holes), tag), f"{tag}.feature")
    close(made.reconstruct(images, holes)[:, :, ::8, ::8], f"{tag}.image_s8")


@pytest.mark.parametrize("tag", CASES)
@torch.inference_mode()
def test_the_reconstructed_prior(tag):
    feature = network(tag).prior(whole(), torch.zeros(1, 1, 256, 256))[:, ::4]
    close(feature[:, :, ::4] if tag == "full_ft_a04" else feature, f"{tag}.reconstructed_feature_s4")


@torch.inference_mode()
def test_a_batch_of_masked_and_whole_photos():
    images, holes = official_preprocess(*photo(512))
    both = network("small_ft_a04").prior(torch.cat([whole(), images]), torch.cat([torch.zeros_like(holes), holes]))
    close(both[:1, ::4], "small_ft_a04.reconstructed_feature_s4")
    close(both[1:], "small_ft_a04.feature")


@torch.inference_mode()
def test_a_soft_mask_makes_every_touched_patch_partial():
    images, holes = official_preprocess(*photo(512))
    close(network("small_ft_a04").prior(images, 0.3 * holes)[:, ::4], "small_ft_a04.soft03_feature_s4")


def small_photo():
    """xt of the README: every second pixel, and the hole likewise."""
    image, hole = photo(512)
    return normalise(image[..., ::2, ::2].double()).float(), hole[..., ::2, ::2]


@torch.inference_mode()
def test_without_a_mask():
    images, holes = small_photo()
    feature = network("small_base").prior(images, torch.zeros_like(holes))
    close(feature[:, ::4], "small_base.none_mask_feature_s4")


@pytest.mark.parametrize("tag", SMALLS)
@torch.inference_mode()
def test_training(tag):
    made, (images, holes) = network(tag), small_photo()
    noise = (torch.from_numpy(fill().uniform("asuka.mae.noise", (1, 256))) + 1) / 2
    out = made(images, holes, noise, 0.75)
    assert (out.removed.numpy() == golden()[f"{tag}.train_mask"]).all()
    finetune = tag != "small_base"
    close(out.patches[:, ::4, ::8], f"{tag}.train_pred_s4")
    loss = pixel_loss(made, out, images) if finetune else patch_loss(made, out, images)
    assert loss.item() == pytest.approx(golden()[f"{tag}.train_loss"].item(), rel=1e-5)
    if finetune:
        assert (np.packbits(out.holes.numpy().astype(bool)) == golden()[f"{tag}.train_irr_mask"]).all()
        coverage = made.coverage(out.holes)
        assert ((coverage > 0) & (coverage < 1)).numpy().astype(float).tolist() == golden()[
            f"{tag}.train_partial"
        ].tolist()


@pytest.mark.parametrize("tag", CASES)
def test_manifest_names(tag):
    component, config, _ = CASES[tag]
    with torch.device("meta"):
        ours = {k: tuple(v.shape) for k, v in MaskedAutoencoder(config).state_dict().items()}
    theirs = {k: tuple(shape) for k, shape in manifest(component)["keys"].items()}
    positions = {"pos_embed": (1, 256, config.width), "decoder_pos_embed": (1, 256, config.decoder_width)}
    absent = {k: ours[k] for k in PARTIAL if k not in theirs}
    assert ours | positions == theirs | absent
    assert set(absent) in (set(), set(PARTIAL))
