"""What `retouch bench report` does: results to files."""

from __future__ import annotations

from pathlib import Path

from retouch.atomic import atomic
from retouch.bench import report
from retouch.bench.results import FILE, Results
from retouch.cli.speak import out, say
from retouch.cli.streams import STREAM
from retouch.files.targets import check_distinct, check_target, same_file


def write_reports(run: Path, html: Path | None, markdown: Path | None, *, overwrite: bool) -> None:
    """Write what is asked for, or both into the run's folder; errors as `Results.load` and `check_target`."""
    results = Results.load(run)
    source = run / FILE if run.is_dir() else run
    folder = source.parent
    if html is None and markdown is None:
        html, markdown, overwrite = folder / "report.html", folder / "report.md", True
    printed = markdown is not None and str(markdown) == STREAM
    targets = [path for path in (html, None if printed else markdown) if path is not None]
    check_distinct(targets)
    for path in targets:
        if same_file(path, [source]):
            raise ValueError(f"{path}: is the input itself; choose another name for the report")
        check_target(path, overwrite=overwrite)
    if html is not None:
        _write(html, report.html(results, folder), overwrite)
    if printed:
        out(report.markdown(results).rstrip("\n"))
    elif markdown is not None:
        _write(markdown, report.markdown(results), overwrite)


def _write(path: Path, text: str, overwrite: bool) -> None:
    # Names of files may hold bytes that are no text.
    with atomic(path, "w", overwrite=overwrite, errors="backslashreplace") as file:
        file.write(text)
    say(f"retouch: wrote {path}")
