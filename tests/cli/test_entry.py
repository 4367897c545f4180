"""Version, help, errors of usage, exit codes, and what is imported when."""

import os
import subprocess
import sys

import pytest

import retouch
from retouch.cli import main
from tests.cli.conftest import environment

HEAVY = ("numpy", "PIL", "onnxruntime", "torch", "pydantic", "cv2")


def test_version(cli):
    answer = cli("--version")
    assert (answer.code, answer.out) == (0, f"retouch {retouch.__version__}\n")


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_names_the_commands(cli, words):
    answer = cli(*words)
    assert answer.code == 0
    for command in ("fill", "batch", "mask", "models"):
        assert command in answer.out


@pytest.mark.parametrize("command", ["fill", "batch", "mask", "models"])
def test_every_command_has_help(cli, command):
    answer = cli(command, "--help")
    assert answer.code == 0
    assert f"retouch {command}" in answer.out


def test_unknown_command(refused):
    refused("fil", saying="no such command 'fil'")


def test_unknown_option_suggests_the_nearest(refused):
    assert "--dilate" in refused("fill", "photo.png", "mask.png", "--dilat", "3", saying="--dilat")


def test_missing_argument(refused):
    refused("fill", saying="missing argument 'PHOTO' (see retouch fill --help)")


@pytest.mark.parametrize("words", [("bench",), ("bench", "study"), ("data",)])
def test_missing_command(cli, words):
    answer = cli(*words)
    assert answer.code == 2
    assert answer.err.endswith(f"retouch: error: a command is missing (see retouch {' '.join(words)} --help)\n")


def test_value_of_wrong_type(refused):
    refused("fill", "photo.png", "mask.png", "--seed", "many", saying="--seed")


@pytest.mark.parametrize(
    "words", [("--debug", "fill", "none.png", "mask.png"), ("fill", "none.png", "mask.png", "--debug")]
)
def test_debug_shows_the_traceback_wherever_it_stands(cli, folder, words):
    answer = cli(*words)
    assert answer.code == 2
    assert "Traceback (most recent call last)" in answer.err
    assert "retouch: error: photo: there is no file 'none.png'" in answer.err


def test_a_file_called_debug_after_two_dashes(refused):
    refused("fill", "--", "--debug", saying="'--debug'")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ValueError("wrong\nvalue"), 2, "error: wrong value"),
        (OSError(28, "No space left on device", "x.png"), 2, "error: x.png: No space left on device"),
        (ImportError("needs the extra 'cv'"), 2, "error: needs the extra 'cv'"),
        (MemoryError(), 2, "error: there is not enough memory"),
        (retouch.Cancelled("cancelled by the caller"), 2, "error: cancelled by the caller"),
        (ZeroDivisionError("division by zero"), 3, "error: unexpected ZeroDivisionError: division by zero"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_become_one_line_and_a_code(cli, folder, monkeypatch, error, code, text):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("retouch.filler.Filler.run", fail)
    answer = cli("fill", "photo.png", "mask.png", "-o", "out.png")
    assert answer.code == code
    assert len(answer.err.splitlines()) == 1
    assert answer.err.startswith("retouch: ")
    assert text in answer.err
    assert sorted(path.name for path in folder.iterdir()) == ["mask.png", "photo.png"]


def test_the_handler_of_sigterm_is_put_back(cli):
    import signal

    before = signal.getsignal(signal.SIGTERM)
    cli("--version")
    assert signal.getsignal(signal.SIGTERM) is before


def loaded_after(code):
    """Which of the heavy modules a new interpreter has after running `code`."""
    text = f"{code}\nimport sys\nprint([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, env=environment())
    return done.stderr.strip().splitlines()[-1]


def test_import_is_light():
    assert loaded_after("import retouch; retouch.__version__") == "[]"


@pytest.mark.parametrize("words", [["--help"], ["fill", "--help"], ["--version"]])
def test_help_is_light(words):
    # Some versions of typer check numbers with pydantic.
    loaded = loaded_after(f"from retouch.cli import main; assert main({words}) == 0")
    assert loaded in ("[]", "['pydantic']")


def test_python_dash_m_gives_the_exit_code():
    words = [sys.executable, "-m", "retouch", "models", "nope"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment())
    assert done.returncode == 2
    assert done.stderr.startswith("retouch: error: model 'nope' is unknown")


def test_a_closed_pipe_is_quiet():
    reading, writing = os.pipe()
    os.close(reading)
    words = [sys.executable, "-m", "retouch", "models"]
    with subprocess.Popen(words, stdout=writing, stderr=subprocess.PIPE, env=environment()) as run:
        os.close(writing)
        _, err = run.communicate()
    assert err == b""
    assert run.returncode == 141


def test_main_reads_the_words_of_the_process(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["retouch", "--version"])
    assert main() == 0
    assert retouch.__version__ in capsys.readouterr().out
