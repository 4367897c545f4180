"""`retouch train`: a run with everything it writes, going on, exports, and what is refused."""

import csv
import json
import os
import signal
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("accelerate")

from retouch.train.card import read_card
from retouch.train.checkpoints import all_checkpoints
from tests.cli.conftest import environment, pixels
from tests.data.photos_for_tests import folder_of

EVERY = '{"log": 2, "checkpoint": 2, "sheet": 4, "validation": 4}'
SMALL = ("--batch", "2", "--set", "data.size=32", "--set", "data.holes=box", "--set", "method.width=4")
RUN = ("train", "unet", "--data", "album", "--out", "out", *SMALL, "--set", f"train.every={EVERY}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory with album/ and held/, and no weights of judges."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder_of(tmp_path / "album", 5)
    folder_of(tmp_path / "held", 7)
    return tmp_path


def rows(file):
    with file.open() as text:
        return list(csv.DictReader(text))


def steps_of(out):
    return [int(path.name.removeprefix("step-")) for path in all_checkpoints(out)]


def test_a_run_writes_logs_sheets_validation_and_its_settings(cli, folder):
    (folder / "album" / "broken.png").write_bytes(b"no photo")
    answer = cli(*RUN, "--steps", "6", "--val", "held")
    assert answer.code == 0, answer.err
    assert answer.content == b""
    out = folder / "out"
    assert steps_of(out) == [2, 4, 6]
    assert [row["step"] for row in rows(out / "log.csv")] == ["2", "4", "6"]
    measured = rows(out / "validation.csv")
    assert [row["step"] for row in measured] == ["4", "6"]
    assert set(measured[0]) == {"step", "images", "psnr-hole", "l1-hole"}
    assert sorted(path.name for path in (out / "sheets").iterdir()) == ["000004.png", "000006.png"]
    assert pixels(out / "sheets" / "000006.png").shape[1] == 3 * 36 + 4
    assert "validation: l1-hole" in (out / "curve.svg").read_text()
    settings = json.loads((out / "config.json").read_text())
    assert (settings["train"]["steps"], settings["method"]["width"], settings["variant"]) == (6, 4, "tiny")
    lines = answer.err.splitlines()
    assert any("step 4 of 6" in line and "loss/unet" in line for line in lines)
    assert any("validation after step 4: psnr-hole" in line for line in lines)
    assert any("validation goes without LPIPS" in line for line in lines)
    assert any("1 photo cannot be used" in line and "broken" in line for line in lines)
    assert lines[-1].startswith("retouch: 6 steps done; ")


def test_the_same_command_goes_on_with_more_steps(cli, folder):
    whole = cli(*RUN, "--steps", "4", "--out", "whole")
    assert cli(*RUN, "--steps", "2").code == whole.code == 0
    answer = cli(*RUN, "--steps", "4")
    assert answer.code == 0
    assert "goes on after step 2 of 4" in answer.err
    assert (folder / "out/log.csv").read_bytes() == (folder / "whole/log.csv").read_bytes()
    again = cli(*RUN, "--steps", "4")
    assert again.code == 0
    assert "4 steps done" in again.err


def test_the_settings_of_a_run_start_another(cli, folder):
    assert cli(*RUN, "--steps", "2").code == 0
    answer = cli("train", "unet", "--config", "out/config.json", "--out", "other")
    assert answer.code == 0, answer.err
    assert (folder / "out/log.csv").read_bytes() == (folder / "other/log.csv").read_bytes()


def test_without_held_out_photos_sheets_show_training_samples(cli, folder):
    answer = cli(*RUN, "--steps", "2", "--set", "train.every.sheet=2")
    assert "no held-out photos: no validation; --val names some" in answer.err
    assert not (folder / "out/validation.csv").exists()
    assert (folder / "out/sheets/000002.png").exists()


def test_validation_after_a_crash_has_no_row_twice(cli, folder):
    assert cli(*RUN, "--steps", "4", "--val", "held").code == 0
    held = folder / "out/validation.csv"
    held.write_text(held.read_text() + "6,12,99.0,99.0\n7,1")
    (folder / "out/.curve.svg.x.part").write_text("half")
    assert cli(*RUN, "--steps", "6", "--val", "held").code == 0
    assert [row["step"] for row in rows(held)] == ["4", "6"]
    assert float(rows(held)[1]["psnr-hole"]) < 90
    assert not list((folder / "out").glob(".*.part"))


def test_an_export_is_written_at_the_end_and_starts_another_run(cli, folder):
    ends = ("--export", "unet.json", "--licence", "CC0-1.0")
    answer = cli(*RUN, "--steps", "2", *ends)
    assert answer.code == 0, answer.err
    card = read_card(folder / "unet.json")
    assert (card.method, card.variant, card.licence, card.steps) == ("unet", "tiny", "CC0-1.0", 2)
    assert card.data == "5 photos of album"
    assert card.config["width"] == 4
    answer = cli(*RUN, "--steps", "2", "--out", "other", "--from", "unet.json")
    assert answer.code == 0, answer.err
    assert json.loads((folder / "other/config.json").read_text())["train"]["start_from"] == "unet.json"
    first, other = (rows(folder / name / "log.csv")[0]["loss/unet"] for name in ("out", "other"))
    assert first != other


def test_a_run_starts_from_a_release(cli, folder):
    pytest.importorskip("diffusers")
    from tests.methods.pixelhacker.tiny_release import TINY, write_release

    network = f"method.network={TINY.model_dump_json()}"
    latent = ("--set", network, "--set", "method.space=latent", "--set", "method.size=32", "--batch", "2")
    words = ("train", "pixelhacker", "--data", "album", "--out", "out", "--steps", "1", *latent)
    answer = cli(*words, "--from", "pixelhacker/pretrained")
    assert answer.code == 2
    assert "method.start: model 'pixelhacker/pretrained': weights are not here" in answer.err
    write_release(folder / "pixelhacker")
    answer = cli(*words, "--from", "pixelhacker/pretrained")
    assert answer.code == 0, answer.err
    assert json.loads((folder / "out/config.json").read_text())["method"]["start"] == "pixelhacker/pretrained"


def test_tensorboard_gets_validation_too(cli, folder):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert cli(*RUN, "--steps", "4", "--val", "held", "--tensorboard").code == 0
    board = EventAccumulator(str(folder / "out/tensorboard")).Reload()
    assert {"loss/unet", "psnr-hole", "rate/unet"} <= set(board.Tags()["scalars"])
    assert [each.step for each in board.Scalars("psnr-hole")] == [4]


def test_a_dry_run_prints_the_plan_and_writes_nothing(cli, folder):
    answer = cli(*RUN, "--steps", "10", "--val", "held", "--dry-run")
    assert answer.code == 0, answer.err
    lines = {line[:12].strip(): line[12:] for line in answer.out.splitlines()}
    assert lines["training"] == "unet/tiny, seed 0"
    assert lines["steps"] == "10 of 2 samples: 20 images, 4 epochs"
    assert lines["photos"].startswith("5 photos of album, as samples of 32 x 32 pixels")
    assert lines["holes"].startswith("box: 0.")
    assert lines["validation"] == "7 photos with fixed holes (box): psnr-hole, l1-hole; every 4 steps"
    assert "parameters" in lines["network"]
    assert lines["memory"].startswith("at least ")
    assert not (folder / "out").exists()


def test_the_list_names_methods_and_variants(cli):
    answer = cli("train", "--list")
    assert answer.code == 0
    assert any(line.split()[:3] == ["unet", "tiny,", "small"] for line in answer.out.splitlines())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("train",), "METHOD is needed, or --list"),
        (("train", "unett"), "did you mean 'unet'"),
        (("train", "unet"), "train.out, train.steps, data.photos: needed; accepted: --out DIR"),
        ((*RUN, "--steps", "0"), "train.steps: Input should be greater than or equal to 1; given: 0"),
        ((*RUN, "--steps", "2", "--set", "train.bacth=2"), "did you mean 'train.batch'"),
        ((*RUN, "--steps", "2", "--config", "no.toml"), "no.toml does not exist"),
        ((*RUN, "--steps", "2", "--data", "nowhere"), "nowhere"),
        ((*RUN, "--steps", "2", "--val", "nowhere"), "validation.photos: there is no file or folder 'nowhere'"),
        ((*RUN, "--steps", "2", "--set", "data.holes=boxx"), "boxx"),
        ((*RUN, "--steps", "2", "--set", "data.size=600"), "can be used"),
        ((*RUN, "--steps", "2", "--set", "train.device=cuda:99"), "device"),
        ((*RUN, "--steps", "2", "--set", "train.micro_batch=3", "--batch", "4"), "micro_batch: is 3"),
        ((*RUN, "--steps", "2", "--set", "method.perceptual=1"), "vgg16"),
        ((*RUN, "--steps", "2", "--set", "train.start_from=no.json"), "no.json does not exist"),
        ((*RUN, "--steps", "2", "--from", "no.json"), "no.json does not exist"),
        ((*RUN, "--steps", "2", "--from", "pixelhacker/pretrained"), "accepted: for unet, the .json card of an export"),
        ((*RUN, "--steps", "2", "--export", "card.json"), "--licence: is needed with --export"),
        ((*RUN, "--steps", "2", "--export", "card", "--licence", "CC0"), "a name that ends in .json"),
        ((*RUN, "--steps", "2", "--export", "taken.json", "--licence", "CC0"), "taken.json exists already"),
        ((*RUN, "--steps", "2", "--export", "half.json", "--licence", "CC0"), "half.safetensors exists already"),
        ((*RUN, "--steps", "2", "--export", "no/card.json", "--licence", "CC0"), "the folder no does not exist"),
        ((*RUN, "--steps", "2", "--licence", "CC0"), "--licence: is of an export"),
        ((*RUN, "--steps", "2", "--weights", "no"), "weights: no does not exist"),
    ],
)
def test_bad_words_are_refused_in_one_line(cli, folder, words, message):
    (folder / "taken.json").write_text("{}")
    (folder / "half.safetensors").write_text("")
    answer = cli(*words)
    errors = [line for line in answer.err.splitlines() if line.startswith("retouch: error: ")]
    assert (answer.code, len(errors)) == (2, 1), answer.err
    assert message in errors[0]
    assert not all_checkpoints(folder / "out")


def test_a_run_of_other_settings_keeps_its_record(cli, folder):
    assert cli(*RUN, "--steps", "2").code == 0
    before = (folder / "out/config.json").read_bytes()
    answer = cli(*RUN, "--steps", "2", "--batch", "4")
    assert answer.code == 2
    assert "batch: is 4" in answer.err
    assert (folder / "out/config.json").read_bytes() == before


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("data.size=48", "data.size: is 48, the run in out has 32"),
        ("data.holes=mat-256-small", 'the run in out has "box"'),
    ],
)
def test_a_setting_of_samples_that_is_another_is_named(cli, folder, word, message):
    assert cli(*RUN, "--steps", "2").code == 0
    answer = cli(*RUN, "--steps", "4", "--set", word)
    assert (answer.code, message in answer.err) == (2, True), answer.err


@pytest.mark.parametrize("text", [b"garbage\n1\n", b"step,images\nfoo,3\n", b"step,images\n1,2,3\n", b"\xff\n"])
def test_a_damaged_log_is_named(cli, folder, text):
    assert cli(*RUN, "--steps", "2").code == 0
    (folder / "out/log.csv").write_bytes(text)
    answer = cli(*RUN, "--steps", "4")
    assert answer.code == 2
    assert "log.csv: is damaged or no log of a run; remove it" in answer.err.splitlines()[-1]
    assert (folder / "out/log.csv").read_bytes() == text


def test_a_loss_that_is_no_number_ends_the_run(cli, folder):
    answer = cli(*RUN, "--steps", "9", "--set", "method.rate=1e30")
    assert answer.code == 2
    assert "last good checkpoint" in answer.err.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_stopped_run_goes_on(cli, folder, number, code):
    command = [sys.executable, "-m", "retouch", *RUN, "--steps", "100000", "--set", "train.every.sheet=0"]
    environ = environment() | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "step 4 of" in line:
                os.kill(process.pid, number)
                break
        rest = process.stderr.read()
        assert process.wait(60) == code
    last = steps_of(folder / "out")[-1]
    if code > 0:
        assert f"stopped after step {last} of 100000, saved in " in rest
    answer = cli(*RUN, "--steps", str(last + 2), "--set", "train.every.sheet=0")
    assert answer.code == 0, answer.err
    assert f"goes on after step {last} of {last + 2}" in answer.err
    assert [int(row["step"]) for row in rows(folder / "out/log.csv")] == sorted({*range(2, last + 3, 2), last + 2})


def test_two_processes_report_once(folder):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "retouch"]
    environ = environment() | {"OMP_NUM_THREADS": "1"}
    words = (*RUN, "--steps", "2", "--val", "held", "--set", "train.device=cpu")
    done = subprocess.run([*command, *words], env=environ, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("step 2 of 2") == done.stderr.count("2 steps done") == 1
    assert len(rows(folder / "out/validation.csv")) == 1


def test_listing_and_help_need_no_torch(folder):
    program = "import sys; sys.modules['torch'] = None; from retouch.cli import main; sys.exit(main(sys.argv[1:]))"
    for words in (["--list"], ["--help"]):
        done = subprocess.run([sys.executable, "-c", program, "train", *words], env=environment(), capture_output=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_without_torch_the_extra_is_named(folder, words):
    program = "import sys; sys.modules['torch'] = None; from retouch.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *RUN, "--steps", "2", *words]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 2
    assert "needs the extra 'train': pip install 'retouch[train]'" in done.stderr
