"""The pipeline of diffusers: the fills of the method, files, the released script's way."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from retouch.catalogue import find  # noqa: E402
from retouch.filler import Filler  # noqa: E402
from retouch.methods.pixelhacker import release  # noqa: E402
from retouch.methods.pixelhacker.pipeline import PixelHackerNetwork, PixelHackerPipeline, register  # noqa: E402
from tests.methods.pixelhacker.tiny_release import TINY, autoencoder, denoiser, method, write_release  # noqa: E402

NAME = "pixelhacker/pretrained"


@pytest.fixture(scope="module")
def pipeline():
    network = PixelHackerNetwork(TINY.model_dump(mode="json"))
    network.lcg.load_state_dict(denoiser().state_dict())
    return PixelHackerPipeline(network, autoencoder())


@pytest.fixture
def images(photo, hole):
    """A photo and its mask, 120 x 90."""
    return Image.fromarray(photo), Image.fromarray(hole)


def same(a, b):
    return np.array_equal(np.asarray(a), np.asarray(b))


def test_it_fills_as_retouch_does(pipeline, images):
    expected = [Filler(find(NAME), method()).run(*images, seed=seed, iterations=2).image for seed in (4, 5)]
    found = pipeline([images[0]] * 2, [images[1]] * 2, 2, seed=4)
    assert type(found) is diffusers.ImagePipelineOutput
    assert all(same(a, b) for a, b in zip(found.images, expected, strict=True))
    assert not same(*found.images)
    (alone,) = pipeline(*images, 2, seed=5, return_dict=False)[0]
    assert same(alone, expected[1])


def test_arguments_reach_the_sampling(pipeline, images):
    steps = []
    plain = pipeline(*images, 2).images[0]
    for change in (
        {"task": "foreground"},
        {"guidance_scale": 1},
        {"start": "noise"},
        {"strength": 0.5},
        {"solver": "dpm++"},
    ):
        assert not same(plain, pipeline(*images, 2, **change).images[0])
    pipeline(*images, 3, progress=steps.append)
    assert [step.step for step in steps if step.stage == "step"] == [1, 2, 3]


def test_saved_and_loaded_it_is_the_same(pipeline, images, tmp_path):
    pipeline.save_pretrained(tmp_path)
    assert (tmp_path / "denoiser" / "diffusion_pytorch_model.safetensors").is_file()
    again = PixelHackerPipeline.from_pretrained(tmp_path)
    assert same(pipeline(*images, 2).images[0], again(*images, 2).images[0])


def test_registered_it_is_found_by_its_task(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="AutoPipeline can't find a pipeline linked to PixelHackerPipeline"):
        diffusers.AutoPipelineForInpainting.from_pretrained(tmp_path)
    known = diffusers.pipelines.auto_pipeline.AUTO_INPAINT_PIPELINES_MAPPING
    register()
    try:
        assert type(diffusers.AutoPipelineForInpainting.from_pretrained(tmp_path)) is PixelHackerPipeline
    finally:
        del known["pixelhacker"]


def test_a_card_is_loaded_by_its_name(pipeline, images, tmp_path, monkeypatch):
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(release, "Network", lambda: TINY)
    write_release(tmp_path / "pixelhacker")
    loaded = PixelHackerPipeline.from_pretrained(NAME)
    assert loaded.denoiser.config.network == TINY.model_dump(mode="json")
    a, b = (np.asarray(each(*images, 2).images[0], float) for each in (pipeline, loaded))
    assert np.abs(a - b).max() <= 3  # the released VAE is in half precision
    with pytest.raises(ValueError, match="torch_dtype: is for folders"):
        PixelHackerPipeline.from_pretrained(NAME, torch_dtype=torch.float16)


def test_the_official_preset_resizes_and_pastes_as_the_script(pipeline, images, photo, hole):
    official = {"preset": "official", "image_size": 64, "num_inference_steps": 3}
    everywhere = np.asarray(pipeline(*images, **official).images[0])
    assert everywhere.shape == photo.shape
    pasted = np.asarray(pipeline(*images, **official, paste=True).images[0])
    near = np.asarray(Image.fromarray(hole).filter(BLUR)) > 0
    assert np.abs(pasted[~near].astype(int) - photo[~near]).max() <= 1
    assert not np.array_equal(everywhere[~near], photo[~near])
    other = photo.copy()
    other[hole] = 255 - other[hole]
    leaked = np.asarray(pipeline(Image.fromarray(other), images[1], **official).images[0])
    assert not np.array_equal(leaked, everywhere)


BLUR = ImageFilter.MaxFilter(25)  # wider than the script blurs the mask


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"num_inference_steps": 0}, "^num_inference_steps: Input should be greater than or equal to 1, got 0$"),
        ({"guidance_scale": 0.5}, "^guidance_scale: Input should be greater than or equal to 1, got 0.5$"),
        ({"start": "photo"}, "^start: .*, got 'photo'$"),
        ({"preset": "v2"}, "^preset: .*, got 'v2'$"),
        ({"seed": "a"}, "^seed: is 'a'; accepted: an integer$"),
        ({"seed": None}, "^seed: is None; accepted: an integer$"),
        ({"image": "photo.png"}, "^image: is a str; accepted: a PIL image, or a list of them$"),
        ({"image": np.zeros((8, 8, 3), np.uint8)}, "^image: is a ndarray; accepted"),
        ({"mask_image": None}, "^mask_image: is a NoneType; accepted"),
        ({"image_size": 64}, "^image_size: is of no use without a preset; accepted: with preset='official'$"),
        ({"paste": True}, "^paste: is of no use without"),
        ({"compensate": True}, "^compensate: is of no use without"),
        ({"preset": "official", "progress": print}, "^progress: is of no use with a preset; accepted: without one$"),
        ({"mask_image": []}, "mask_image: has 0 masks for 1 photos; accepted: as many"),
        ({"preset": "official", "image_size": 63}, "size: is 63; accepted: 64 or more"),
        ({"preset": "official", "mask_image": Image.new("L", (9, 9))}, r"mask_image: is \(9, 9\); accepted"),
        ({"mask_image": Image.new("L", (9, 9))}, "9"),
    ],
)
def test_arguments_are_checked(pipeline, images, change, said):
    given = {"image": images[0], "mask_image": images[1], "num_inference_steps": 1} | change
    with pytest.raises(ValueError, match=said):
        pipeline(**given)
