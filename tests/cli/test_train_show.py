"""How a training run is followed: speed, lines, and the bar."""

import io

import pytest

pytest.importorskip("torch")

from retouch.cli.train_show import Bar, Lines, Speed, duration, showing, values
from retouch.train.config import TrainConfig
from retouch.train.events import Event, TrainProgress

CONFIG = TrainConfig(out="out", steps=10, batch=8)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_speed_is_that_of_the_median_step():
    times = iter([0.0, 1.0, 2.0, 100.0, 101.0, 102.0])  # one step with a validation after it
    speed = Speed(8, lambda: next(times))
    assert speed.text(60) == ""
    for _ in range(6):
        speed.step()
    assert speed.text(60) == "8.00 images/s, 60 s left"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (91, "2 min"), (5000, "83 min"), (12_000, "3 h 20 min"), (190_000, "2 d 5 h")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_rates_and_norms_are_not_said():
    assert values({"loss/g": 0.123456, "rate/g": 1, "norm/g": 2, "l1": 12345.6}) == "loss/g 0.1235, l1 1.235e+04"


def test_lines_elsewhere(capsys):
    with showing(CONFIG, main=True) as show:
        assert type(show) is Lines
        show.event(Event("start", 3, 24))
        show.step(TrainProgress(4, 10, 32, {"loss/g": 1.0}))
        show.event(Event("log", 4, 32, values={"loss/g": 1.0}))
        show.event(Event("validation", 4, 32))
        show.event(Event("validation", 4, 32, values={"psnr-hole": 20.0}))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "retouch: goes on after step 3 of 10"
    assert lines[1].startswith("retouch: step 4 of 10; ")
    assert lines[1].endswith("left; loss/g 1")
    assert lines[2:] == ["retouch: validation after step 4: psnr-hole 20"]


def test_a_bar_on_a_terminal_of_the_main_process_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with showing(CONFIG, main=False) as show:
        assert type(show) is Lines
    with showing(CONFIG, main=True) as show:
        assert type(show) is Bar
        show.event(Event("start", 3, 24))
        show.step(TrainProgress(4, 10, 32, {"loss/g": 1.25, "other": 3.0}))
        show.event(Event("log", 4, 32, values={"loss/g": 1.5}))
        show.event(Event("validation", 4, 32, values={"psnr-hole": 20.0}))
    text = terminal.getvalue()
    assert "4/10" in text
    assert "loss/g 1.25" in text
    assert "other" not in text
    assert "validation after step 4: psnr-hole 20" in text
    assert "step 4 of 10" not in text
