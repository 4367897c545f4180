"""Which image files a folder, a glob or a file name stands for, in natural order."""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"),
    *(".avif", ".gif", ".heic", ".heif"),
)

NaturalKey: TypeAlias = tuple[list[tuple[int, int, str]], str]


@dataclass(frozen=True)
class Listing:
    """Image files.

    Attributes:
        root: the folder that was searched: the one that holds a glob's first part with wildcards, or the file.
        files: in natural order.
        kind: what was asked for.
    """

    root: Path
    files: tuple[Path, ...]
    kind: Literal["folder", "glob", "file"]

    def key(self, path: Path) -> str:
        """The file's path below `root` without suffix, with "/" between folders."""
        return relative_name(path.relative_to(self.root).with_suffix(""))

    def full(self, path: Path) -> str:
        """The same with suffix."""
        return relative_name(path.relative_to(self.root))

    def without(self, paths: Container[Path]) -> Listing:
        """The other files."""
        return replace(self, files=tuple(path for path in self.files if path not in paths))


def relative_name(path: Path) -> str:
    """The path with "/" between folders, composed: some systems store "é" as two characters, others as one."""
    return unicodedata.normalize("NFC", path.as_posix())


def listed(source: str | os.PathLike[str], name: str, recursive: bool = False) -> Listing:
    """The image files that `source`, the argument `name`, stands for.

    Args:
        source: a folder, a glob ("in/*.jpg", "in/**/*.jpg") or a file.
        name: of the argument, for messages.
        recursive: search a folder's subfolders too.

    Returns:
        The files with an image suffix, hidden ones and those in hidden folders left out.

    Raises:
        FileNotFoundError: it does not exist, or there is no image in it.
        ValueError: a file without image suffix.
    """
    path = Path(source)
    if path.is_dir():
        found = Listing(path, _sorted(_in_folder(path, recursive), path), "folder")
    elif path.exists():
        if not is_image(path):
            raise ValueError(f"{name}: {str(path)!r} has no image suffix; accepted: {', '.join(SUFFIXES)}")
        return Listing(path.parent, (path,), "file")
    elif _is_pattern(str(path)):
        root = _fixed_part(path)
        # Path.glob has another meaning of a final ** in each version of Python.
        matches = (Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207
        found = Listing(root, _sorted(matches, root), "glob")
    else:
        raise FileNotFoundError(f"{name}: there is no file or folder {str(path)!r}")
    if not found.files:
        raise FileNotFoundError(f"{name}: {str(path)!r} holds no image file ({', '.join(SUFFIXES)})")
    return found


def searched(source: str | os.PathLike[str]) -> Path:
    """The folder that `listed` searches: itself, a glob's part before its wildcards, or the folder of a file."""
    path = Path(source)
    if path.is_dir():
        return path
    return path.parent if path.exists() else _fixed_part(path)


def is_image(path: Path) -> bool:
    """The suffix is one of an image format that can be read."""
    return path.suffix.lower() in SUFFIXES


def natural(text: str) -> NaturalKey:
    """A sorting key by which "photo9" comes before "photo10"; equal only for equal texts."""
    parts = re.split(r"([0-9]+)", text.casefold())
    numbers = [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]
    return numbers, text


def _in_folder(folder: Path, recursive: bool) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        yield from (Path(place, name) for name in files)


def _sorted(paths: Iterator[Path], root: Path) -> tuple[Path, ...]:
    shown = (path for path in paths if is_image(path) and not _is_hidden(path, root) and path.is_file())
    return tuple(sorted(shown, key=lambda path: natural(path.relative_to(root).as_posix())))


def _is_hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def _fixed_part(pattern: Path) -> Path:
    fixed: list[str] = []
    for part in pattern.parts[:-1]:
        if _is_pattern(part):
            break
        fixed.append(part)
    return Path(*fixed)
