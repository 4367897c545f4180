"""The U-Net: sizes, that nothing leaks, that it learns, and how its loss is made."""

import pytest

torch = pytest.importorskip("torch")

from retouch.train.batch import Batch  # noqa: E402
from retouch.train.seeds import seeded  # noqa: E402
from retouch.train.unet.config import VARIANTS, UnetConfig  # noqa: E402
from retouch.train.unet.network import Unet  # noqa: E402
from retouch.train.unet.recipe import UnetRecipe, build, paste  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402

TOY = UnetConfig(width=4, dilations=(1, 2))


def batch(n=2, height=32, width=48):
    generator = torch.Generator().manual_seed(0)
    photos = torch.rand(n, 3, height, width, generator=generator)
    holes = torch.zeros(n, 1, height, width)
    holes[..., 5:21, 7:30] = 1
    return Batch(photos, holes, torch.arange(n))


def toy(maps=None, config=TOY):
    with seeded(0):
        recipe = UnetRecipe(config, "toy", maps)
    for parameter in recipe.networks["unet"].parameters():  # blocks that do something, as after some training
        torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(parameter.numel()))
    return recipe


@pytest.mark.parametrize(("variant", "parameters"), [("tiny", 332_795), ("small", 2_467_723)])
def test_variants_have_their_size(variant, parameters):
    with torch.device("meta"):
        network = Unet(VARIANTS[variant])
    assert sum(p.numel() for p in network.parameters()) == parameters


def test_what_lies_under_the_hole_changes_nothing_and_known_pixels_stay():
    recipe, one = toy(), batch()
    other = torch.where(one.holes > 0, torch.rand_like(one.photos), one.photos)
    fills = [recipe.fill(recipe.networks, photos, one.holes, one.seeds) for photos in (one.photos, other)]
    assert torch.equal(*fills)
    assert torch.equal(fills[0] * (1 - one.holes), one.photos * (1 - one.holes))
    assert fills[0].shape == one.photos.shape
    assert 0 <= fills[0].min() <= fills[0].max() <= 1


def test_a_batch_equals_a_loop():
    recipe, one = toy(), batch(3)
    whole = recipe.fill(recipe.networks, one.photos, one.holes, one.seeds)
    each = [recipe.fill(recipe.networks, part.photos, part.holes, part.seeds) for part in one.split(3)]
    torch.testing.assert_close(whole, torch.cat(each))


def test_the_middle_of_a_hole_sees_its_edge():
    network = Unet(TOY)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1, generator=torch.Generator().manual_seed(0))
    photos = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(1)).requires_grad_()
    holes = torch.zeros(1, 1, 128, 128)
    holes[..., 16:112, 16:112] = 1
    network(photos, holes)[..., 60:68, 60:68].sum().backward()
    assert photos.grad.abs().sum() > 0


@pytest.mark.parametrize("side", [24, 40])
def test_other_sizes_are_refused(side):
    with pytest.raises(ValueError, match=rf"photos: are 32x{side} pixels; accepted: multiples of 16"):
        Unet(TOY)(torch.zeros(1, 3, side, 32), torch.zeros(1, 1, side, 32))


def test_the_loss_weighs_the_hole():
    recipe, one = toy(config=TOY.model_copy(update={"hole_weight": 3.0})), batch()
    (phase,) = recipe.step(one, 0)
    predicted = recipe.networks["unet"](one.photos, one.holes)
    expected = ((1 + 2 * one.holes) * (predicted - one.photos).abs()).mean()
    torch.testing.assert_close(phase.loss, expected)
    assert (phase.optimiser, dict(phase.log)) == ("unet", {})


def test_the_perceptual_loss_looks_at_the_filled_photo_and_is_no_network():
    seen = []

    def maps(images):
        seen.append(images)
        return [images * 2]

    recipe, one = toy(maps, TOY.model_copy(update={"perceptual": 0.5})), batch()
    (phase,) = recipe.step(one, 0)
    filled, truth = seen
    assert torch.equal(filled * (1 - one.holes), one.photos * (1 - one.holes))
    assert torch.equal(truth, one.photos)
    torch.testing.assert_close(phase.log["perceptual"], 2 * (filled - truth).abs().mean())
    torch.testing.assert_close(phase.loss, phase.log["l1"] + 0.5 * phase.log["perceptual"])
    assert list(recipe.networks) == ["unet"]


def test_without_vgg16_the_perceptual_loss_is_refused(tmp_path):
    with pytest.raises(WeightsMissing, match="vgg16"):
        build(UnetConfig(perceptual=0.1), "tiny", tmp_path)
    assert build(UnetConfig(), "tiny", tmp_path).maps is None


def test_saving_memory_changes_no_gradient():
    gradients = []
    for save in (False, True):
        recipe = toy()
        if save:
            recipe.networks["unet"].enable_gradient_checkpointing()
        (phase,) = recipe.step(batch(), 0)
        phase.loss.backward()
        gradients.append([p.grad for p in recipe.networks["unet"].parameters()])
    for plain, saved in zip(*gradients, strict=True):
        torch.testing.assert_close(plain, saved)


def test_it_learns_one_picture():
    with seeded(0):
        recipe = UnetRecipe(TOY)
    one, optimiser = batch(1), recipe.optimisers()["unet"]
    losses = []
    for k in range(30):
        (phase,) = recipe.step(one, k)
        phase.loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(phase.loss.detach()))
    assert losses[-1] < 0.97 * losses[0]


def test_the_card_says_everything():
    assert toy().describe() == {"method": "unet", "variant": "toy", "config": TOY.model_dump(mode="json")}


def test_paste_keeps_photos_to_the_bit_under_half_precision():
    one = batch()
    out = paste(torch.rand_like(one.photos).bfloat16(), one.photos, one.holes)
    assert out.dtype == torch.float32
    assert torch.equal(out[one.holes.expand_as(out) == 0], one.photos[one.holes.expand_as(out) == 0])
