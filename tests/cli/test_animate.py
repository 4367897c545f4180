"""`retouch fill --animate`, --iterations and --noise, with a model whose network is made of arithmetic."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from retouch import catalogue
from retouch.files.animation import EACH, LAST, Recorder, save_animation
from retouch.files.sidefiles import GAP
from retouch.methods.base import Progress
from retouch.methods.psm.method import NEEDS, Psm
from tests.cli.conftest import names_in, pixels

FILL = ("fill", "photo.png", "mask.png", "-o", "out.png")
SPREAD = ("-m", "spread")


class Rows:
    """Predicts the latent's colour, surest at the top."""

    latent_size = 3

    def __call__(self, x, m0, m, u, tau, latents, truncation):
        rows = np.linspace(-3, -1, x.shape[2], dtype=np.float32)[:, None]
        return 0 * x + 0.3 * np.tanh(latents[:, :, None, None]), np.broadcast_to(rows, x.shape)


def build(needs, device):
    return Psm(Rows(), needs)


@pytest.fixture(autouse=True)
def spread_is_a_model(monkeypatch):
    card = replace(catalogue.CARDS[0], name="spread", needs=NEEDS, build="tests.cli.test_animate:build")
    monkeypatch.setattr("retouch.catalogue.CARDS", (*catalogue.CARDS, card))


def frames(path):
    """Each frame [H, W, 3] uint8 of an animation, and the milliseconds each is shown."""
    shown, durations = [], []
    with Image.open(path) as image:
        for k in range(image.n_frames):
            image.seek(k)
            image.load()  # a frame's duration is known once it is decoded
            shown.append(np.asarray(image.convert("RGB")))
            durations.append(image.info["duration"])
        assert image.info["loop"] == 0
    return shown, durations


def test_mean_uncertainty_and_known_set_step_by_step(cli, folder, photo, hole):
    assert cli(*FILL, *SPREAD, "--animate", "a.webp", "--dilate", "0").code == 0
    shown, durations = frames("a.webp")
    assert durations == [EACH, EACH, EACH, LAST]
    left = []
    for frame in shown:
        assert frame.shape == (90, 3 * 120 + 2 * GAP, 3)  # the photo is one window; padding is cropped off
        panels = (frame[:, start : start + 120].astype(int) for start in (0, 120 + GAP, 240 + 2 * GAP))
        mean, uncertainty, known = panels
        assert np.abs(mean - photo)[~hole].mean() < 8  # WebP loses a little
        assert np.abs(known - photo)[~hole].mean() < 8
        assert uncertainty[~hole].mean() < 8
        left.append((uncertainty[hole] > 230).all(axis=1).mean())
    assert left == pytest.approx([0.75, 0.5, 0.25, 0], abs=0.06)
    last = shown[-1][:, :120].astype(int)
    assert np.abs(last - pixels("out.png"))[hole].mean() < 12


def test_iterations_are_as_many_frames(cli, folder):
    assert cli(*FILL, *SPREAD, "--animate", "a.webp", "--iterations", "6").code == 0
    assert len(frames("a.webp")[0]) == 6


def test_noise_changes_what_is_sampled_on_the_way(cli, folder):
    for name, noise in (("a", "0"), ("b", "0.8"), ("c", "0")):
        assert cli(*FILL, *SPREAD, "--animate", f"{name}.webp", "--noise", noise, "--overwrite").code == 0
    a, b, c = (frames(f"{name}.webp")[0][2] for name in "abc")
    assert np.array_equal(a, c)
    assert not np.array_equal(a, b)


def test_one_animation_for_each_sample(cli, folder):
    assert cli(*FILL, *SPREAD, "--animate", "a.webp", "--samples", "2").code == 0
    assert {"a_1.webp", "a_2.webp", "out_1.png", "out_2.png"} <= set(names_in(folder))
    assert not np.array_equal(frames("a_1.webp")[0][-1], frames("a_2.webp")[0][-1])


def test_of_several_windows_the_first_is_shown(cli, folder):
    red_then_blue = np.where(np.arange(1200)[None, :, None] < 600, np.uint8([200, 20, 20]), np.uint8([20, 20, 200]))
    Image.fromarray(np.repeat(red_then_blue, 128, axis=0)).save("photo.png")
    words = ("--box", "40,40,30,30", "--box", "1100,40,30,30", "-o", "out.png", "--animate", "a.webp")
    answer = cli("fill", "photo.png", *words, *SPREAD)
    assert answer.code == 0
    assert "--animate shows the first of 2 windows" in answer.err
    shown, _ = frames("a.webp")
    assert len(shown) == 4
    width = (shown[0].shape[1] - 2 * GAP) // 3
    assert width < 600
    for frame in shown:
        assert np.abs(frame[:, :30].astype(int) - (200, 20, 20)).mean() < 8


def test_nothing_to_fill(cli, folder):
    Image.new("L", (120, 90)).save("mask.png")
    answer = cli(*FILL, *SPREAD, "--animate", "a.webp")
    assert answer.code == 0
    assert "--animate: nothing was filled" in answer.err
    assert "a.webp" not in names_in(folder)
    assert cli(*FILL, *SPREAD, "--uncertainty", "u.png", "--overwrite").code == 0
    assert pixels("u.png").shape == (90, 120)
    assert not pixels("u.png").any(), "all is known"


def test_uncertainty_of_a_model_that_tells(cli, folder, hole):
    assert cli(*FILL, *SPREAD, "--uncertainty", "u.png", "--dilate", "0").code == 0
    assert (pixels("u.png")[hole] > 0).all()
    assert (pixels("u.png")[~hole] == 0).all()


def test_models_without_steps_or_uncertainty_are_refused_before_anything_is_done(refused, monkeypatch):
    def never(*_, **__):
        raise AssertionError("loaded")

    monkeypatch.setattr("retouch.cli.fill_one.load", never)
    refused(*FILL, "-m", "smooth", "--animate", "a.webp", saying="--animate: model 'smooth' does not fill step by step")
    refused(*FILL, "-m", "smooth", "--uncertainty", "u.png", saying="'smooth' does not tell its uncertainty")


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("--animate", "a.gif"), "a.gif: an animation is written as .webp"),
        (("--iterations", "0"), "--iterations"),
        (("--noise", "-1"), "--noise"),
        (("--noise", "2"), "noise: Input should be less than or equal to 1, got 2"),
        (("--iterations", "2", "-O", "iterations=3"), "option 'iterations' is given twice, by -O and by --iterations"),
        (("-m", "smooth", "--iterations", "2"), "option 'iterations' is unknown for model 'smooth'"),
    ],
)
def test_bad_words_are_refused(refused, words, saying):
    refused(*FILL, *SPREAD, *words, saying=saying)


def test_an_animation_that_exists_stays(refused, folder):
    (folder / "a.webp").write_bytes(b"mine")
    refused(*FILL, *SPREAD, "--animate", "a.webp", saying="a.webp: exists already")


def test_previews_do_where_a_method_has_no_panels(tmp_path):
    told = []
    recorder = Recorder(told.append)
    for k in (1, 2):
        recorder(Progress("denoise", k, 2, preview=lambda k=k: np.full((2, 8, 8, 3), k / 2, np.float32)))
    recorder(Progress("window", 2, 3))
    recorder(Progress("denoise", 1, 2, preview=lambda: np.zeros((1, 8, 8, 3), np.float32)))
    assert [step.step for step in told] == [1, 2, 2, 1]
    save_animation(recorder.frames, (6, 5), tmp_path / "a.webp")
    shown, _ = frames(tmp_path / "a.webp")
    assert [frame.shape for frame in shown] == [(5, 6, 3)] * 2
    assert [round(float(frame.mean()) / 255, 1) for frame in shown] == [0.5, 1.0]


def test_a_method_that_shows_nothing_is_told(tmp_path):
    recorder = Recorder()
    recorder(Progress("denoise", 1, 2))
    with pytest.raises(ValueError, match="the model shows nothing of its steps"):
        save_animation(recorder.frames, (6, 5), tmp_path / "a.webp")
