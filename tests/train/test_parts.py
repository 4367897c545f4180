"""Batches, settings, schedules, averages, seeds, optimiser states, the log."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from pydantic import ValidationError  # noqa: E402
from torch import nn  # noqa: E402

from retouch.train.batch import Batch  # noqa: E402
from retouch.train.config import Ema, Schedule, TrainConfig  # noqa: E402
from retouch.train.ema import Averages, decay  # noqa: E402
from retouch.train.log import Log, Window  # noqa: E402
from retouch.train.optimiser_state import flatten_state, restore_state  # noqa: E402
from retouch.train.schedules import factor, set_rates  # noqa: E402
from retouch.train.seeds import integers, normal, sample_seed, seeded, uniform  # noqa: E402


def batch(n=4, **changes):
    parts = {"photos": torch.rand(n, 3, 4, 6), "holes": torch.zeros(n, 1, 4, 6), "seeds": torch.arange(n)}
    return Batch(**{**parts, **changes})


def test_a_batch_splits_in_order():
    whole = batch(labels=torch.arange(4) * 10)
    parts = whole.split(2)
    assert [len(p) for p in parts] == [2, 2]
    for name in ("photos", "holes", "seeds", "labels"):
        assert torch.equal(torch.cat([getattr(p, name) for p in parts]), getattr(whole, name))
    with pytest.raises(ValueError, match="parts: is 3; accepted: a divisor of the batch's 4 samples"):
        whole.split(3)


def test_a_batch_moves_with_its_layout():
    moved = batch(labels=torch.arange(4)).to("cpu", torch.channels_last)
    assert moved.photos.is_contiguous(memory_format=torch.channels_last)
    assert moved.to("meta").photos.device.type == "meta"
    assert moved.to("meta").seeds.device.type == "cpu"


@pytest.mark.parametrize(
    "wrong",
    [
        {"photos": torch.rand(4, 1, 4, 6)},
        {"photos": torch.zeros(4, 3, 4, 6, dtype=torch.uint8)},
        {"photos": torch.rand(3, 4, 6)},
        {"holes": torch.zeros(4, 4, 6)},
        {"holes": torch.zeros(4, 1, 4, 6, dtype=torch.bool)},
        {"seeds": torch.arange(3)},
        {"seeds": torch.arange(4, dtype=torch.int32)},
        {"labels": torch.arange(3)},
        {"labels": torch.tensor(1)},
    ],
)
def test_wrong_batches_are_refused(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=rf"^(photos|{name}): is .*; accepted: "):
        batch(**wrong)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"stepz": 3}, "stepz"),
        ({"steps": 0}, "steps"),
        ({"precision": "fp8"}, "precision"),
        ({"device": "gpu"}, "device"),
        ({"schedule": {"kind": "cosine", "drops": [3]}}, "drops"),
        ({"schedule": {"kind": "step", "drops": [3, 3]}}, "drops"),
        ({"ema": {"decay": 1.0}}, "decay"),
        ({"keep": 0}, "keep"),
    ],
)
def test_wrong_settings_are_refused(settings, word):
    with pytest.raises(ValidationError, match=word):
        TrainConfig(**{"out": "x", "steps": 3, **settings})


def test_accumulation_follows_from_batch_processes_and_micro_batch():
    config = TrainConfig(out="x", steps=1, batch=12, micro_batch=2)
    assert [config.accumulate(n) for n in (1, 2, 3, 6)] == [6, 3, 2, 1]
    assert TrainConfig(out="x", steps=1, batch=12, micro_batch=64).accumulate(2) == 1
    with pytest.raises(ValueError, match="batch: is 12; accepted: a multiple of the 5 processes"):
        config.accumulate(5)
    with pytest.raises(ValueError, match="micro_batch: is 2; accepted: a divisor of 3"):
        config.accumulate(4)


def test_schedules():
    def at(kind, *steps, **more):
        return [factor(Schedule(kind=kind, **more), s, 101) for s in steps]

    assert at("constant", 0, 50, 100) == [1, 1, 1]
    assert at("constant", 0, 4, 9, 10, warm_up=10) == [0.1, 0.5, 1, 1]
    assert at("cosine", 0, 50, 100, 200) == pytest.approx([1, 0.5, 0, 0])
    assert at("cosine", 10, 100, warm_up=10, final=0.2) == pytest.approx([1, 0.2])
    assert at("linear", 0, 25, 100, final=0.5) == pytest.approx([1, 0.875, 0.5])
    assert at("step", 0, 9, 10, 20, drops=(10, 20)) == pytest.approx([1, 1, 0.1, 0.01])


def test_rates_scale_from_what_the_optimiser_was_made_with():
    optimiser = torch.optim.SGD([{"params": [nn.Parameter(torch.ones(1))], "lr": 3.0}], lr=1.0)
    for scale in (0.5, 0.5, 1.0):
        set_rates([optimiser], scale)
        assert optimiser.param_groups[0]["lr"] == 3.0 * scale


def test_ema_decay():
    config = Ema(half_life=1000, ramp=0.1)
    assert decay(config, images=100_000, batch=1000) == pytest.approx(0.5)
    assert decay(config, images=100_000, batch=500) ** 2 == pytest.approx(0.5)
    assert decay(config, images=1000, batch=100) == pytest.approx(0.5)  # ramp: half-life of 100 images
    assert decay(config, images=0, batch=100) == 0
    assert decay(Ema(half_life=1000, ramp=None), images=0, batch=1000) == pytest.approx(0.5)
    assert decay(Ema(decay=0.9), images=0, batch=8) == 0.9


def test_averages_mix_parameters_and_copy_buffers():
    network = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)).train()
    averages = Averages({"net": network}, ["net"])
    before = network[0].weight.item()
    with torch.no_grad():
        network[0].weight += 1
        network[1].running_mean += 5
        network[1].num_batches_tracked += 3
    averages.update({"net": network}, 0.75)
    average = averages.networks["net"]
    assert average[0].weight.item() == pytest.approx(before + 0.25)
    assert (average[1].running_mean.item(), average[1].num_batches_tracked.item()) == (5, 3)
    assert not average.training
    assert not any(p.requires_grad for p in average.parameters())
    assert network.training


def test_draws_belong_to_samples():
    seeds = torch.tensor([5, 2**62, 7])
    noise = normal(seeds, (3, 8, 8), "noise")
    assert noise.shape == (3, 3, 8, 8)
    assert noise.dtype == torch.float32
    assert torch.equal(noise[1:], normal(seeds[1:], (3, 8, 8), "noise"))
    assert not torch.equal(noise[0], noise[2])
    assert not torch.equal(noise, normal(seeds, (3, 8, 8), "other"))
    many = torch.arange(500)
    flat = uniform(many, (20,), "u")
    assert 0 <= flat.min() < 0.01
    assert 0.99 < flat.max() < 1
    assert abs(normal(many, (20,), "n").std() - 1) < 0.05
    assert sorted(set(integers(many, 2, 5, "i").tolist())) == [2, 3, 4]


def test_sample_seeds_differ_and_are_int64():
    seeds = {sample_seed(s, e, i) for s in range(5) for e in range(5) for i in range(40)}
    assert len(seeds) == 1000
    assert all(0 <= s < 2**63 for s in seeds)


def test_seeded_restores_the_generator():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    with seeded(3, 4, 5):
        inside = torch.rand(2)
    assert torch.equal(torch.rand(2), expected)
    with seeded(3, 4, 5):
        assert torch.equal(torch.rand(2), inside)
    with seeded(3, 4, 6):
        assert not torch.equal(torch.rand(2), inside)


OPTIMISERS = {
    "adam": lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.0, 0.99)),
    "amsgrad": lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.1),
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.1),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
}


def stepped(make, steps=3):
    parameters = [nn.Parameter(torch.linspace(-1, 1, 6).reshape(2, 3)), nn.Parameter(torch.ones(4))]
    optimiser = make(parameters)
    for _ in range(steps):
        sum(p.square().sum() for p in parameters).backward()
        optimiser.step()
        optimiser.zero_grad()
    return optimiser


def same(a, b):
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimiser_states_survive(name):
    old, new = stepped(OPTIMISERS[name]), stepped(OPTIMISERS[name], steps=0)
    restore_state(new, *flatten_state(old))
    a, b = old.state_dict(), new.state_dict()
    assert a["param_groups"] == b["param_groups"]
    assert a["state"].keys() == b["state"].keys()
    for index, entries in a["state"].items():
        assert entries.keys() == b["state"][index].keys()
        assert all(same(value, b["state"][index][key]) for key, value in entries.items())


def test_keys_of_an_optimiser_state_are_literal():
    tensors, plain = flatten_state(stepped(OPTIMISERS["adam"]))
    assert sorted(tensors) == [f"{i}/{n}" for i in (0, 1) for n in ("exp_avg", "exp_avg_sq", "step")]
    assert plain == {}


def test_foreign_optimiser_states_are_refused():
    new = stepped(OPTIMISERS["adam"], steps=0)
    with pytest.raises(ValueError, match="optimiser: state of parameter 2 given; accepted: 2 parameters"):
        restore_state(new, {"2/exp_avg": torch.ones(4)}, {})
    with pytest.raises(ValueError, match=r"'exp_avg' of parameter 1 has shape \[5\]; accepted: \[4\]"):
        restore_state(new, {"1/exp_avg": torch.ones(5)}, {})
    odd = stepped(OPTIMISERS["adam"])
    odd.state[odd.param_groups[0]["params"][0]]["history"] = [1]
    with pytest.raises(ValueError, match="Adam keeps a list as 'history'; accepted: tensors"):
        flatten_state(odd)


def test_the_window_averages_over_the_steps_that_have_a_value():
    window = Window()
    window.add({"a": 1.0, "r1": 8.0})
    window.add({"a": 2.0})
    assert window.means() == {"a": 1.5, "r1": 8.0}


def test_the_log_takes_new_columns_and_forgets_rows_after_a_resume(tmp_path):
    file = tmp_path / "log.csv"
    log = Log(file, 0)
    log.append(2, 8, {"a": 0.1 + 0.2})
    log.append(4, 16, {"a": math.nan, "b": 1e-30})
    assert file.read_text() == "step,images,a,b\n2,8,0.30000000000000004,\n4,16,nan,1e-30\n"
    with file.open("a") as out:
        out.write("6,24,0.5,0.5\n8,32,0.")  # a kill while a row was being written
    Log(file, 4).append(6, 24, {"b": 2.0})
    assert file.read_text().splitlines()[1:] == ["2,8,0.30000000000000004,", "4,16,nan,1e-30", "6,24,,2.0"]
    Log(file, 0)
    assert file.read_text().splitlines()[1:] == []


def test_float32_losses_read_back_exactly(tmp_path):
    value = float(np.float32(1) / np.float32(3))
    Log(tmp_path / "log.csv", 0).append(1, 1, {"a": value})
    assert float((tmp_path / "log.csv").read_text().split(",")[-1]) == value
