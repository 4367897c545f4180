"""What `train` does in one process."""

import csv
import errno
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")

from retouch.train import checkpoints  # noqa: E402
from retouch.train.checkpoints import all_checkpoints, newest, read_checkpoint  # noqa: E402
from retouch.train.config import Ema, Every, Schedule, TrainConfig  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.train.recipe import Phase  # noqa: E402
from retouch.train.stepper import TrainingDiverged  # noqa: E402

from .recipes import SIDE, GanRecipe, L1Recipe, Memory  # noqa: E402

EVERY = Every(log=2, checkpoint=4, sheet=0, validation=0)


def config(out, **changes):
    return TrainConfig(**{"out": out, "steps": 8, "batch": 4, "device": "cpu", "every": EVERY, **changes})


def rows(out):
    with (out / "log.csv").open() as file:
        return list(csv.DictReader(file))


def weights(networks):
    return torch.cat([p.detach().flatten() for n in networks.values() for p in n.parameters()])


def test_it_learns(tmp_path):
    run = train(L1Recipe(), Memory(), config(tmp_path, steps=60, batch=8))
    losses = [float(row["loss/unet"]) for row in rows(tmp_path)]
    assert run.finished
    assert run.images == 480
    assert np.mean(losses[-5:]) < 0.8 * losses[0]


def test_the_same_call_gives_the_same_losses_and_other_seeds_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(GanRecipe(), Memory(), config(tmp_path / name, seed=seed))
    assert rows(tmp_path / "a") == rows(tmp_path / "b")
    assert rows(tmp_path / "a") != rows(tmp_path / "c")


def test_global_random_state_is_left_alone(tmp_path):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(GanRecipe(), Memory(), config(tmp_path, steps=2))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("make", [L1Recipe, lambda: GanRecipe(adaptive=False)])
def test_micro_batches_give_what_the_whole_batch_gives(tmp_path, make):
    for name, micro in (("whole", None), ("cut", 2)):
        train(make(), Memory(), config(tmp_path / name, batch=8, micro_batch=micro))
    for a, b in zip(rows(tmp_path / "whole"), rows(tmp_path / "cut"), strict=True):
        losses = [name for name in a if a[name] and not name.startswith("norm/")]
        assert [float(a[n]) for n in losses] == pytest.approx([float(b[n]) for n in losses], rel=1e-4, abs=1e-5)


def test_cancelled_and_continued_is_as_uninterrupted(tmp_path):
    train(GanRecipe(), Memory(), config(tmp_path / "whole"))
    asked = []
    half = train(GanRecipe(), Memory(), config(tmp_path / "cut"), cancel=lambda: asked.append(1) or len(asked) > 5)
    assert not half.finished
    assert half.step == 5
    assert half.checkpoint.name == "step-000005"
    steps = []
    train(GanRecipe(), Memory(), config(tmp_path / "cut"), progress=lambda p: steps.append(p.step))
    assert steps == [6, 7, 8]
    assert (tmp_path / "cut/log.csv").read_bytes() == (tmp_path / "whole/log.csv").read_bytes()


def test_a_finished_run_is_left_as_it_is_and_steps_may_grow(tmp_path):
    train(L1Recipe(), Memory(), config(tmp_path))
    steps = []
    again = train(L1Recipe(), Memory(), config(tmp_path), progress=lambda p: steps.append(p.step))
    assert (again.step, again.finished, steps) == (8, True, [])
    assert train(L1Recipe(), Memory(), config(tmp_path, steps=10), progress=lambda p: steps.append(p.step)).step == 10
    assert steps == [9, 10]


@pytest.mark.parametrize(
    ("changes", "data", "name"),
    [({"seed": 9}, Memory(), "seed"), ({"batch": 2}, Memory(), "batch"), ({}, Memory("other"), "data")],
)
def test_another_stream_is_refused_by_name(tmp_path, changes, data, name):
    train(L1Recipe(), Memory(), config(tmp_path))
    with pytest.raises(ValueError, match=rf"^{name}: is .*accepted"):
        train(L1Recipe(), data, config(tmp_path, **{"steps": 10, **changes}))


def test_never_resume_refuses_a_used_folder(tmp_path):
    train(L1Recipe(), Memory(), config(tmp_path))
    with pytest.raises(ValueError, match=r'^resume: is "never"'):
        train(L1Recipe(), Memory(), config(tmp_path, resume="never"))


def test_out_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"^out: "):
        train(L1Recipe(), Memory(), config(tmp_path / "file"))


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks")
def test_a_second_run_into_the_same_folder_is_refused(tmp_path):
    program = (
        "import sys, pathlib; from retouch.train.lock import alone_in\n"
        "with alone_in(pathlib.Path(sys.argv[1])): print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        with pytest.raises(BlockingIOError, match=r"^out: another process is training into .*accepted"):
            train(L1Recipe(), Memory(), config(tmp_path))
        other.kill()
    assert train(L1Recipe(), Memory(), config(tmp_path)).finished


def test_a_batch_that_cannot_be_cut_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match=r"^micro_batch: is 3"):
        train(L1Recipe(), Memory(), config(tmp_path / "out", micro_batch=3))
    assert not (tmp_path / "out").exists()


def test_other_networks_are_refused_at_resume(tmp_path):
    train(L1Recipe(), Memory(), config(tmp_path))
    with pytest.raises(ValueError, match="networks: the file has unet; accepted: discriminator, generator"):
        train(GanRecipe(), Memory(), config(tmp_path, steps=9))


class Poisoned(L1Recipe):
    """Its loss or gradient is no number at step 6."""

    def __init__(self, what):
        super().__init__()
        self.what = what

    def step(self, batch, k):
        for phase in super().step(batch, k):
            loss = phase.loss
            if k == 6 and self.what == "loss":
                loss = loss * float("nan")
            if k == 6 and self.what == "gradient":
                loss = loss + (self.networks["unet"].last.bias * 0).abs().sqrt().sum()
            yield Phase("unet", loss)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_divergence_names_the_step_and_keeps_the_last_good_checkpoint(tmp_path, what):
    with pytest.raises(TrainingDiverged, match=rf"^step 6: the {what} of 'unet' .*nan; .*step-000004$"):
        train(Poisoned(what), Memory(), config(tmp_path))
    assert newest(tmp_path).name == "step-000004"
    parameters = read_checkpoint(newest(tmp_path)).tensors["networks"].values()
    assert all(p.isfinite().all() for p in parameters)


def test_a_full_disk_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    train(L1Recipe(), Memory(), config(tmp_path, steps=4))
    real = checkpoints.save_tensors

    def full(file, tensors):
        if file.stem == "optimisers":
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        real(file, tensors)

    monkeypatch.setattr(checkpoints, "save_tensors", full)
    with pytest.raises(OSError, match=r"No space left on device; the last good one is .*step-000004") as caught:
        train(L1Recipe(), Memory(), config(tmp_path))
    assert caught.value.errno == errno.ENOSPC
    assert sorted(p.name for p in tmp_path.iterdir()) == [".lock", "log.csv", "step-000004"]
    monkeypatch.undo()
    assert train(L1Recipe(), Memory(), config(tmp_path)).finished


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    train(L1Recipe(), Memory(), config(tmp_path, keep=2, every=Every(checkpoint=2, log=0)))
    assert [p.name for p in all_checkpoints(tmp_path)] == ["step-000006", "step-000008"]


def test_events_and_evaluation_mode(tmp_path):
    recipe, seen = GanRecipe(), []

    def listen(event):
        seen.append((event.kind, event.step))
        if event.kind == "sheet":
            batch = next(Memory().batches(0, batch=2, seed=0, rank=0, processes=1))
            filled = recipe.fill(event.networks, batch.photos, batch.holes, batch.seeds)
            assert filled.shape == (2, 3, SIDE, SIDE)
            assert not filled.requires_grad
            assert not any(n.training for n in event.networks.values())
            assert event.networks["generator"] is not recipe.networks["generator"]

    every = Every(log=4, checkpoint=0, sheet=3, validation=5)
    train(recipe, Memory(), config(tmp_path, every=every), on_event=listen)
    assert seen == [
        ("start", 0), ("sheet", 3), ("log", 4), ("validation", 5), ("sheet", 6),
        ("log", 8), ("sheet", 8), ("validation", 8), ("checkpoint", 8),
    ]  # fmt: skip
    assert all(module.training for module in recipe.networks["discriminator"].modules())


def test_averages_follow_the_networks(tmp_path):
    still = train(L1Recipe(), Memory(), config(tmp_path / "a", ema=Ema(decay=0.0)))
    assert torch.equal(weights(still.averages), weights(still.networks))
    slow = train(L1Recipe(), Memory(), config(tmp_path / "b", ema=Ema(decay=0.9999)))
    start = weights(L1Recipe().networks)
    assert (weights(slow.averages) - start).norm() < 0.01 * (weights(slow.networks) - start).norm()


def test_schedule_reaches_the_optimisers(tmp_path):
    schedule = Schedule(kind="step", drops=(5,), drop=0.5, warm_up=4)
    train(L1Recipe(rate=1e-2), Memory(), config(tmp_path, schedule=schedule))
    assert [float(row["rate/unet"]) for row in rows(tmp_path)] == pytest.approx([0.005, 0.01, 0.005, 0.005])


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_trains_and_resumes(tmp_path, precision):
    train(GanRecipe(), Memory(), config(tmp_path / "whole", precision=precision))
    train(GanRecipe(), Memory(), config(tmp_path / "cut", precision=precision, steps=4))
    train(GanRecipe(), Memory(), config(tmp_path / "cut", precision=precision))
    assert rows(tmp_path / "whole") == rows(tmp_path / "cut")
    train(GanRecipe(), Memory(), config(tmp_path / "full"))
    assert rows(tmp_path / "whole") != rows(tmp_path / "full")


def test_channels_last_changes_the_layout_only(tmp_path):
    plain = train(L1Recipe(), Memory(), config(tmp_path / "a"))
    recipe = L1Recipe()
    other = train(recipe, Memory(), config(tmp_path / "b", channels_last=True))
    assert recipe.networks["unet"].up.weight.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(weights(plain.networks), weights(other.networks), atol=1e-4)


def test_gradient_checkpointing_is_asked_of_the_networks(tmp_path):
    with pytest.raises(ValueError, match="gradient_checkpointing: is on, but none of unet offers it"):
        train(L1Recipe(), Memory(), config(tmp_path, gradient_checkpointing=True))
    recipe, asked = L1Recipe(), []
    recipe.networks["unet"].enable_gradient_checkpointing = lambda: asked.append(1)
    train(recipe, Memory(), config(tmp_path, gradient_checkpointing=True))
    assert asked == [1]


def test_compile_is_asked_of_averaged_networks_not_of_discriminators(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: asked.append(type(self).__name__))
    train(GanRecipe(), Memory(), config(tmp_path, compile=True))
    assert asked == ["Unet"]


def test_unknown_average_is_refused(tmp_path):
    recipe = L1Recipe()
    recipe.ema = ("net",)
    with pytest.raises(ValueError, match="ema: names 'net'; accepted: unet"):
        train(recipe, Memory(), config(tmp_path))


def test_missing_device_is_refused(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("has CUDA")
    with pytest.raises(ValueError, match="device: is 'cuda' but PyTorch sees no CUDA device"):
        train(L1Recipe(), Memory(), config(tmp_path, device="cuda"))


def test_tensorboard_gets_the_logged_values(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from retouch.train.tensorboard import tensorboard

    train(L1Recipe(), Memory(), config(tmp_path / "run"), on_event=tensorboard(tmp_path / "board"))
    board = EventAccumulator(str(tmp_path / "board"))
    board.Reload()
    written = [(event.step, event.value) for event in board.Scalars("loss/unet")]
    rowed = [(int(row["step"]), float(row["loss/unet"])) for row in rows(tmp_path / "run")]
    assert [w[0] for w in written] == [r[0] for r in rowed] == [2, 4, 6, 8]
    assert [w[1] for w in written] == pytest.approx([r[1] for r in rowed])
