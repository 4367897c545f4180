"""Progress is shown on a terminal only, and one fill shows it only when it takes long."""

import io
import threading
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from retouch.batch import BatchProgress, Item, Outcome
from retouch.cli import bar
from retouch.methods.base import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


class AtOnce(threading.Timer):
    """A timer whose time has come when it starts."""

    def start(self):
        super().start()
        self.function()
        self.cancel()


def steps(count, failed=()):
    item = Item(Path("a.png"), None, Path("b.png"), 0)
    for done in range(1, count + 1):
        yield BatchProgress(done, count, Outcome(item, "failed" if done in failed else "filled"))


def test_nothing_elsewhere(capsys):
    with bar.waiting("filling") as progress:
        assert progress is None
    with bar.counting(5) as progress:
        assert progress is None
    assert capsys.readouterr() == ("", "")


def test_a_quick_fill_shows_nothing(terminal, monkeypatch):
    monkeypatch.setattr(bar, "PATIENCE", 1000.0)
    with redirect_stderr(terminal), bar.waiting("filling") as progress:
        progress(Progress("window", 1, 1))
    assert terminal.getvalue() == ""


def test_a_long_fill_shows_a_bar(terminal, monkeypatch):
    monkeypatch.setattr("threading.Timer", AtOnce)
    with redirect_stderr(terminal), bar.waiting("filling with smooth") as progress:
        progress(Progress("window", 1, 2))
    assert "filling with smooth" in terminal.getvalue()


def test_an_error_in_a_long_fill_gives_the_terminal_back(terminal, monkeypatch):
    monkeypatch.setattr("threading.Timer", AtOnce)
    with pytest.raises(ValueError, match="wrong"), redirect_stderr(terminal), bar.waiting("filling"):
        raise ValueError("wrong")
    assert terminal.getvalue().count("\x1b[?25h") == terminal.getvalue().count("\x1b[?25l")


def test_a_batch_shows_number_rate_and_failures(terminal):
    with redirect_stderr(terminal), bar.counting(3) as progress:
        for step in steps(3, failed=(2,)):
            progress(step)
    assert "3/3" in terminal.getvalue()
    assert "filling (1 failed)" in terminal.getvalue()
    assert "photo" in terminal.getvalue().rsplit("3/3", 1)[1]


def test_a_batch_with_nothing_to_do_shows_nothing(terminal):
    with redirect_stderr(terminal), bar.counting(0) as progress:
        assert progress is None
    assert terminal.getvalue() == ""
