"""Metrics against the official code's numbers on deterministic features and images."""

import warnings

import numpy as np
import pytest

from retouch.bench.metrics import (
    RankDeficiencyWarning,
    fid,
    gradient_at_edge,
    gradient_at_edge_channels,
    ids,
    kid,
    kid_subsets,
    l1,
    p_ids,
    precision_recall,
    psnr,
    ssim,
    u_ids,
)
from retouch.bench.metrics.canny import canny
from tests.parity.inputs_of_goldens import PARITY, fill, module, needs_goldens, read

pytestmark = needs_goldens

CASES = ("a", "b", "c", "d_rankdef", "e_near")
PAIRED = ("a", "b", "d_rankdef", "e_near")
IMAGES = ("i1", "i2", "i3")


@pytest.fixture(scope="module")
def golden():
    return read("metrics.json")


@pytest.fixture(params=CASES)
def case(request, golden):
    return (golden["cases"][request.param], *features(request.param, golden["cases"][request.param]))


def features(name, case):
    """Real [n, d] and fake [m, d] float32, after the recipe in the file of goldens."""
    uniform = fill().uniform
    n, m, d = case["n"], case["m"], case["d"]
    real = uniform(f"gold/metrics/{name}/real", (n, d)).astype(np.float64)
    fake = uniform(f"gold/metrics/{name}/fake", (m, d)).astype(np.float64)
    k, mix = min(n, m), case["mix"]
    fake[:k] = mix * real[:k] + (1 - mix) * fake[:k]
    real = np.maximum(real + 0.3, 0).astype(np.float32)
    fake = np.maximum(fake + 0.3 + case["shift"], 0).astype(np.float32)
    checks = case["checks"]
    assert real.sum(dtype=np.float64) == pytest.approx(checks["real_sum"], rel=1e-12)
    assert fake[0, :4].tolist() == pytest.approx(checks["fake_0_0_4"], rel=1e-7)
    return real, fake


def test_fid(case):
    golden, real, fake = case
    deficient = golden["n"] <= golden["d"]
    tolerance = 1e-6 if deficient else 1e-8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RankDeficiencyWarning)
        assert fid(real, fake) == pytest.approx(golden["fid_biased_cov_f64"], rel=tolerance)
        assert fid(real, fake) == pytest.approx(golden["fid_official"], rel=tolerance)
        assert fid(real, fake, divisor="n-1") == pytest.approx(golden["fid_unbiased_cov_f64"], rel=tolerance)


def test_kid(case):
    golden, real, fake = case
    assert kid(real, fake) == pytest.approx(golden["kid_full_unbiased_f64"], abs=1e-12)


def test_kid_of_subsets(case):
    golden, real, fake = case
    ours = kid_subsets(real, fake, subsets=100, size=100)
    # Other random subsets: the mean of 100 has a tenth of the deviation of one.
    official = np.mean(golden["kid_official_100subsets_of_100_seeds0to4"])
    assert ours.mean == pytest.approx(official, abs=3 * ours.deviation / 10 * np.sqrt(1 + 1 / 5))


@pytest.mark.parametrize("name", PAIRED)
def test_ids(name, golden):
    case = golden["cases"][name]
    real, fake = features(name, case)
    assert u_ids(real, fake) == pytest.approx(case["uids_official"], abs=1e-12)
    assert p_ids(real, fake) == case["pids_official"]


def test_precision_and_recall_exact(case):
    golden, real, fake = case
    ours = precision_recall(real, fake)
    assert [ours.precision, ours.recall] == pytest.approx(golden["pr_f64"], abs=1e-12)


def test_precision_and_recall_as_published(case):
    golden, real, fake = case
    ours = precision_recall(real, fake, mode="official-float16")
    assert ours.precision == pytest.approx(golden["precision_official"], abs=1e-6)
    assert ours.recall == pytest.approx(golden["recall_official"], abs=1e-6)


@pytest.fixture(params=IMAGES)
def pair(request, golden):
    name, case = request.param, golden["images"][request.param]
    h, w = case["size"]
    base = fill().uniform(f"gold/images/{name}/base", (h, w, 3)).astype(np.float64)
    noise = fill().uniform(f"gold/images/{name}/noise", (h, w, 3)).astype(np.float64)
    slope = (np.linspace(-1, 1, h)[:, None, None] + np.linspace(-1, 1, w)[:, None]) / 2
    a, b = (
        np.floor(np.clip((0.7 * slope + 0.3 * base + extra + 1) * 127.5, 0, 255) + 0.5).astype(np.uint8)
        for extra in (0, case["amp"] * noise)
    )
    assert (int(a.sum()), int(b.sum())) == (case["sum_a"], case["sum_b"])
    return case, a, b


def test_images(pair):
    golden, a, b = pair
    assert psnr(a, b) == pytest.approx(golden["psnr"], abs=1e-9)
    assert psnr(a, b, convention="asuka") == pytest.approx(golden["psnr_asuka"], abs=1e-9)
    assert l1(a, b) == pytest.approx(golden["l1"], abs=1e-9)
    assert ssim(a, b) == pytest.approx(golden["ssim_mat"], abs=1e-9)


def test_ssim_of_float32_code(pair):
    golden, a, b = pair
    # These two were computed in float32 by their authors, so they hold no more digits than this.
    assert ssim(a, b, convention="lama") == pytest.approx(golden["ssim_lama"], abs=1e-6)
    assert ssim(a, b, convention="asuka") == pytest.approx(golden["ssim_asuka_gray_skimage"], abs=1e-6)


@pytest.fixture(scope="module")
def asuka():
    return np.load(PARITY / "asuka" / "metrics.npz")


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("components", [2048, 32])
@pytest.mark.parametrize("name", ["indep", "paired", "far"])
def test_asuka_ids(asuka, name, components, kind):
    uniform = fill().uniform
    real, other, noise = (uniform(f"asuka.ids.{k}", (200, 64)).astype(np.float64) for k in ("real", "fake", "noise"))
    fake = {"indep": 1.1 * other + 0.05, "paired": 0.9 * real + 0.25 * noise + 0.02, "far": other + 0.6}[name]
    real, fake = real.astype(kind), fake.astype(kind)
    distance, unpaired, paired = asuka[f"ids.{name}.dim{components}.{kind}"]
    ours = ids(real, fake, pca=None if components == 2048 else components)
    # The script takes the mean in the features' own precision; we sum in float64 whatever they are.
    assert fid(real, fake, divisor="n-1") == pytest.approx(distance, rel=1e-8 if kind == "float64" else 1e-6)
    assert ours.unpaired == pytest.approx(unpaired, abs=1e-12)
    assert ours.paired == paired


@pytest.fixture(scope="module")
def filled(asuka):
    inputs = module(PARITY / "asuka" / "inputs.py")
    truth = inputs.image_u8(256)
    mask = (255 * inputs.mask01(256)).astype(np.uint8)
    noise = fill().uniform("asuka.metric.noise", (256, 256, 3))
    image = np.clip(truth + np.round(24 * noise) + 6, 0, 255).astype(np.uint8)
    assert (image[0] == asuka["metric.pred_first_row"]).all()
    return image, truth, mask


def softened(mask):
    cv2 = pytest.importorskip("cv2")
    return cv2.blur(mask, (5, 5))


def test_asuka_edges_of_mask(asuka, filled):
    edges = np.unpackbits(asuka["canny_packed"]).reshape(256, 256).astype(bool)
    assert (canny(filled[2], 100, 200) == edges).all()


@pytest.mark.parametrize("name", ["grad", "grad_soft"])
def test_asuka_gradient_at_edge(asuka, filled, name):
    image, truth, mask = filled
    mask = mask if name == "grad" else softened(mask)
    assert gradient_at_edge_channels(image, truth, mask).tolist() == pytest.approx(asuka[name][:3].tolist(), abs=1e-8)
    assert gradient_at_edge(image, truth, mask) == pytest.approx(asuka[name][3], abs=1e-8)


@pytest.mark.parametrize("name", ["psnr_ssim", "psnr_ssim_soft", "psnr_ssim_identical"])
def test_asuka_psnr_and_ssim(asuka, filled, name):
    image, truth, mask = filled
    mask = softened(mask) if name == "psnr_ssim_soft" else mask
    composite = truth if name.endswith("identical") else np.where((mask >= 127.5)[..., None], image, truth)
    ratio, similarity = asuka[name]
    # The script computes in float32.
    assert psnr(composite, truth, convention="asuka") == pytest.approx(ratio, abs=2e-6)
    assert ssim(composite, truth, convention="asuka") == pytest.approx(similarity, abs=1e-6)
