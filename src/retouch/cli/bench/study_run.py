"""What `retouch bench study` does: words to values, the making and the counting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retouch.bench import study
from retouch.cli.bar import waiting
from retouch.cli.speak import say

if TYPE_CHECKING:
    from collections.abc import Sequence


def make_page(
    folders: Sequence[Path],
    photos: Path | None,
    masks: Path | None,
    source: Path | None,
    out: Path,
    *,
    pairs: bool,
    images: int,
    repeats: int,
    tie: bool,
    seed: int,
) -> None:
    """Make the study and say how to go on; errors as `retouch.bench.study.make`."""
    from retouch.methods.base import Progress

    design = study.Design(
        mode="pairs" if pairs else "best", images=images, repeats=min(repeats, images), tie=tie, seed=seed
    )
    material = _material(folders, photos, masks, source)
    with waiting("making") as show:
        made = study.make(
            material,
            out,
            design,
            progress=None if show is None else lambda step, steps: show(Progress("make", step, steps)),
        )
    say(f"retouch: {images} images, {made.screens} choices for each person")
    say(f"retouch: for people: {made.page}: open index.html, send the folder as a ZIP, or put it on any web server,")
    say(f"retouch:   to try it: python -m http.server -d {made.page}")
    say(f"retouch: for you: {made.key} says which picture is whose; keep it away from the page")
    say(f"retouch: then: retouch bench study count ANSWERS... --key {made.key}")


def _material(folders: Sequence[Path], photos: Path | None, masks: Path | None, source: Path | None) -> study.Material:
    if source is not None:
        if folders or photos is not None or masks is not None:
            raise ValueError("--from: stands beside FOLDERS, --photos or --masks; accepted: one or the other")
        return study.from_results(source)
    if not folders or photos is None or masks is None:
        given = {"FOLDERS": folders, "--photos": photos, "--masks": masks}
        missing = ", ".join(name for name, value in given.items() if not value)
        raise ValueError(f"{missing}: not given; accepted: FOLDERS with --photos and --masks, or --from")
    return study.from_folders(folders, photos, masks)


def counted(answers: Sequence[Path], key: Path | None, *, as_json: bool) -> str:
    """The counted study as text; errors as `retouch.bench.study.read_answers`."""
    from retouch.bench.study.documents import KEY_FILE, Key

    beside = (answers[0] if answers[0].is_dir() else answers[0].parent) / KEY_FILE
    if key is None and not beside.is_file():
        raise FileNotFoundError(f"--key: is not given and there is no {str(beside)!r}; accepted: what make wrote")
    found = Key.load(key or beside)
    done = study.count(study.read_answers(answers, found), found)
    return study.as_json(done) if as_json else study.as_markdown(done)
