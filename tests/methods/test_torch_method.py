"""Arrays to tensors and back, around any network."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from retouch.methods.base import Cancelled, Needs, NoOptions  # noqa: E402
from retouch.methods.torch_method import TorchMethod, find_device, load_network, to_array, to_tensor  # noqa: E402
from retouch.train.export import Export  # noqa: E402

CPU = torch.device("cpu")


def inputs(n=3):
    images = np.random.default_rng(0).random((n, 8, 12, 3), np.float32)
    masks = np.zeros((n, 8, 12), bool)
    masks[:, 2:5, 3:9] = True
    return images, masks


def method(fill, networks=(), needs=None):
    return TorchMethod(fill, list(networks), needs or Needs(multiple=1), CPU)


def twice(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def test_tensors_come_back_as_the_same_arrays():
    images, _ = inputs()
    tensor = to_tensor(images, CPU)
    assert tensor.shape == (3, 3, 8, 12)
    assert np.array_equal(to_array(tensor), images)
    assert to_array(torch.tensor([-1.0, 2.0]).bfloat16().view(1, 1, 1, 2)).flatten().tolist() == [0, 1]


def test_a_network_sees_no_pixel_of_the_hole_and_changes_none_outside():
    images, masks = inputs()
    seen = []

    def fill(photos, holes, call):
        assert torch.is_inference_mode_enabled()
        seen.append((photos, holes, list(call.seeds)))
        return torch.full_like(photos, 0.25)

    out = method(fill)(images, masks, NoOptions(), seeds=[4, 5, 6]).images
    assert all((photos * holes).abs().max() == 0 and holes.sum() == 18 for photos, holes, _ in seen)
    assert [seeds for _, _, seeds in seen] == [[4], [5], [6]]
    assert np.array_equal(out[~masks], images[~masks])
    assert (out[masks] == 0.25).all()


def test_networks_are_put_to_rest_and_counted():
    network = nn.Sequential(nn.Linear(3, 4), nn.Dropout())
    made = method(lambda photos, *_: photos, [network])
    assert (made.parameters, made.device) == (16, CPU)
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_larger_output_is_given_whole():
    images, masks = inputs()
    out = method(lambda photos, _holes, call: twice(photos) if call.scale == 2 else photos)
    assert out(images, masks, NoOptions(), scale=2).images.shape == (3, 16, 24, 3)


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (lambda photos, *_: photos / 0, "no finite numbers"),
        (lambda photos, *_: twice(photos), r"gives \[1, 16, 24, 3\] for \[1, 8, 12, 3\] at scale 1"),
    ],
)
def test_networks_that_give_nonsense_are_refused(fill, message):
    with pytest.raises(ValueError, match=message):
        method(fill)(*inputs(1), NoOptions())


def test_progress_and_cancelling():
    steps = []
    method(lambda photos, *_: photos)(*inputs(), NoOptions(), progress=steps.append)
    assert [(p.step, p.steps) for p in steps] == [(1, 3), (2, 3), (3, 3)]
    several = method(lambda photos, *_: photos, needs=Needs(steps=4))
    several(*inputs(), NoOptions(), progress=lambda _: pytest.fail("it tells its own steps"))
    with pytest.raises(Cancelled):
        method(lambda *_: pytest.fail("cancelled before"))(*inputs(), NoOptions(), cancel=lambda: True)


def test_devices():
    assert find_device("cpu") == CPU
    here = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else CPU
    assert find_device("auto").type == here.type
    absent = "xpu" if here.type != "xpu" else "cuda"
    with pytest.raises(ValueError, match=f"device: this machine has no '{absent}' .*accepted here: auto, cpu"):
        find_device(absent)


def test_loading_takes_the_named_weights_and_leaves_the_seed_alone(tmp_path):
    export = Export(None, {"net": {"weight": torch.full((2, 3), 7.0), "bias": torch.zeros(2)}})
    state = torch.get_rng_state()
    network = load_network(lambda: nn.Linear(3, 2), export, "net", tmp_path / "a.json")
    assert torch.equal(torch.get_rng_state(), state)
    assert (network.weight == 7).all()
    with pytest.raises(ValueError, match=r"a.json holds net; accepted: an export of 'other'"):
        load_network(lambda: nn.Linear(3, 2), export, "other", tmp_path / "a.json")
    with pytest.raises(ValueError, match=r"a.json: 'bias' has shape \(2,\); accepted: \(4,\)"):
        load_network(lambda: nn.Linear(3, 4), export, "net", tmp_path / "a.json")
