"""ASUKA's alignment against the official code's results, with weights made from the parameters' names."""

import json

import numpy as np
import pytest

from tests.parity.inputs_of_goldens import PARITY, fill, needs_goldens

torch = pytest.importorskip("torch")

from retouch.methods.asuka.align import Alignment, interpolate  # noqa: E402
from retouch.methods.asuka.config import ALIGNMENTS, Align  # noqa: E402
from retouch.methods.asuka.load import load_alignment  # noqa: E402

pytestmark = needs_goldens

FOLDER = PARITY / "asuka"
CONFIGS = {"small": Align(width=128), "clip": ALIGNMENTS["flux-clip"], "t5": ALIGNMENTS["flux-t5"]}
TOLERANCE = 1e-4


def keys(component):
    return json.loads((FOLDER / "manifest_alignment.json").read_text())["components"][component]["keys"]


def load(component, folder, **changes):
    """Through a file as it is released, the modulation that is never used with it."""
    parity, tensors = fill(), {}
    for key, shape in keys(component).items():
        make = (lambda k, s: 1 + 0.1 * parity.uniform(k, s)) if key.endswith(".scale") else parity.fill
        tensors[key] = torch.from_numpy(make(key, tuple(shape)))
    torch.save(tensors, folder / "alignment.pt")
    return load_alignment(folder / "alignment.pt", CONFIGS[component].model_copy(update=changes))


def given(name, shape, factor=1.0):
    return torch.from_numpy(np.float32(factor) * fill().uniform(name, shape))


@pytest.mark.parametrize("component", ["small", "clip"])
@torch.inference_mode()
def test_tokens_and_their_mean(component, tmp_path):
    golden = np.load(FOLDER / "alignment.npz")
    network = load(component, tmp_path, pooled=False)
    tokens = network(given("asuka.align.x", (2, 256, 512), 3.0))
    step = 1 if component == "small" else 4
    np.testing.assert_allclose(tokens[:, ::4, ::step], golden[f"{component}.out"], rtol=0, atol=TOLERANCE)
    network.config = CONFIGS[component].model_copy(update={"pooled": True})
    pooled = network(given("asuka.align.x", (2, 256, 512), 3.0))
    np.testing.assert_allclose(pooled, golden[f"{component}.mean_tokens"], rtol=0, atol=TOLERANCE)


@torch.inference_mode()
def test_interpolation_with_the_empty_text(tmp_path):
    golden = np.load(FOLDER / "alignment.npz")["small.cond_w05_s4"]
    aligned = load("small", tmp_path)(given("asuka.align.x", (2, 256, 512), 3.0))
    between = interpolate(given("asuka.align.none", (1, 256, 128)), aligned, 0.5)
    np.testing.assert_allclose(between[:, ::4], golden, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("component", CONFIGS)
def test_manifest_names(component):
    with torch.device("meta"):
        ours = {key: tuple(value.shape) for key, value in Alignment(CONFIGS[component]).state_dict().items()}
    theirs = {key: tuple(shape) for key, shape in keys(component).items() if ".modulation." not in key}
    assert ours == theirs
    assert len(keys(component)) - len(theirs) == 2 * 4
