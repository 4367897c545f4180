"""Validation measures what the bench measures, in the hole."""

import csv

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from retouch.bench import metrics  # noqa: E402
from retouch.features.lpips import Lpips  # noqa: E402
from retouch.train.curve import curve, read_points  # noqa: E402
from retouch.train.fixed import fill_samples  # noqa: E402
from retouch.train.validate import find_lpips, validate  # noqa: E402

from .samples_for_tests import Painter, samples  # noqa: E402


def test_values_are_the_means_of_the_bench():
    recipe, three = Painter(0.25), samples(3)
    torch.manual_seed(0)
    network = Lpips("alex").requires_grad_(False)
    values = validate(recipe, recipe.networks, three, network, batch=2)
    pairs = list(zip(three, fill_samples(recipe, recipe.networks, three), strict=True))
    assert list(values) == ["lpips", "psnr-hole", "l1-hole"]
    assert values["lpips"] == pytest.approx(np.mean([metrics.lpips(s.photo, f, network) for s, f in pairs]))
    assert values["psnr-hole"] == pytest.approx(np.mean([metrics.psnr(s.photo, f, mask=s.hole) for s, f in pairs]))
    expected = np.mean([np.abs(s.photo[s.hole].astype(float) - 64).mean() / 255 for s in three])
    assert values["l1-hole"] == pytest.approx(expected)


def test_without_weights_lpips_is_left_out(tmp_path):
    assert find_lpips(tmp_path) is None
    recipe = Painter()
    assert list(validate(recipe, recipe.networks, samples(1))) == ["psnr-hole", "l1-hole"]


def test_a_file_with_another_content_is_refused(tmp_path):
    (tmp_path / "alexnet_features_fp16.safetensors").write_bytes(b"no weights")
    with pytest.raises(ValueError, match="SHA-256"):
        find_lpips(tmp_path)


def write(file, rows):
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_curve_has_a_plot_for_every_loss_and_metric(tmp_path):
    log, held = tmp_path / "log.csv", tmp_path / "validation.csv"
    write(log, [{"step": k, "images": 4 * k, "loss/g": 1 / k, "norm/g": 3, "rate/g": 1} for k in range(1, 2001)])
    write(held, [{"step": 500, "images": 2000, "a<b": 0.5}, {"step": 2000, "images": 8000, "a<b": 0.25}])
    text = curve(log, held)
    assert text.startswith("<svg ")
    assert text.count("<polyline") == 2
    assert "loss/g, last 0.000" in text
    assert "validation: a&lt;b, last 0.25" in text
    assert text.count('text-anchor="end">2000<') == 2, "the last number would be cut off"
    assert "norm/g" not in text
    assert "rate/g" not in text
    assert len(text) < 20_000, "points are not thinned"


def test_values_that_are_no_numbers_are_left_out(tmp_path):
    write(tmp_path / "log.csv", [{"step": 1, "images": 4, "a": "nan", "b": "inf", "c": "", "d": 2.0}])
    assert read_points(tmp_path / "log.csv") == {"d": [(1.0, 2.0)]}
    assert "d, last 2" in curve(tmp_path / "log.csv", tmp_path / "validation.csv")


def test_a_curve_of_nothing_is_an_empty_picture(tmp_path):
    text = curve(tmp_path / "log.csv", tmp_path / "validation.csv")
    assert "<polyline" not in text
    assert text.endswith("</svg>")
