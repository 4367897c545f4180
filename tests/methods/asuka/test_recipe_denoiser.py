"""The small denoiser: what it is told, that it learns, its way into a base, and what does not fit."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from PIL import Image  # noqa: E402
from pydantic import ValidationError  # noqa: E402

from retouch.methods.asuka.align_config import AlignConfig  # noqa: E402
from retouch.methods.asuka.base import write_denoiser, write_vae  # noqa: E402
from retouch.methods.asuka.config import Align, MaeConfig  # noqa: E402
from retouch.methods.asuka.decoder_config import Loss, Optimisation, Run, VaeConfig  # noqa: E402
from retouch.methods.asuka.denoiser_config import (  # noqa: E402
    DENOISER_VARIANTS,
    Denoiser,
    DenoiserConfig,
    DenoiserTraining,
    run_defaults,
)
from retouch.methods.asuka.latents_run import load_augment, make_latents  # noqa: E402
from retouch.methods.asuka.parts import read_denoiser, read_scheduler, read_tokens, read_vae, told_nothing  # noqa: E402
from retouch.methods.asuka.recipe_align import build as build_align  # noqa: E402
from retouch.methods.asuka.recipe_denoiser import DenoiserRecipe, build  # noqa: E402
from retouch.methods.asuka.recipe_mae import MaeRecipe  # noqa: E402
from retouch.methods.asuka.recipe_vae import VaeRecipe  # noqa: E402
from retouch.methods.asuka.release import EMPTY, SD15, UNTOLD, find_base, find_told_nothing  # noqa: E402
from retouch.methods.asuka.sample import solver  # noqa: E402
from retouch.ops.codec import Vae  # noqa: E402
from retouch.train.batch import Batch  # noqa: E402
from retouch.train.seeds import normal, seeded  # noqa: E402

from .tiny_decoder import TINY as AUTOENCODER  # noqa: E402
from .tiny_files import save, write_base  # noqa: E402
from .tiny_mae import TINY as MAE  # noqa: E402
from .tiny_pipeline import photos, unet, vae  # noqa: E402

NETWORK = Denoiser(widths=(8, 16), heads=2, groups=4, embedding=8, grid=2)
CONFIG = DenoiserConfig(network=NETWORK, steps=2)


def recipe(prediction="v_prediction", **training):
    with seeded(3):
        network = NETWORK.model_copy(update={"prediction": prediction})
        settings = CONFIG.model_copy(update={"training": DenoiserTraining(**training), "network": network})
        return DenoiserRecipe(settings, "toy", Vae(vae()))


def batch(count=2, seed=0):
    images, holes = photos(count, 32, 32)
    return Batch(images, holes, torch.arange(count) + seed)


def loss(made, one):
    (phase,) = made.step(one, 0)
    return phase.loss


def vae_recipe(seed=5):
    with seeded(seed):
        return VaeRecipe(
            VaeConfig(network=AUTOENCODER, loss=Loss(adversarial=0), optimisation=Optimisation(), run=Run()), "toy"
        )


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    for k, image in enumerate(photos(2, 48, 40)[0]):
        Image.fromarray((image * 255).byte().permute(1, 2, 0).numpy()).save(folder / f"{k}.png")
    return folder


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_it_predicts_noise_or_v_of_nine_channels(prediction):
    made, one, seen = recipe(prediction, told=0), batch(), []
    made.networks["unet"].register_forward_hook(
        lambda _, given, options, out: seen.append((given, options, out)), with_kwargs=True
    )
    found = loss(made, one)
    (((x, times), options, (out,)),) = seen
    assert x.shape == (2, 9, 4, 4)
    assert options["encoder_hidden_states"].shape == (2, 4, 8)
    right = normal(one.seeds, (4, 4, 4), "noise")
    if prediction == "v_prediction":
        a = solver("ddim").alphas_cumprod[times][:, None, None, None]
        right = (right - (1 - a).sqrt() * x[:, :4]) / a.sqrt()  # (eps - sqrt(1 - a) z_t) / sqrt(a)
    torch.testing.assert_close(found, (out - right).square().mean(), rtol=1e-4, atol=0)


def test_tokens_say_a_cells_colour_to_those_who_are_told():
    tokens = recipe().networks["prompt"]
    images = torch.zeros(3, 3, 4, 4)
    images[1:, :, :2, 2:] = 1  # the second cell by rows
    found = tokens.of(images, torch.tensor([True, True, False]))
    learnt = tokens(3)
    assert torch.equal(found[2], learnt[2])
    changed = (found[1] - found[0]).abs().sum(1) > 1e-6
    assert changed.tolist() == [False, True, False, False]
    torch.testing.assert_close(found[1, 1] - learnt[1, 1], tokens.colours(torch.ones(3)))


@pytest.mark.parametrize(("told", "moved"), [(0.0, False), (1.0, True)])
def test_who_is_told_follows_from_the_chance(told, moved):
    made, one = recipe(told=told), batch()
    loss(made, one).backward()
    gradient = made.networks["prompt"].colours.weight.grad
    assert bool(gradient.abs().sum() > 0) == moved
    assert made.networks["prompt"].tokens.grad.abs().sum() > 0


def test_it_learns_and_the_autoencoder_does_not_move():
    made, one = recipe(), batch()
    before = [p.clone() for p in made.codec.vae.parameters()]
    optimiser = made.optimisers()["unet"]
    first = loss(made, one)
    for _ in range(8):
        optimiser.zero_grad()
        loss(made, one).backward()
        optimiser.step()
    assert loss(made, one) < first
    assert all(torch.equal(a, b) for a, b in zip(before, made.codec.vae.parameters(), strict=True))


def test_micro_batches_average_exactly():
    made, one = recipe(), batch(4)
    torch.testing.assert_close(loss(made, one), torch.stack([loss(made, part) for part in one.split(2)]).mean())
    assert not torch.equal(loss(made, one), loss(made, batch(4, seed=9)))


def test_fills_keep_what_is_known_and_do_not_see_the_hole():
    made, one = recipe(), batch()
    filled = made.fill(made.networks, one.photos, one.holes, one.seeds)
    assert torch.equal(filled * (1 - one.holes), one.photos * (1 - one.holes))
    other = torch.where(one.holes > 0, 1 - one.photos, one.photos)
    assert torch.equal(filled, made.fill(made.networks, other, one.holes, one.seeds))
    assert filled[one.holes.expand_as(filled) > 0].std() > 0.01


def test_exports_become_a_base_that_the_alignment_takes(tmp_path, album):
    base = tmp_path / "base"
    trained = vae_recipe()
    scaling = write_vae(save(trained, tmp_path / "vae.json"), base, album, size=32)
    codec = Vae(read_vae_of(base))
    images, _ = photos(2, 32, 32)
    own = trained.networks["autoencoder"]
    torch.testing.assert_close(codec.vae.encode(images).latent_dist.mode(), own.encode(images).latent_dist.mode())
    torch.testing.assert_close(
        codec.decode(torch.ones(1, 4, 4, 4)), own.decode(torch.ones(1, 4, 4, 4) / scaling).sample
    )
    made = build(CONFIG.model_copy(update={"vae": base / "vae"}), "toy", None)
    card = save(made, tmp_path / "denoiser.json")
    write_denoiser(card, base)
    assert find_base(UNTOLD, str(base)) == base
    unet = read_denoiser(UNTOLD, base)
    assert all(torch.equal(a, b) for a, b in zip(unet.parameters(), made.networks["unet"].parameters(), strict=True))
    noise = read_scheduler(UNTOLD, base).config
    assert (noise["beta_schedule"], noise["prediction_type"]) == ("scaled_linear", "v_prediction")
    assert torch.equal(read_tokens(card).tokens, made.networks["prompt"].tokens)
    assert torch.equal(told_nothing(find_told_nothing(str(base))).tokens, made.networks["prompt"].tokens)
    with pytest.raises(FileNotFoundError, match="has no text_encoder"):
        find_base(SD15, str(base))
    change = load_augment(str(base), "cpu")
    with Image.open(album / "0.png") as photo:
        assert change(photo, torch.tensor([1])).size == photo.size
    mae = save(MaeRecipe(MaeConfig(network=MAE), "toy"), tmp_path / "mae.json")
    align = AlignConfig(alignment=Align(prior=12, width=8, blocks=1, head=4), mae=mae, base=str(base))
    assert loss(build_align(align, "toy", None), batch()).isfinite()


def read_vae_of(base):
    found = read_vae(base)
    assert found.config.scaling_factor != 1
    return found


def test_latents_of_the_written_autoencoder_have_a_deviation_of_one(tmp_path, album):
    base = tmp_path / "base"
    write_vae(save(vae_recipe(), tmp_path / "vae.json"), base, album, size=40)
    images = torch.stack([_square(file, 40) for file in sorted(album.iterdir())])
    mean = Vae(read_vae_of(base)).encode(2 * images - 1, torch.zeros(2, 4, 5, 5))
    assert float(mean.std()) == pytest.approx(1, abs=1e-3)


def _square(file, side):
    with Image.open(file) as image:
        left, top = (image.width - side) // 2, (image.height - side) // 2
        part = image.convert("RGB").crop((left, top, left + side, top + side))
    return torch.frombuffer(bytearray(part.tobytes()), dtype=torch.uint8).view(side, side, 3).permute(2, 0, 1) / 255


def test_a_base_is_not_written_over_and_of_the_right_exports_only(tmp_path, album):
    card = save(vae_recipe(), tmp_path / "vae.json")
    with pytest.raises(ValueError, match=r"card: .* of the method 'asuka-vae'; accepted: .* 'asuka-denoiser'"):
        write_denoiser(card, tmp_path / "base")
    other = save(recipe(), tmp_path / "denoiser.json")
    with pytest.raises(ValueError, match=r"card: .* of the method 'asuka-denoiser'; accepted: .* 'asuka-vae'"):
        write_vae(other, tmp_path / "base", album)
    assert not (tmp_path / "base").exists()
    write_vae(card, tmp_path / "base", album, size=32)
    with pytest.raises(FileExistsError, match=r"folder: .*vae exists already; accepted: a base without vae"):
        write_vae(card, tmp_path / "base", album, size=32)
    with pytest.raises(FileNotFoundError, match=r"card: .*none\.json does not exist"):
        write_denoiser(tmp_path / "none.json", tmp_path / "base")


def test_weights_of_no_use_and_photos_that_are_none_are_refused(tmp_path, album):
    broken = vae_recipe()
    torch.nn.init.constant_(broken.networks["autoencoder"].encoder.conv_in.weight, 3e38)
    card = save(broken, tmp_path / "broken.json")
    with pytest.raises(ValueError, match=r"card: .*broken\.json gives latents with a deviation of .*; its weights are"):
        write_vae(card, tmp_path / "base", album, size=32)
    card = save(vae_recipe(), tmp_path / "vae.json")
    with pytest.raises(FileNotFoundError, match=r"^photos: there is no file or folder"):
        write_vae(card, tmp_path / "base", tmp_path / "none", size=32)
    with pytest.raises(ValueError, match=r"^photos: none of 2 photos can be used; .* accepted: a shorter side of at"):
        write_vae(card, tmp_path / "base", album, size=512)
    assert not (tmp_path / "base").exists()


def test_a_base_whose_weights_are_of_no_use_augments_nothing(tmp_path, album):
    base = write_base(tmp_path / "base")
    broken = unet()
    torch.nn.init.constant_(broken.conv_in.weight, float("nan"))
    broken.save_pretrained(base / "unet")
    with pytest.raises(ValueError, match=r"base: .*base gives values that are no finite numbers; its weights are of"):
        make_latents(album, tmp_path / "out", base=str(base), share=1.0, device="cpu")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["asuka-latents.json"]


def test_tokens_for_no_text_that_are_none_are_named(tmp_path):
    from safetensors.torch import save_file

    save_file({"other": torch.zeros(1)}, tmp_path / EMPTY)
    with pytest.raises(ValueError, match=r"base: .*empty\.safetensors holds other; accepted: tokens"):
        told_nothing(tmp_path)


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"method\.vae: needed, for it denoises latents; accepted: a folder of"):
        build(CONFIG, "toy", None)
    with pytest.raises(FileNotFoundError, match=r"vae: .*none has no config\.json"):
        build(CONFIG.model_copy(update={"vae": tmp_path / "none"}), "toy", None)
    with pytest.raises(ValueError, match=r"network\.latent: is 4; accepted: 6, the autoencoder's"):
        DenoiserRecipe(CONFIG, "toy", Vae(vae(latent=6)))
    images, holes = photos(1, 30, 32)
    with pytest.raises(ValueError, match="photos: are 30 x 32 pixels; accepted: multiples of 8"):
        loss(recipe(), Batch(images, holes, torch.arange(1)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"widths": (8, 18), "groups": 4, "heads": 2}, "accepted: multiples of groups, 4"),
        ({"widths": (8, 16), "groups": 4, "heads": 3}, "accepted: multiples of heads, 3"),
        ({"widths": ()}, "at least 1 item"),
        ({"grid": 0}, "greater than or equal to 1"),
    ],
)
def test_networks_that_cannot_be_are_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        Denoiser(**given)
    with pytest.raises(ValidationError, match="less than or equal to 1"):
        DenoiserTraining(told=1.5)


def test_variants_and_run_defaults():
    told = run_defaults(DENOISER_VARIANTS["small"])
    assert (told["data.size"], told["data.holes"], told["train.clip"]) == (128, "asuka", 1.0)
    described = recipe().describe()
    assert (described["method"], described["config"]["vae"]) == ("asuka-denoiser", None)
