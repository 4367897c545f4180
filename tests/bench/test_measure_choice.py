"""What a run measures: conventions, names, what is left out and why."""

import pickle
import subprocess
import sys
from dataclasses import replace

import pytest

import retouch.features
from retouch.bench.kinds import kind
from retouch.bench.measure import choose, interpret
from retouch.bench.measure.conventions import _MEANING
from retouch.bench.measure.names import ALWAYS, IMAGES, SETS, label, metric_of
from retouch.bench.measure.networks import extractor_name
from retouch.bench.protocols import PROTOCOLS, protocol
from retouch.features import NAMES, Extractor
from retouch.weights import WeightsMissing

PSM = protocol("psm-places-512")
STANDARD = {"inception": {"fid", "kid", "p_ids", "u_ids"}, "vgg16-fc2": {"precision", "recall"}}


def network(name, short):
    def nothing(x):
        raise AssertionError("choosing looks at no image")

    return Extractor(name, short, frozenset(STANDARD.get(name, ())), 4, f"hash of {name}", nothing, nothing)


@pytest.fixture
def loaded(monkeypatch):
    """Every extractor can be had; returns what was asked for."""
    asked = []

    def load(name, weights=None, device="cpu"):
        asked.append((name, weights, device))
        return network(name, {"vgg16-relu5_3": "vgg", "vgg16-fc2": "vgg-fc2"}.get(name, name))

    monkeypatch.setattr(retouch.features, "load", load)
    return asked


@pytest.mark.parametrize("each", PROTOCOLS, ids=lambda each: each.name)
def test_every_protocol_can_be_interpreted(each, loaded, tmp_path):
    choice, left_out = choose(each, weights=tmp_path)
    assert choice.conventions == each.conventions
    assert interpret(each.conventions).divisor in ("n", "n-1")
    measured = {metric_of(name) for name in choice.sets} | set(choice.images) | set(left_out)
    assert set(each.metrics) <= measured
    assert all(kind(name).name == name for name in (*choice.images, *choice.sets))


def test_no_sentence_is_known_that_no_protocol_says():
    assert {sentence for each in PROTOCOLS for sentence in each.conventions} == set(_MEANING)


@pytest.mark.parametrize(
    ("name", "divisor", "lpips", "psnr", "ssim"),
    [
        ("psm-places-512", "n", ("alex", "signed"), "mat", "mat"),
        ("pixelhacker-1", "n-1", ("alex", "signed"), "mat", "mat"),
        ("2dgs-celebahq", "n-1", ("alex", "unit"), "mat", "mat"),
        ("lama-places-512", "n-1", ("vgg", "signed"), "mat", "lama"),
        ("asuka-misato-512", "n-1", ("alex", "signed"), "asuka", "asuka"),
        ("removal", "n", ("alex", "signed"), "mat", "mat"),
    ],
)
def test_conventions_of_the_papers(name, divisor, lpips, psnr, ssim):
    how = interpret(protocol(name).conventions)
    assert (how.divisor, (how.lpips_net, how.lpips_reading), how.psnr, how.ssim) == (divisor, lpips, psnr, ssim)


def test_an_unknown_convention_is_refused(tmp_path):
    odd = replace(PSM, conventions=("fid: covariance divided by n + 1",))
    with pytest.raises(ValueError, match=r"convention 'fid: .* n \+ 1' is unknown; did you mean 'fid: covariance"):
        choose(odd, weights=tmp_path)
    with pytest.raises(ValueError, match="convention 'x' is unknown; known: 'fid: "):
        interpret(["x"])


def test_metrics_over_their_own_network_keep_their_names(loaded, tmp_path):
    choice, left_out = choose(PSM, weights=tmp_path, device="cuda")
    assert choice.sets == ("fid", "p-ids", "u-ids")
    assert choice.extractor == "inception"
    assert (choice.device, choice.weights, choice.identity) == ("cuda", str(tmp_path), "hash of inception")
    assert set(left_out) <= {"lpips"}
    # Looking whether weights can be had must not take memory of the device.
    assert loaded == [("inception", str(tmp_path), "cpu")]


def test_over_other_features_they_get_other_names(loaded, tmp_path):
    choice, left_out = choose(PSM, extractor="vgg16-relu5_3", weights=tmp_path)
    assert choice.sets == ("fd-vgg", "p-ids-vgg", "u-ids-vgg")
    assert choice.extractor == "vgg16-relu5_3"
    assert left_out["fid"] == "over features of vgg16-relu5_3 it is called fd-vgg"
    assert {"p-ids", "u-ids"} <= set(left_out)


def test_asuka_s_own_features_are_no_fid(loaded, tmp_path):
    choice, left_out = choose(protocol("asuka-misato-512"), weights=tmp_path)
    assert choice.sets == ("fd-inception-imagenet", "u-ids-inception-imagenet", "p-ids-inception-imagenet")
    assert "clip" in choice.images
    assert "fid" in left_out


def test_a_protocol_with_two_networks(loaded, tmp_path):
    psm = protocol("psm-fidelity")
    choice, left_out = choose(psm, weights=tmp_path)
    assert choice.sets == ("precision", "recall")
    assert left_out["fid"].startswith("is of inception features here")
    choice, left_out = choose(psm, extractor="inception", weights=tmp_path)
    assert choice.sets == ("fid", "precision-inception", "recall-inception")
    assert "fid" not in left_out


@pytest.mark.parametrize("error", [WeightsMissing("Inception: not found; get it"), ImportError("needs the extra 'x'")])
@pytest.mark.parametrize("asked", [None, "inception"])
def test_what_cannot_be_had_is_left_out_with_the_reason(monkeypatch, tmp_path, error, asked):
    def load(name, weights=None, device="cpu"):
        raise error

    monkeypatch.setattr(retouch.features, "load", load)
    choice, left_out = choose(PSM, extractor=asked, weights=tmp_path)
    assert (choice.sets, choice.extractor) == ((), None)
    assert {left_out[name] for name in ("fid", "p-ids", "u-ids")} == {str(error)}
    assert "psnr" in choice.images


def test_a_folder_without_the_weights(tmp_path):
    pytest.importorskip("torch")
    for folder in (tmp_path, tmp_path / "none"):
        choice, left_out = choose(PSM, weights=folder)
        assert choice.sets == ()
        assert "Inception-v3 2015-12-05" in left_out["fid"]
        assert "lpips" not in choice.images
        assert "AlexNet" in left_out["lpips"]


def test_without_torch_lpips_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torch", None)
    choice, left_out = choose(PSM, weights=tmp_path)
    assert left_out["lpips"] == "lpips: needs the extra 'torch': pip install 'retouch[torch]'"
    assert "retouch[torch]" in left_out["fid"]
    assert choice.images == tuple(each for each in ALWAYS if each != "lpips")


def test_a_wrong_weights_file_is_an_error(tmp_path):
    pytest.importorskip("torch")
    (tmp_path / "pt_inception-2015-12-05-6726825d.pth").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"SHA-256 is .*; accepted: 6726825d"):
        choose(PSM, weights=tmp_path)


def test_towers_lie_in_folders_of_their_own(loaded, tmp_path):
    own = tmp_path / "clip-vit-large-patch14"
    own.mkdir()
    choose(PSM, weights=tmp_path, metrics=["clip"])
    assert loaded == [("clip", str(own), "cpu")]


def test_no_extractor_on_purpose(loaded, tmp_path):
    choice, left_out = choose(PSM, extractor="none", weights=tmp_path)
    assert (choice.sets, choice.extractor, loaded) == ((), None, [])
    assert left_out["fid"] == "no extractor is chosen"


def test_removal_has_no_truth(loaded, tmp_path):
    choice, left_out = choose(protocol("removal"), weights=tmp_path)
    assert choice.images == ("seam-colour-offset", "texture-ratio")
    assert (choice.sets, left_out, loaded) == ((), {}, [])
    choice, left_out = choose(protocol("removal"), weights=tmp_path, metrics=["psnr", "texture-ratio"])
    assert choice.images == ("texture-ratio",)
    assert left_out == {"psnr": "needs the photo without what is removed, which protocol 'removal' does not have"}


def test_only_the_metrics_asked_for(loaded, tmp_path):
    choice, left_out = choose(PSM, weights=tmp_path, metrics=("kid", "l1", "kid"))
    assert (choice.images, choice.sets, left_out) == (("l1",), ("kid",), {})
    choice, _ = choose(PSM, weights=tmp_path, metrics=["ssim"])
    assert (choice.images, choice.sets, choice.extractor) == (("ssim",), (), None)


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="metric 'pnsr' is unknown; did you mean 'psnr'"):
        choose(PSM, weights=tmp_path, metrics=["pnsr"])
    with pytest.raises(ValueError, match=r"metric 'fd-vgg' is unknown.*; known: psnr, "):
        choose(PSM, weights=tmp_path, metrics=["fd-vgg"])
    with pytest.raises(ValueError, match="extractor 'incepton' is unknown; did you mean 'inception'"):
        choose(PSM, extractor="incepton", weights=tmp_path)
    with pytest.raises(ValueError, match="metric 'psnr' is none of a whole set"):
        metric_of("psnr")


def test_a_choice_travels_and_compares(loaded, tmp_path):
    one, _ = choose(PSM, weights=tmp_path)
    two, _ = choose(PSM, weights=str(tmp_path))
    assert one == two == pickle.loads(pickle.dumps(one))
    assert len(pickle.dumps(one)) < 2000
    assert one != choose(PSM, weights=tmp_path, extractor="vgg16-relu5_3")[0]


@pytest.mark.parametrize("metric", SETS)
@pytest.mark.parametrize("short", ["inception", "vgg", "vgg-fc2", "inception-imagenet", "efficientnet-lite0"])
def test_labels_lead_back_to_the_metric(metric, short):
    called = label(metric, network("inception" if short == "inception" else "other", short))
    assert metric_of(called) == metric
    assert (kind(called).percent, kind(called).over) == (metric in ("p-ids", "u-ids"), "set")
    assert (called == metric) == (short == "inception" and metric not in ("precision", "recall"))


def test_names_are_those_of_kinds():
    assert {kind(name).over for name in IMAGES} == {"image"}
    assert {kind(name).over for name in SETS} == {"set"}
    assert all(extractor_name(name) == name for name in NAMES)


def test_importing_needs_no_torch():
    code = "import sys, retouch.bench.measure; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
