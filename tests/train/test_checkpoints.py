"""Checkpoint folders: whole or not there."""

import errno
import json

import pytest

torch = pytest.importorskip("torch")

from retouch.train import checkpoints  # noqa: E402
from retouch.train.checkpoints import (  # noqa: E402
    Checkpoint,
    State,
    all_checkpoints,
    newest,
    read_checkpoint,
    remove_unfinished,
    save_tensors,
    write_checkpoint,
)


def checkpoint(step=1, **changes):
    known = {
        "step": step, "images": 4 * step, "seed": 0, "batch": 4, "data": "d", "config": {"out": "x"}, "parameters": "0",
        "window": {"loss": (0.1, 2), "odd": (float("inf"), 1)}, "optimisers": {"a": {"0/step": 3, "0/buffer": None}},
        "scalers": {"a": {"scale": 65536.0, "_growth_tracker": 3}}, "recipe": {"p": 0.1, "on": True, "name": "x"},
        "versions": {},
    }  # fmt: skip
    tied = torch.rand(2, 3)
    tensors = {
        "networks": {"a/one": tied, "a/two": tied, "a/part": tied.T[1:]},
        "ema": {},
        "optimisers": {},
        "recipe": {},
    }
    return Checkpoint(State(**{**known, **changes}), tensors)


def test_a_checkpoint_reads_back(tmp_path):
    written = checkpoint(7)
    folder = write_checkpoint(tmp_path, written, keep=1)
    assert folder == tmp_path / "step-000007" == newest(tmp_path)
    read = read_checkpoint(folder)
    assert read.state == written.state
    assert read.tensors.keys() == written.tensors.keys()
    for name, tensor in written.tensors["networks"].items():
        assert torch.equal(read.tensors["networks"][name], tensor)
    assert sorted(p.suffix for p in folder.iterdir()) == [".json", *[".safetensors"] * 4]


def test_an_older_one_goes_only_after_the_new_one_is_complete(tmp_path, monkeypatch):
    write_checkpoint(tmp_path, checkpoint(1), keep=1)
    seen = []
    real = checkpoints.save_tensors
    monkeypatch.setattr(
        checkpoints, "save_tensors", lambda f, t: (seen.append([p.name for p in all_checkpoints(tmp_path)]), real(f, t))
    )
    write_checkpoint(tmp_path, checkpoint(2), keep=1)
    assert seen == [["step-000001"]] * 4
    assert [p.name for p in tmp_path.iterdir()] == ["step-000002"]


def test_steps_are_ordered_as_numbers(tmp_path):
    for step in (999_999, 1_000_000):
        write_checkpoint(tmp_path, checkpoint(step), keep=5)
    assert newest(tmp_path).name == "step-1000000"


def test_the_same_step_is_replaced(tmp_path):
    write_checkpoint(tmp_path, checkpoint(1), keep=2)
    write_checkpoint(tmp_path, checkpoint(1, data="new"), keep=2)
    assert read_checkpoint(newest(tmp_path)).state.data == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["step-000001"]


def test_leftovers_and_strangers(tmp_path):
    write_checkpoint(tmp_path, checkpoint(1), keep=1)
    (tmp_path / ".step-000002.part").mkdir()
    (tmp_path / ".step-000001.old.part").mkdir()
    (tmp_path / ".log.csv.abc.part").write_text("")
    (tmp_path / "step-final").mkdir()
    (tmp_path / "step-000009").write_text("a file")
    assert newest(tmp_path).name == "step-000001"
    remove_unfinished(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["step-000001", "step-000009", "step-final"]
    assert newest(tmp_path / "nowhere") is None


def test_a_damaged_checkpoint_is_named(tmp_path):
    folder = write_checkpoint(tmp_path, checkpoint(1), keep=1)
    text = (folder / "state.json").read_text()
    (folder / "state.json").write_text(json.dumps({**json.loads(text), "format": 2}))
    with pytest.raises(ValueError, match="has format 2; accepted: 1"):
        read_checkpoint(folder)
    (folder / "state.json").write_text(text[:50])
    with pytest.raises(ValueError, match=r"step-000001: is damaged or no checkpoint"):
        read_checkpoint(folder)
    (folder / "state.json").write_text(text)
    (folder / "networks.safetensors").write_bytes(b"\0" * 20)
    with pytest.raises(ValueError, match=r"step-000001: is damaged or no checkpoint"):
        read_checkpoint(folder)


def test_a_write_error_inside_safetensors_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="No such file") as caught:
        save_tensors(tmp_path / "nowhere" / "a.safetensors", {"a": torch.ones(2)})
    assert caught.value.errno == errno.ENOENT


def test_an_unwritable_folder_is_an_os_error_that_names_the_last_good_one(tmp_path):
    write_checkpoint(tmp_path, checkpoint(1), keep=1)
    (tmp_path / ".step-000002.part").write_text("a file in the way")
    with pytest.raises(OSError, match=r"checkpoint could not be written: .*; the last good one is .*step-000001"):
        write_checkpoint(tmp_path, checkpoint(2), keep=1)
    assert newest(tmp_path).name == "step-000001"


@pytest.mark.parametrize("name", ["networks", "ema", "optimisers", "recipe"])
def test_a_missing_file_of_tensors_is_damage(tmp_path, name):
    folder = write_checkpoint(tmp_path, checkpoint(1), keep=1)
    (folder / f"{name}.safetensors").unlink()
    with pytest.raises(ValueError, match=r"step-000001: is damaged .*remove it"):
        read_checkpoint(folder)


def test_a_document_that_is_no_text_is_damage(tmp_path):
    folder = write_checkpoint(tmp_path, checkpoint(1), keep=1)
    (folder / "state.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"step-000001: is damaged .*remove it"):
        read_checkpoint(folder)


def test_its_files_are_as_readable_as_any_new_file(tmp_path):
    folder = write_checkpoint(tmp_path, checkpoint(1), keep=1)
    (tmp_path / "plain").touch()
    plain = (tmp_path / "plain").stat().st_mode
    assert {path.stat().st_mode for path in folder.iterdir()} == {plain}
