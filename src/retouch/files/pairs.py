"""Which mask belongs to which photo: for runs over folders, globs, single files or a CSV.

A mask belongs to a photo when its name is the photo's, with or without suffix, bare or followed by ".mask", "_mask"
or, where a photo has several masks, "_mask001" and so on: `dog.jpg` has `dog.png`, `dog.mask.png`, `dog_mask.png`,
`dog_mask001.png` and `dog.jpg.png`. A single mask file belongs to every photo.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from retouch.files.listing import Listing, is_image, listed, natural, relative_name

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

_MARKER = re.compile(r"[._]mask([0-9]*)$", re.IGNORECASE)
_COLUMNS = ("photo", "mask", "output")


@dataclass(frozen=True)
class Pair:
    """A photo and its mask.

    Attributes:
        photo: the photo's file.
        mask: the mask's file.
        name: of the result, without suffix, unique in its run (with `keep_suffix`: together with the suffix); with "/"
            where the photo lies in a subfolder.
        output: of the result with suffix, relative to the output folder, where a CSV asks for it.
    """

    photo: Path
    mask: Path
    name: str
    output: Path | None = None


@dataclass(frozen=True)
class Unpaired:
    """A file that takes no part, and why."""

    path: Path
    reason: str


class Pairing(NamedTuple):
    """What `pair` found, in natural order."""

    pairs: list[Pair]
    unpaired: list[Unpaired]


@dataclass(frozen=True)
class _Match:
    """A pair that has no name yet, the names it may have in order of preference, and what to call it in an error."""

    photo: Path
    mask: Path
    names: tuple[str, ...]
    origin: str
    output: Path | None = None


def pair(
    photos: str | os.PathLike[str],
    masks: str | os.PathLike[str],
    *,
    recursive: bool = False,
    keep_suffix: bool = False,
) -> Pairing:
    """Find the masks of every photo.

    Args:
        photos: a folder, a glob ("in/*.jpg", "in/**/*.jpg") or a file.
        masks: the same; it may be the photos' folder. A file is the mask of every photo.
        recursive: search subfolders too; a photo and its mask lie in subfolders of the same name.
        keep_suffix: results keep the suffix of their photo, so that `a.jpg` and `a.png` may both have the name "a".

    Returns:
        The pairs, and every photo without mask and mask without photo. Hidden files and files without an image
        suffix do not count.

    Raises:
        FileNotFoundError: a folder or file does not exist, or holds no image.
        ValueError: a file without image suffix, or two masks that fit one photo equally well.
    """
    pictures, holes = listed(photos, "photos", recursive), listed(masks, "masks", recursive)
    if holes.kind == "file":
        return _one_for_all(pictures, holes.files[0], keep_suffix)
    pictures, holes = _divided(pictures, holes)
    matches, orphans = _matches(pictures, holes)
    paired = {match.photo for match in matches}
    alone = [Unpaired(path, "the photo has no mask") for path in pictures.files if path not in paired]
    alone += [Unpaired(path, "the mask has no photo") for path in orphans]
    return Pairing(_named(matches, keep_suffix), alone)


def _one_for_all(photos: Listing, mask: Path, keep_suffix: bool) -> Pairing:
    itself = [photo for photo in photos.files if photo.resolve() == mask.resolve()]
    matches = [_match(photos, photo, mask, "") for photo in photos.files if photo not in itself]
    return Pairing(
        _named(matches, keep_suffix), [Unpaired(photo, "it is the mask of the other photos") for photo in itself]
    )


def _divided(photos: Listing, masks: Listing) -> tuple[Listing, Listing]:
    """Decide of files that were found both as photo and as mask which of the two they are."""
    both = {path.resolve() for path in photos.files} & {path.resolve() for path in masks.files}
    is_mask = {path for path in both if _is_mask(path, photos, masks)}
    return (
        photos.without([path for path in photos.files if path.resolve() in is_mask]),
        masks.without([path for path in masks.files if path.resolve() in both - is_mask]),
    )


def _is_mask(path: Path, photos: Listing, masks: Listing) -> bool:
    deeper = len(masks.root.resolve().parts) - len(photos.root.resolve().parts)
    if deeper or photos.kind == "file":
        # A folder of masks inside the photos' folder holds nothing else, and the other way round.
        return deeper > 0
    return bool(_MARKER.search(path.stem)) or (masks.kind == "glob" and photos.kind == "folder")


def _matches(photos: Listing, masks: Listing) -> tuple[list[_Match], list[Path]]:
    """Every pair, in the order of the photos, and the masks without photo."""
    named: dict[str, list[Path]] = defaultdict(list)
    for photo in photos.files:
        named[photos.key(photo)].append(photo)
    # A full name is more precise than a stem that happens to look the same.
    named.update({photos.full(photo): [photo] for photo in photos.files})
    found: dict[tuple[Path, str], Path] = {}
    orphans = []
    for mask in masks.files:
        key = masks.key(mask)
        marker = _MARKER.search(key)
        name = key if key in named or marker is None else key[: marker.start()]
        label = marker.group(0) if marker and name != key and marker.group(1) else ""
        if name not in named:
            orphans.append(mask)
        for photo in named.get(name, ()):
            other = found.setdefault((photo, label), mask)
            if other != mask:
                raise ValueError(f"masks: both {other.name!r} and {mask.name!r} fit the photo {photo.name!r}")
    order = {photo: place for place, photo in enumerate(photos.files)}
    ordered = sorted(found, key=lambda claim: (order[claim[0]], natural(claim[1])))
    return [_match(photos, photo, found[photo, label], label) for photo, label in ordered], orphans


def _match(photos: Listing, photo: Path, mask: Path, label: str) -> _Match:
    key, full = photos.key(photo) + label, photos.full(photo) + label
    return _Match(photo, mask, (key, full), f"{photo.name!r} with {mask.name!r}")


def _named(matches: list[_Match], keep_suffix: bool) -> list[Pair]:
    """Give each match the first of its names that no other one takes; ValueError where none is left."""
    # Some file systems take .jpg and .JPG for the same.
    ends = [(match.output or match.photo).suffix.lower() if keep_suffix else "" for match in matches]
    choice = [0] * len(matches)
    while True:
        names = [match.names[at] for match, at in zip(matches, choice, strict=True)]
        results = list(zip(names, ends, strict=True))
        times = Counter(results)
        clashing = [at for at, result in enumerate(results) if times[result] > 1]
        if not clashing:
            return [Pair(m.photo, m.mask, name, m.output) for m, name in zip(matches, names, strict=True)]
        movable = [at for at in clashing if choice[at] + 1 < len(matches[at].names)]
        if not movable:
            same = [matches[at].origin for at in clashing if results[at] == results[clashing[0]]]
            raise ValueError(f"{same[0]} and {same[1]} would both write {names[clashing[0]]!r}")
        for at in movable:
            choice[at] += 1


def read_csv(path: str | os.PathLike[str], *, keep_suffix: bool = False) -> list[Pair]:
    """Read pairs from a CSV in UTF-8 with a header: columns `photo`, `mask` and, if wanted, `output`.

    Relative photos and masks are relative to the CSV; whether they exist is not looked at. `output` is a file name
    with an image suffix below the output folder; without it the name follows from the photo's. `keep_suffix` is as in
    `pair`.

    Raises:
        FileNotFoundError, OSError: the CSV does not exist or cannot be read.
        ValueError: another header, an empty or surplus field, an output that is not below the output folder, or two
            rows with the same output; the message names the line.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileNotFoundError(f"CSV: there is no file {str(file)!r}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{file.name}: is not text in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        matches = list(_rows(reader, file))
    except csv.Error as error:
        raise ValueError(f"{file.name}, line {reader.reader.line_num}: {error}") from None
    if not matches:
        raise ValueError(f"{file.name}: has no row below its header")
    return _named(matches, keep_suffix)


def _rows(reader: csv.DictReader[str], file: Path) -> Iterator[_Match]:
    header = [name.strip() for name in reader.fieldnames or ()]
    if not {"photo", "mask"} <= set(header) <= set(_COLUMNS) or len(set(header)) < len(header):
        given = ",".join(header) or "missing"
        raise ValueError(f"{file.name}, line 1: the header is {given}; accepted: photo,mask or photo,mask,output")
    reader.fieldnames = header
    for row in reader:
        where = f"{file.name}, line {reader.line_num}"
        if None in row:
            raise ValueError(f"{where}: has more fields than the header; quote fields that hold a comma")
        fields = {name: (row[name] or "").strip() for name in header}
        for name in ("photo", "mask"):
            if Path(fields[name]).name in ("", ".."):
                raise ValueError(f"{where}: {name} is {fields[name] or 'empty'}; accepted: the path of a file")
        yield _row(fields, file.parent, where)


def _row(fields: dict[str, str], folder: Path, where: str) -> _Match:
    photo, mask = Path(fields["photo"]), Path(fields["mask"])
    files = folder / photo, folder / mask
    if wanted := fields.get("output"):
        output = Path(wanted)
        if not _is_below(output) or not is_image(output):
            raise ValueError(f"{where}: output is {wanted!r}; accepted: an image's file name below the output folder")
        names = relative_name(output.with_suffix("")), relative_name(output)
        return _Match(*files, names, where, output)
    base = photo if _is_below(photo) else Path(photo.name)
    key, full = relative_name(base.with_suffix("")), relative_name(base)
    marker = _MARKER.search(mask.stem)
    label = marker.group(0) if marker and marker.group(1) and mask.stem == photo.stem + marker.group(0) else ""
    return _Match(*files, (key + label, full + label, f"{full}_{mask.stem}"), where)


def _is_below(path: Path) -> bool:
    """The path stays below the folder it is relative to."""
    return bool(path.name) and not path.is_absolute() and not path.drive and ".." not in path.parts
