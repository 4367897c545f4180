"""One process by itself; several are tested as whole runs."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from torch import nn  # noqa: E402

from retouch.train.gradients import average_gradients, backward, clip_gradients  # noqa: E402
from retouch.train.processes import Processes, find_processes, parameter_digest  # noqa: E402

ALONE = Processes(0, 1, torch.device("cpu"))


class Pair(Processes):
    """Two processes of which the other holds `other`: the mean is taken with it."""

    def average(self, values):
        values += self.other
        values /= 2
        return values


def pair(other):
    made = Pair(0, 2, torch.device("cpu"))
    object.__setattr__(made, "other", torch.tensor(other))
    return made


def test_one_process_is_the_first_and_alone():
    found = find_processes("cpu")
    assert (found.rank, found.count, found.device.type, found.is_main) == (0, 1, "cpu", True)
    assert found.any(True)
    assert not found.any(False)
    assert torch.equal(found.average(torch.tensor([1.0, 2.0])), torch.tensor([1.0, 2.0]))
    found.check_same("00", "anything")


def test_auto_is_not_bound_to_the_device_of_an_earlier_run():
    find_processes("cpu")
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert find_processes("auto").device.type == expected


def test_gradients_and_losses_are_averaged_in_one_exchange():
    a, b, c = (nn.Parameter(torch.zeros(n)) for n in (2, 1, 1))
    a.grad = torch.tensor([1.0, 2.0])
    # The other process: loss 5; gradients for a and b, none for c on either side.
    loss = average_gradients([a, b, c], torch.tensor(3.0), pair([5.0, 1, 1, 0, 3, 4, 8, 0]))
    assert loss.item() == 4
    assert a.grad.tolist() == [2, 3]
    assert b.grad.tolist() == [4]
    assert c.grad is None


def test_backward_reaches_the_given_parameters_only():
    a, b = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.tensor(3.0))
    backward(a * b, [a])
    assert a.grad.item() == 3
    assert b.grad is None


def test_clipping_keeps_the_direction():
    a, b = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))
    a.grad, b.grad = torch.tensor([3.0]), torch.tensor([4.0])
    assert clip_gradients([a, b], None).item() == 5
    assert (a.grad.item(), b.grad.item()) == (3, 4)
    assert clip_gradients([a, b], 1.0).item() == 5
    assert (a.grad.item(), b.grad.item()) == pytest.approx((0.6, 0.8), rel=1e-5)


def test_the_digest_tells_parameters_apart():
    network = nn.Conv2d(3, 4, 3)
    before = parameter_digest([network])
    assert parameter_digest([network.to(memory_format=torch.channels_last)]) == before
    with torch.no_grad():
        network.bias[2] += 1e-6
    assert parameter_digest([network]) != before
