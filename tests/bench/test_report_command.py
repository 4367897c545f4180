from __future__ import annotations

import pytest

from retouch.cli import main
from tests.bench.report_samples import Page, outcome, results, write_pictures


@pytest.fixture
def run(tmp_path):
    """The folder of a run with results and pictures."""
    folder = tmp_path / "run"
    folder.mkdir()
    pictures = write_pictures(folder, ["a", "b"])
    results(outcome("a", [20.0, 22.0]), outcome("b", [21.0, 24.0]), pictures=pictures).save(folder)
    return folder


def test_both_reports_are_written_into_the_runs_folder_and_replaced(run, capsys):
    assert main(["bench", "report", str(run)]) == 0
    assert "# Benchmark lama-places-256" in (run / "report.md").read_text()
    assert len(Page((run / "report.html").read_text()).all("article")) == 1
    (run / "report.md").write_text("stale words")
    assert main(["bench", "report", str(run / "results.json")]) == 0
    assert "stale words" not in (run / "report.md").read_text()
    assert capsys.readouterr().out == ""


def test_only_what_is_named_is_written(run, tmp_path, capsys):
    assert main(["bench", "report", str(run), "--html", str(tmp_path / "page.html")]) == 0
    assert not (run / "report.md").exists()
    assert Page((tmp_path / "page.html").read_text()).all("h1") == ["Benchmark lama-places-256"]


def test_markdown_can_be_printed(run, capsys):
    before = sorted(run.rglob("*"))
    assert main(["bench", "report", str(run), "--markdown", "-"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("# Benchmark lama-places-256\n")
    assert "| **22.50** ± " in said.out
    assert sorted(run.rglob("*")) == before


def test_a_named_file_is_only_replaced_when_asked(run, tmp_path, capsys):
    kept = tmp_path / "kept.md"
    kept.write_text("mine")
    words = ["bench", "report", str(run), "--markdown", str(kept)]
    assert main(words) == 2
    assert kept.read_text() == "mine"
    assert "exists already" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    assert kept.read_text().startswith("# Benchmark")


def test_one_file_cannot_be_both(run, tmp_path, capsys):
    name = str(tmp_path / "both")
    assert main(["bench", "report", str(run), "--html", name, "--markdown", name]) == 2
    assert "asked for twice" in capsys.readouterr().err


def test_the_results_themselves_are_never_replaced(run, capsys):
    before = (run / "results.json").read_bytes()
    assert main(["bench", "report", str(run), "--html", str(run / "results.json"), "--overwrite"]) == 2
    assert (run / "results.json").read_bytes() == before
    assert "is the input itself" in capsys.readouterr().err


@pytest.mark.parametrize(("content", "said"), [(None, "there is no file"), (b"{}", "accepted: what `bench run` wrote")])
def test_what_is_no_run_is_refused_in_one_line(tmp_path, content, said, capsys):
    if content is not None:
        (tmp_path / "results.json").write_bytes(content)
    assert main(["bench", "report", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
