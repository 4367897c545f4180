"""Checking where results will go before anything is computed, so that nobody waits for nothing."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retouch.atomic import atomic, check_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PICTURES = (".png", ".jpg", ".jpeg")


def check_target(path: Path, *, inputs: Iterable[Path] = (), overwrite: bool = False) -> None:
    """Refuse a file that could not be written, or should not.

    Args:
        path: the file to be written.
        inputs: files that are read; writing over one of them, through whatever link, needs `overwrite`.
        overwrite: existing files may be replaced.

    Raises:
        ValueError: it is one of the inputs.
        FileExistsError: it exists.
        OSError: its folder does not exist or cannot be written to, or it is a folder, device, pipe or socket.
    """
    check_regular(path)
    if not overwrite and os.path.lexists(path):
        if same_file(path, inputs):
            raise ValueError(f"{path}: is the input itself; choose another output, or replace it with overwrite=True")
        raise FileExistsError(errno.EEXIST, "exists already; choose another name, or overwrite=True", str(path))
    check_folder(path.parent, str(path))


def check_folder(folder: Path, name: str) -> None:
    """Refuse a folder in which no file can be made; `name` is what the message calls it."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise FileNotFoundError(errno.ENOENT, f"cannot be written: the folder {str(folder)!r} {what}", name)
    try:
        # Permissions say too little (read-only file systems, quotas, root): only making a file tells.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = f"cannot be written: {error.strerror or error}"
        raise type(error)(error.errno or errno.EIO, reason, name) from None


def check_into(out: Path, names: Iterable[str], *, overwrite: bool = False) -> None:
    """Refuse a folder, made if need be, that files of these names could not be written into.

    Raises:
        NotADirectoryError: it is a file.
        FileExistsError: one of the files is there and `overwrite` is False.
        OSError: neither it nor the folder that it would be made in can be written to.
    """
    if out.is_dir():
        for name in names:
            check_target(out / name, overwrite=overwrite)
    elif out.exists():
        raise NotADirectoryError(f"out: {str(out)!r} is a file; accepted: a folder, or a new name for one")
    else:
        check_folder(out.parent, str(out))


def make_folder(out: Path) -> None:
    """Make a folder that files can be written into, unless it is there; its parent must be.

    Raises:
        FileNotFoundError: there is no parent.
        NotADirectoryError: it is a file.
        OSError: it cannot be made or written to.
    """
    try:
        out.mkdir(exist_ok=True)
    except FileNotFoundError:
        raise FileNotFoundError(f"out: the folder {str(out.parent)!r} does not exist") from None
    except FileExistsError:
        raise NotADirectoryError(f"out: {str(out)!r} is a file; accepted: a folder") from None
    except OSError as error:
        raise type(error)(f"out: {str(out)!r} cannot be made: {error.strerror or error}") from None
    check_folder(out, f"out: {out}")


def check_unclaimed(out: Path, record: str) -> None:
    """Refuse a folder that holds other files and not its `record`.

    Hidden ones do not count: they may be what another machine is writing.

    Raises:
        FileExistsError: it does.
        NotADirectoryError: it is a file.
    """
    if out.exists() and not out.is_dir():
        raise NotADirectoryError(f"out: {str(out)!r} is a file; accepted: a folder, or a new name for one")
    if (out / record).exists() or not out.exists():
        return
    if any(not path.name.startswith(".") for path in out.iterdir()):
        raise FileExistsError(
            f"out: {str(out)!r} holds files that this command did not write, and no {record}; choose another"
        )


def claim(out: Path, record: str, text: str) -> None:
    """Make the folder with its `record`, unless it has one: another machine may come first, and then its own counts.

    Whoever calls this reads the record that is there, and refuses another one than its own.

    Raises:
        FileExistsError, NotADirectoryError: as `check_unclaimed`.
        OSError: it cannot be made or written.
    """
    check_unclaimed(out, record)
    out.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), atomic(out / record, "w") as file:
        file.write(text)


def check_settings(out: Path, record: str, settings: dict[str, Any]) -> None:
    """Refuse what `check_unclaimed` refuses, and a folder whose `record`, JSON, is of other settings.

    Raises:
        FileExistsError, NotADirectoryError: as `check_unclaimed`; or the settings are others.
        ValueError: the record is damaged.
    """
    check_unclaimed(out, record)
    path = out / record
    if not path.exists():
        return
    try:
        before = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"out: its record {str(path)!r} is damaged; delete it or choose another folder") from error
    if before != settings:
        raise FileExistsError(f"out: {str(out)!r} holds photos of other settings, {before}; choose another folder")


def same_file(path: Path, others: Iterable[Path]) -> bool:
    """Whether `path` is one of the others, also under another name."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return False
    return any(_is(other, status) for other in others)


def _is(other: Path, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(other.stat(), status)
    except (OSError, ValueError):
        return False


def check_distinct(paths: Iterable[Path]) -> None:
    """Refuse to write two things into one file."""
    seen: set[Path] = set()
    for path in paths:
        full = Path(os.path.realpath(path))
        if full in seen:
            raise ValueError(f"{path}: is asked for twice as an output")
        seen.add(full)


def check_suffix(path: Path, accepted: Sequence[str], what: str) -> None:
    """Refuse a suffix in which `what` cannot be written."""
    if path.suffix.lower() not in accepted:
        raise ValueError(f"{path}: {what} is written as {' or '.join(accepted)}, not as {path.suffix or 'no suffix'!r}")


def check_photo_suffix(path: Path) -> None:
    """Refuse a suffix that names no format of photos.

    Raises:
        ValueError: unknown suffix.
    """
    from retouch.photo.sniff import SUFFIXES, from_suffix

    if from_suffix(path.name) is None:
        known = ", ".join(ends[0] for ends in SUFFIXES.values())
        raise ValueError(f"{path}: has no suffix of a format that can be written; accepted: {known}")


def numbered(path: Path, k: int, samples: int) -> Path:
    """The name of sample `k` (from 0) of `samples`: as it is for one, else with _1, _2, ... before the suffix."""
    return path if samples == 1 else path.with_name(f"{path.stem}_{k + 1}{path.suffix}")


def format_suffix(format: str) -> str:
    """The usual suffix (".jpg") of the format that a name or suffix ("jpeg", ".JPG") means.

    Raises:
        ValueError: it is unknown.
    """
    from retouch.photo.sniff import SUFFIXES, from_suffix

    known = from_suffix("." + format.lower().lstrip("."))
    if known is None:
        accepted = ", ".join(ends[0].lstrip(".") for ends in SUFFIXES.values())
        raise ValueError(f"format: {format!r} is unknown; accepted: {accepted}")
    return SUFFIXES[known][0]


def photo_suffix(path: Path) -> str:
    """The suffix of a photo's file, or where that means no format, the one of the format that the file holds."""
    from retouch.photo.sniff import SUFFIXES, from_suffix, sniff

    if from_suffix(path.name) is not None or not path.is_file():
        return path.suffix
    with path.open("rb") as file:
        held = sniff(file.read(256))
    return path.suffix if held is None else SUFFIXES[held][0]
