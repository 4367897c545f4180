"""ASUKA and its competitors as models, from folders of weights at toy size."""

import os

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from PIL import Image  # noqa: E402

from retouch.methods.asuka import method as methods  # noqa: E402
from retouch.methods.asuka import options as known  # noqa: E402
from retouch.methods.asuka.config import ALIGNMENTS  # noqa: E402
from retouch.methods.asuka.latents_run import load_augment  # noqa: E402
from retouch.methods.asuka.options import AsukaOptions, FluxOptions  # noqa: E402
from retouch.methods.asuka.prior import Embedding  # noqa: E402
from retouch.methods.base import Cancelled  # noqa: E402
from retouch.settings import split  # noqa: E402
from retouch.weights import WeightsMissing  # noqa: E402

from .tiny_files import FLUX_CLIP, FLUX_T5, write_flux, write_sd15  # noqa: E402

CARDS = {
    "asuka/sd15": (methods.sd15, known.ASUKA),
    "asuka/flux-fill": (methods.flux_fill, known.FLUX),
    "sd15/plain": (methods.competitor, known.PLAIN),
    "sd15/text": (methods.competitor, known.TEXT),
    "sd15/prompt": (methods.competitor, known.PROMPT),
    "sd15/repaint": (methods.competitor, known.REPAINT),
}
SLIM = {"asuka/flux-fill": {"dtype": "fp32", "decoder": False}, "sd15/repaint": {"jump": 1, "times": 2}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_flux(write_sd15(tmp_path_factory.mktemp("weights")))


@pytest.fixture
def weights(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(folder))
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setitem(ALIGNMENTS, "flux-t5", FLUX_T5)
    monkeypatch.setitem(ALIGNMENTS, "flux-clip", FLUX_CLIP)
    return folder


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path / "none"))
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)


def refuse(*_, **__):
    raise OSError("no network")


def method(name):
    build, needs = CARDS[name]
    return build(needs, "cpu")


def inputs(count=2):
    rng = np.random.default_rng(0)
    images = rng.random((count, 64, 80, 3), np.float32)
    masks = np.zeros(images.shape[:3], bool)
    masks[0, 10:30, 20:50] = True
    masks[1:, 30:60, 5:40] = True
    images[masks] = 0
    return images, masks


def run(model, name="asuka/sd15", images=None, masks=None, seeds=None, progress=None, cancel=None, **options):
    if images is None:
        images, masks = inputs()
    own = model.needs.options(**{"iterations": 2, **SLIM.get(name, {}), **options})
    return model(images, masks, own, seeds=seeds, progress=progress, cancel=cancel).images


@pytest.mark.parametrize("name", CARDS)
def test_the_contract(name, weights):
    model, (images, masks) = method(name), inputs()
    before = images.copy()
    filled = run(model, name, images, masks, seeds=[1, 2])
    assert filled.shape == images.shape
    assert filled.dtype == np.float32
    assert np.array_equal(filled[~masks], images[~masks])
    assert 0 <= filled.min() <= filled.max() <= 1
    assert filled[masks].std() > 0.01
    assert np.array_equal(images, before)
    other = images.copy()
    other[masks] = 1
    assert np.array_equal(filled, run(model, name, other, masks, seeds=[1, 2]))
    alone = run(model, name, images[1:], masks[1:], seeds=[2])
    assert np.array_equal(alone[0], filled[1])
    assert not np.array_equal(alone, run(model, name, images[1:], masks[1:], seeds=[3]))


def test_models_on_one_base_differ(weights):
    fills = [run(method(name), name, seeds=[1, 2]) for name in CARDS]
    for k, a in enumerate(fills):
        assert all(not np.array_equal(a, b) for b in fills[k + 1 :])


def test_options_change_the_fill(weights):
    model = method("asuka/sd15")
    changes = (
        {},
        {"prior": "blank"},
        {"prior_use": "init"},
        {"decoder": False},
        {"solver": "dpm++"},
        {"iterations": 3},
        {"dtype": "bf16"},
    )
    fills = [run(model, seeds=[1, 2], **change) for change in changes]
    for k, a in enumerate(fills):
        assert all(not np.array_equal(a, b) for b in fills[k + 1 :])
    assert np.array_equal(run(model, seeds=[1, 2]), fills[0])


def test_the_text_is_told(weights):
    model, plain = method("sd15/text"), method("sd15/plain")
    assert not np.array_equal(run(model), run(model, text="grass"))
    assert np.array_equal(run(model, text=""), run(plain))


def test_fluxs_interpolation_and_guidance_matter(weights):
    model = method("asuka/flux-fill")
    fills = [run(model, "asuka/flux-fill", **more) for more in ({}, {"weight": 1.0}, {"guidance": 3.0})]
    assert not np.array_equal(fills[0], fills[1])
    assert not np.array_equal(fills[0], fills[2])


def test_the_prior_may_be_of_an_image(weights, tmp_path):
    file = tmp_path / "paper.png"
    Image.new("RGB", (80, 64), "white").save(file)
    model = method("asuka/sd15")
    assert np.array_equal(run(model, prior=str(file)), run(model, prior="blank"))
    with pytest.raises(FileNotFoundError, match=r"prior: none\.png does not exist; accepted: photo, blank, or"):
        run(model, prior="none.png")
    file.write_text("no image")
    with pytest.raises(ValueError, match=r"^prior: .*paper\.png"):
        run(model, prior=str(file))


def test_steps_are_told_and_can_be_cancelled(weights):
    model, steps, (images, masks) = method("asuka/sd15"), [], inputs(1)
    run(model, images=images, masks=masks, progress=lambda step: steps.append((step, step.preview())), iterations=3)
    assert [(step.stage, step.step, step.steps) for step, _ in steps] == [("step", k, 3) for k in (1, 2, 3)]
    np.testing.assert_allclose(steps[0][1][~masks], images[~masks], atol=1e-6)
    with pytest.raises(Cancelled):
        run(model, images=images, masks=masks, cancel=lambda: True)


def test_weights_are_loaded_once_for_like_options(weights, monkeypatch):
    loads = []
    load = methods._load_asuka_sd15
    model = methods.build(lambda options: loads.append(1) or load(options), known.ASUKA, "cpu")
    for more in ({}, {"iterations": 1}, {"prior": "blank"}, {"solver": "dpm++"}, {"strength": 0.5}):
        run(model, **more)
    assert len(loads) == 1
    run(model, decoder=False)
    assert len(loads) == 2


def test_another_base_is_used(weights, tmp_path):
    from .tiny_files import write_base
    from .tiny_pipeline import unet

    other = write_base(tmp_path / "other")
    unet(seed=9).save_pretrained(other / "unet")
    model = method("asuka/sd15")
    assert not np.array_equal(run(model), run(model, base=str(other)))


def test_a_base_needs_no_text_encoder_where_nothing_is_told_as_text(weights, tmp_path):
    from .tiny_files import write_base

    other = write_base(tmp_path / "other")
    (other / "text_encoder").rename(tmp_path / "text_encoder")
    for name in ("asuka/sd15", "sd15/prompt"):
        assert np.array_equal(run(method(name)), run(method(name), base=str(other)))
    for name, options in (("asuka/sd15", {"prior_use": "init"}), ("sd15/plain", {})):
        with pytest.raises(FileNotFoundError, match=r"base: .* has no text_encoder"):
            run(method(name), base=str(other), **options)


def test_a_base_without_nine_channels_is_refused(weights, tmp_path):
    from .tiny_files import write_base
    from .tiny_pipeline import unet

    other = write_base(tmp_path / "other")
    unet(channels=5).save_pretrained(other / "unet")
    with pytest.raises(ValueError, match="base: the denoiser has 5 input channels; accepted: 9, of an inpainting"):
        run(method("asuka/sd15"), base=str(other))


@pytest.mark.parametrize("named", [True, False])
def test_a_base_may_bring_what_it_knows_for_no_text(weights, tmp_path, monkeypatch, named):
    from safetensors.torch import save_file

    from retouch.methods.asuka.parts import text_embedding

    from .tiny_files import write_base

    other = write_base(tmp_path / "sd15" / "base")
    save_file({"tokens": text_embedding(other, "").tokens}, other / "empty.safetensors")
    (other / "text_encoder").rename(tmp_path / "text_encoder")
    cases = (("asuka/sd15", {"prior_use": "init"}), ("sd15/plain", {}))
    wanted = [run(method(name), name, **options) for name, options in cases]
    monkeypatch.setenv("RETOUCH_WEIGHTS", os.pathsep.join([str(tmp_path), str(weights)]))
    base = {"base": str(other)} if named else {}
    for (name, options), one in zip(cases, wanted, strict=True):
        assert np.array_equal(run(method(name), name, **options, **base), one)


def test_embeddings_of_another_width_are_refused(weights, tmp_path):
    from safetensors.torch import save_file

    from .tiny_files import write_base
    from .tiny_pipeline import flux

    other = write_base(tmp_path / "other")
    save_file({"tokens": torch.zeros(1, 5, 16)}, other / "empty.safetensors")
    with pytest.raises(ValueError, match="embedding: its tokens are 16 wide; accepted: 24, as the denoiser takes them"):
        run(method("sd15/plain"), base=str(other))
    with pytest.raises(ValueError, match="embedding: its tokens are 16 wide; accepted: 24, as the denoiser takes them"):
        load_augment(str(other), "cpu")
    told = Embedding(torch.zeros(1, 64, 24), torch.zeros(1, 8))
    with pytest.raises(ValueError, match="embedding: its pooled are 8 wide; accepted: 16, as the denoiser takes them"):
        flux()(torch.rand(1, 3, 32, 32), torch.ones(1, 1, 32, 32), embedding=told)


def test_a_decoder_of_latents_scaled_otherwise_is_refused(weights, tmp_path):
    from .tiny_files import write_base
    from .tiny_pipeline import vae

    for name, more in (("scaling", {"scaling_factor": 0.3}), ("shift", {"shift_factor": 0.1})):
        other = write_base(tmp_path / name)
        vae(**more).save_pretrained(other / "vae")
        with pytest.raises(ValueError, match=rf"decoder: .*decoder\.json has network\.{name} .* as the base's vae"):
            run(method("asuka/sd15"), base=str(other))
        assert run(method("asuka/sd15"), base=str(other), decoder=False).shape == (2, 64, 80, 3)


def test_a_base_that_cannot_be_read_is_named(weights, tmp_path):
    from .tiny_files import write_base

    other = write_base(tmp_path / "other")
    (other / "unet" / "config.json").unlink()
    with pytest.raises(ValueError, match=r"base: .*unet cannot be read as UNet2DConditionModel"):
        run(method("sd15/plain"), base=str(other))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "asuka/sd15",
            r"'asuka/sd15': missing mae\.json or mae_300\.pth, alignment\.json, decoder\.json: none was",
        ),
        ("asuka/flux-fill", r"'asuka/flux-fill': missing mae_300\.pth or mae\.json, .*vec\.pt: get them from https"),
        (
            "sd15/prompt",
            r"'sd15/prompt': missing prompt\.json: train it .* put them into DIR/sd15 and DIR",
        ),
        ("sd15/plain", r"base: https://huggingface\.co/stable-diff.* is not here .*unet, vae, .* into DIR/sd15/base"),
        ("sd15/text", r"cannot be fetched"),
        ("sd15/repaint", r"cannot be fetched"),
    ],
)
def test_missing_weights_are_told_in_one_line(name, said, empty):
    options = {"decoder": True} if name == "asuka/flux-fill" else {}
    with pytest.raises(WeightsMissing, match=said) as error:
        run(method(name), name, **options)
    assert "\n" not in str(error.value)


def test_an_embedding_of_another_length_is_refused(weights, folder):
    file = folder / "asuka" / "flux-fill" / "txt_256.pt"
    right = torch.load(file)
    torch.save(torch.zeros(1, 128, 24), file)
    with pytest.raises(ValueError, match=r"empty: empty_tokens is \[1, 128, 24\]; accepted: \[1, 64, 24\]"):
        run(method("asuka/flux-fill"), "asuka/flux-fill")
    torch.save({"tokens": right}, file)
    with pytest.raises(ValueError, match=r"txt_256\.pt: holds a dict; accepted: a tensor"):
        run(method("asuka/flux-fill"), "asuka/flux-fill")
    torch.save(right, file)


def test_exports_of_other_methods_are_refused(weights, folder):
    with pytest.raises(ValueError, match=r"mae\.json is of the method 'asuka-mae'; accepted: .* 'asuka-align'"):
        run(method("sd15/prompt"), tokens=str(folder / "asuka" / "sd15" / "mae.json"))
    with pytest.raises(ValueError, match=r"tokens: .* holds alignment; accepted: an export of learn = 'prompt'"):
        run(method("sd15/prompt"), tokens=str(folder / "asuka" / "sd15" / "alignment.json"))
    with pytest.raises(FileNotFoundError, match=r"tokens: none\.json does not exist"):
        run(method("sd15/prompt"), tokens="none.json")


def test_out_of_memory_names_the_options_that_help(weights, monkeypatch):
    model = method("asuka/sd15")

    def exhausted(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("retouch.methods.asuka.pipeline.AsukaPipeline.steps", exhausted)
    with pytest.raises(MemoryError, match=r"out of memory: -O dtype=bf16 .*offload=true on a GPU, and -O tiling=true"):
        run(model)
    monkeypatch.setattr("retouch.methods.asuka.pipeline.AsukaPipeline.steps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(model)


def test_what_a_processor_cannot_do_is_refused(weights):
    with pytest.raises(ValueError, match="dtype: a processor does not compute this in 'fp16'; accepted there"):
        run(method("asuka/sd15"), dtype="fp16")
    with pytest.raises(ValueError, match="offload: the model runs on the processor"):
        run(method("asuka/sd15"), offload=True)


def test_an_offloaded_pipeline_gives_the_same():
    """Its networks are brought to the device when they are used; here it is the processor itself."""
    pytest.importorskip("accelerate")
    from .tiny_pipeline import flux, photos, sd

    images, holes = photos()
    for make in (sd, flux):
        plain = make()
        plain.set_progress_bar_config(disable=True)
        moved = methods._placed(make(), AsukaOptions(offload=True), torch.device("cpu"))
        assert all(hasattr(part, "_hf_hook") for part in (moved.prior, moved.denoiser, moved.vae))
        assert torch.equal(moved(images, holes, num_inference_steps=2), plain(images, holes, num_inference_steps=2))


def test_tiling_is_switched_on(weights):
    loader = methods.Loader(methods._load_asuka_sd15, torch.device("cpu"))
    assert not loader.at(AsukaOptions())[0].vae.use_tiling
    assert loader.at(AsukaOptions(tiling=True))[0].vae.use_tiling
    assert FluxOptions().dtype == "bf16"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"iterations": "0"}, "iterations"),
        ({"solver": "euler"}, "solver"),
        ({"prior_use": "start"}, "prior_use"),
        ({"strength": "0"}, "strength"),
        ({"offload": "layer"}, "offload"),
        ({"dtype": "int8"}, "dtype"),
        ({"guidance": "3"}, "option 'guidance' is unknown"),
    ],
)
def test_options_are_checked(given, said):
    with pytest.raises(ValueError, match=said):
        split(given, AsukaOptions, "asuka/sd15")
