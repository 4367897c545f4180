"""What `retouch data lcg` does: words to values, the run, the page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from retouch.cli.bar import waiting
from retouch.cli.holes_run import parse_ratio
from retouch.cli.shares import parse_share
from retouch.cli.speak import note, say
from retouch.data.lcg.annotated import contents
from retouch.data.lcg.labelling import Limits
from retouch.data.lcg.make import make_pairs
from retouch.data.lcg.page import write_page
from retouch.data.lcg.pairs import read_pairs
from retouch.data.lcg.record import read_told, shards_of
from retouch.data.lcg.sources import source_of
from retouch.data.lcg.stand_in import ColourAndPlace, Regions

if TYPE_CHECKING:
    from retouch.data.lcg.labelling import Scorer, Segmenter
    from retouch.data.lcg.make import Made

PAGE = "page.html"
CPU = "cpu"
SHOWN = 10  # problems that are told one by one
UNUSED = {"instances": ("--overlap",), "panoptic": ("--overlap", "--score", "--sam", "--clip", "--alpha-clip")}


def make(
    photos: Path,
    out: Path,
    *,
    annotations: Path | None,
    pngs: Path | None,
    sam: Path | None,
    clip: Path | None,
    alpha_clip: Path | None,
    device: str | None,
    area: str,
    overlap: float | None,
    score: float | None,
    per_shard: int,
    shard: str | None,
    strict: bool,
) -> Made:
    """Make the pairs and the page, and say what was made; errors as `source_of` and `make_pairs`."""
    from retouch.methods.base import Progress

    given = {"--overlap": overlap, "--score": score, "--sam": sam, "--clip": clip, "--alpha-clip": alpha_clip}
    limits = _limits(area, overlap, score)
    share = parse_share(shard)
    if annotations is not None:
        _refuse_unused(annotations, [word for word, value in given.items() if value is not None])
    if device is not None and sam is None and clip is None:
        raise ValueError("--device: is given without a model that runs there; accepted: beside --sam or --clip")
    segmenter, scorer = _segmenter(sam, device or CPU), _scorer(clip, alpha_clip, device or CPU)
    source = source_of(photos, annotations=annotations, pngs=pngs, segmenter=segmenter, scorer=scorer, limits=limits)
    for word, stand_in in (("--sam", segmenter.name), ("--clip", scorer.name)):
        if stand_in in source.name and stand_in in (Regions.name, ColourAndPlace.name):
            note(f"{stand_in!r} stands in for a learned model; {word} takes the folder of one")
    with waiting("labelling") as show:
        made = make_pairs(
            source,
            out,
            photos=photos,
            annotations=annotations,
            limits=limits,
            per_shard=per_shard,
            share=share,
            strict=strict,
            progress=None if show is None else lambda step, steps: show(Progress("label", step, steps)),
        )
    _tell(made, out)
    return made


def _refuse_unused(annotations: Path, words: list[str]) -> None:
    """Refuse options that this kind of annotations has no use for: what they ask for would not be done."""
    if not words:
        return  # files are large, so they are not read once more for nothing
    kind = contents(annotations).kind
    for word in words:
        if word in UNUSED[kind]:
            accepted = "bare photos" if word in UNUSED["instances"] else "bare photos or instance annotations"
            raise ValueError(f"{word}: is of no use with {kind} annotations; accepted: with {accepted}")


def _limits(area: str, overlap: float | None, score: float | None) -> Limits:
    given = {name: value for name, value in (("overlap", overlap), ("score", score)) if value is not None}
    return Limits(_area(area), **given)


def _area(text: str) -> tuple[float, float]:
    try:
        return parse_ratio(text)
    except ValueError:
        raise ValueError(f"--area: is {text!r}; accepted: two shares from 0 to 1, such as .01-.8") from None


def _segmenter(sam: Path | None, device: str) -> Segmenter:
    if sam is None:
        return Regions()
    from retouch.data.lcg.sam import load_sam

    return load_sam(sam, device)


def _scorer(clip: Path | None, alpha_clip: Path | None, device: str) -> Scorer:
    if clip is None:
        if alpha_clip is not None:
            raise ValueError(
                "--alpha-clip: is given without --clip; accepted: beside the folder of the same CLIP model"
            )
        return ColourAndPlace()
    from retouch.data.lcg.clip import load_alpha_clip, load_clip

    return load_clip(clip, device) if alpha_clip is None else load_alpha_clip(clip, alpha_clip, device)


def _tell(made: Made, out: Path) -> None:
    problems = made.told.problems
    for image, reason in problems[:SHOWN]:
        note(f"{image}: {reason}")
    if problems:
        note(f"{len(problems)} annotations or photos were left out; the files photos-*.json in {out} name all")
    kept = f", {made.kept} shards were there already" if made.kept else ""
    say(f"retouch: {made.pairs} pairs of {made.photos} photos written to {out}{kept}")
    shards = shards_of(out)
    if not any(path.stat().st_size for path in shards):
        note(f"there is no pair in {out}; the files photos-*.json there say what became of the masks")
        return
    write_page(read_pairs(out), read_told(shards), out / PAGE, f"Pairs of {out.resolve().name}")
    say(f"retouch: look at {out / PAGE}")
