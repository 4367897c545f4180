"""Keeping a run's results apart from its photos and masks, so that the next run does not read them as either."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retouch.batch.plan import PhotoAndMask
    from retouch.files.pairs import Unpaired


class Parted(NamedTuple):
    """What takes part, what takes no part outside of OUT, and the photos that lie in OUT."""

    pairs: list[PhotoAndMask]
    unpaired: list[Unpaired]
    inside: list[Path]


def part(out: Path, root: Path, pairs: Sequence[PhotoAndMask], unpaired: Sequence[Unpaired]) -> Parted:
    """Take out the files that lie in `out`, where it is a subfolder of the folder searched for photos.

    There they are results of an earlier run. Where `out` is that folder itself or holds it, nothing is taken out.

    Args:
        out: folder of the results.
        root: folder that was searched for photos.
        pairs: photos with their masks; a photo with several masks comes several times.
        unpaired: files that take no part.

    Raises:
        ValueError: all photos lie in `out`.
    """
    folder = out.resolve()
    if root.resolve() not in folder.parents:
        return Parted(list(pairs), list(unpaired), [])
    inside = {path for path in {one.photo for one in pairs} | {one.path for one in unpaired} if _holds(folder, path)}
    kept = [one for one in pairs if one.photo not in inside]
    if pairs and not kept:
        raise ValueError(
            f"OUT: all photos lie in {out}, where results go; nothing is left to fill; name another folder"
        )
    others = [one for one in unpaired if one.path not in inside]
    return Parted(kept, others, sorted(inside))


def check_masks_apart(masks: Path, out: Path, photos: Sequence[Path], outputs: Sequence[Path]) -> None:
    """Refuse results among the masks, where the next run would take them for masks.

    Args:
        masks: what was given for the masks; only a folder is looked at.
        out: folder of the results.
        photos: all photos.
        outputs: all results, below `out`.

    Raises:
        ValueError: `out` is the folder of the masks or lies in it, or a result would.
    """
    if not masks.is_dir():
        return
    folder, results = masks.resolve(), out.resolve()
    places = {results / path.relative_to(out) for path in outputs}
    if places <= {path.resolve() for path in photos}:
        return  # photos are replaced: the folder gets no new file
    # Where photos and masks share a folder, masks are told by their names, and a folder within is known to be OUT.
    shared = any(_holds(folder, photo) for photo in photos)
    among = results == folder if shared else any(folder in place.parents for place in places)
    if among:
        raise ValueError(f"OUT: results in {out} would lie among the masks of {masks} and be taken for masks later")


def _holds(folder: Path, path: Path) -> bool:
    return folder in path.resolve().parents
