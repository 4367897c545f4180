"""What is measured over processes, the document, the table, the command."""

import json
import os
import signal

import pytest
from pydantic import ValidationError

from retouch.bench.reported import reported
from retouch.bench.speed import Speed, Speeds, Timing, cases, markdown, processes, run
from retouch.cli import main
from retouch.methods.base import Cancelled

TIMING = Timing(
    device="cuda",
    load_s=1.5,
    first_ms=2345.6,
    ms=12.34,
    low_ms=11.9,
    high_ms=13.0,
    threads=4,
    cores=1.04,
    parameters=74_200_000,
    memory_mb=812.3,
    device_memory_mb=90.2,
)


def stand_in(case):
    """In place of the measuring: sizes say what becomes of it. Importable, as processes need it."""
    if case.width == 24:
        raise MemoryError
    if case.width == 32:
        os.kill(os.getpid(), signal.SIGKILL)
    return TIMING.model_copy(update={"ms": float(case.width), "threads": os.getpid()})


def document(**changes):
    timed, failed = cases(["smooth", "patchmatch"], [(64, 96)], batches=(4,))
    speeds = (Speed(case=timed, timing=TIMING), Speed(case=failed, reason="there is not enough memory"))
    given = {"machine": "a machine", "versions": {"retouch": "1"}, "finished": "2026-01-01T00:00:00", "speeds": speeds}
    return Speeds(**(given | changes))


def test_real_models_are_measured_in_processes():
    steps = []
    chosen = cases(["smooth", "patchmatch"], [(32, 32)], repeats=2)
    speeds = run(chosen, progress=lambda step: steps.append((step.step, step.steps)))
    assert [speed.case for speed in speeds.speeds] == list(chosen)
    assert not speeds.failed
    assert all(speed.timing.ms > 0 and speed.timing.device == "cpu" for speed in speeds.speeds)
    assert steps == [(1, 2), (2, 2)]
    assert {"python", "retouch", "numpy"} <= speeds.versions.keys()
    assert "core" in speeds.machine


def test_one_that_fails_or_dies_does_not_end_the_others(monkeypatch):
    monkeypatch.setattr(processes, "measure", stand_in)
    speeds = run(cases(["smooth"], [(48, 16), (48, 24), (48, 32), (48, 40)]))
    one, failed, dead, other = speeds.speeds
    assert (one.timing.ms, other.timing.ms) == (16, 40)
    assert failed.reason == "there is not enough memory"
    assert "killed by SIGKILL" in dead.reason
    assert speeds.failed == (failed, dead)
    # No process is used twice, nor is this one.
    assert len({one.timing.threads, other.timing.threads, os.getpid()}) == 3


def test_measuring_can_be_cancelled():
    with pytest.raises(Cancelled):
        run(cases(["smooth"], [(32, 32)]), cancel=lambda: True)


def test_the_document_comes_back_whole(tmp_path):
    speeds = document()
    speeds.save(tmp_path / "speed.json")
    assert Speeds.load(tmp_path / "speed.json") == speeds
    with pytest.raises(FileExistsError):
        speeds.save(tmp_path / "speed.json")
    changed = document(machine="another")
    changed.save(tmp_path / "speed.json", overwrite=True)
    assert Speeds.load(tmp_path / "speed.json") == changed


def test_the_document_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        document().speeds[0].timing.ms = 1.0


@pytest.mark.parametrize(
    ("content", "text"),
    [("", "at its start"), ('{"format": "retouch-speed-2"}', "at format"), ("[1]", "what `bench speed` wrote")],
)
def test_what_is_no_such_document_is_refused(tmp_path, content, text):
    file = tmp_path / "speed.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=text):
        Speeds.load(file)


def test_a_missing_document_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="speeds: there is no file"):
        Speeds.load(tmp_path / "none.json")


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_table_holds_what_was_measured():
    lines = markdown(document(), papers=False).splitlines()
    row = dict(zip(cells(lines[0]), cells(lines[2]), strict=True))
    assert row == {
        "model": "smooth",
        "size": "96x64",
        "batch": "4",
        "device": "cuda",
        "ms an image": "12.3",
        "quartiles": "11.9 to 13.0",
        "load s": "1.500",
        "first call ms": "2,346",
        "cores busy": "1.0 of 4",
        "parameters": "74.2 M",
        "peak MB": "812 + 90 on the device",
    }
    assert "patchmatch, 96x64, batch 4 failed: there is not enough memory" in lines
    assert "7 calls after a first one and 1 of warm-up" in lines[-1]
    assert "25% of the area" in lines[-1]


def test_every_reported_time_stands_beside_with_its_note():
    text = markdown(document())
    rows = [cells(line) for line in text.partition("Reported by the papers:")[2].splitlines() if line.startswith("|")]
    for metric in ("time", "parameters"):
        for one in reported(metric=metric):
            found = [row for row in rows if row[:2] == [one.model, metric] and row[2] == f"{one.value:g} {one.unit}"]
            assert any(one.table in row[4] and one.paper in row[4] for row in found), one
    assert ["2DGS", "time", "32.52 ms", "", "2dgs: Table 4", "an image; device and size not said"] in rows
    # Three tables of one paper repeat it.
    assert len([row for row in rows if row[:2] == ["PSM", "parameters"]]) == 1


def test_all_that_failed_makes_no_empty_table():
    failed = document(speeds=document().failed)
    assert markdown(failed, papers=False).startswith("patchmatch, 96x64, batch 4 failed")


def test_the_command_writes_both_files(tmp_path, capsys):
    wanted = [f"--json={tmp_path / 's.json'}", f"--markdown={tmp_path / 's.md'}", "--size", "32,48x32"]
    assert main(["bench", "speed", "--model", "smooth", "--repeats", "1", "--batch", "1,2", *wanted]) == 0
    speeds = Speeds.load(tmp_path / "s.json")
    sizes = [(speed.case.width, speed.case.height, speed.case.batch) for speed in speeds.speeds]
    assert sizes == [(32, 32, 1), (32, 32, 2), (48, 32, 1), (48, 32, 2)]
    text = (tmp_path / "s.md").read_text()
    assert text == markdown(speeds) + "\n"
    assert capsys.readouterr().out == text


def test_a_failure_is_exit_code_1(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(processes, "measure", stand_in)
    assert main(["bench", "speed", "--model=smooth", "--size=24,40", f"--json={tmp_path / 's.json'}"]) == 1
    told = capsys.readouterr()
    assert "smooth, 24x24, batch 1 failed: there is not enough memory" in told.out
    assert "1 of 2 could not be measured" in told.err
    reasons = [speed["reason"] for speed in json.loads((tmp_path / "s.json").read_text())["speeds"]]
    assert reasons == ["there is not enough memory", None]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "--model"),
        (["--model", "smoth"], "model 'smoth' is unknown"),
        (["--model", "smooth", "--size", "wide"], "--size: is 'wide'"),
        (["--model", "smooth", "--size", "8"], "size: is 8x8"),
        (["--model", "smooth", "--batch", "1,two"], "--batch: is '1,two'; accepted: whole numbers"),
        (["--model", "smooth", "--batch", "0"], "batch: is 0"),
        (["--model", "smooth", "--hole", "1"], "hole: is 1"),
        (["--model", "smooth", "--device", "cuda"], "runs on cpu"),
        (["--model", "smooth", "--photo", "none.png"], "photo: there is no file 'none.png'"),
        (["--model", "smooth", "--json", "kept.json"], "kept.json: exists already; choose another name"),
        (["--model", "smooth", "--json", "no/s.json"], "folder"),
        (["--model", "smooth", "--json", "s.out", "--markdown", "s.out"], "asked for twice"),
    ],
)
def test_bad_words_are_refused_before_anything_runs(tmp_path, monkeypatch, capsys, words, text):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("retouch.cli.bench.speed_run.run", lambda *_, **__: pytest.fail("it ran"))
    (tmp_path / "kept.json").write_text("kept")
    assert main(["bench", "speed", *words]) == 2
    told = capsys.readouterr()
    assert text in told.err
    assert len(told.err.splitlines()) == 1
    assert (told.out, (tmp_path / "kept.json").read_text()) == ("", "kept")
