"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Temporary files that may be there, of blocks that have not ended. An exception of a signal may strike anywhere, even
# between a file's making and the block that removes it, or in the midst of removing.
_unfinished: set[Path] = set()


@contextlib.contextmanager
def atomic(
    path: str | os.PathLike[str],
    mode: str = "wb",
    *,
    overwrite: bool = False,
    encoding: str | None = None,
    errors: str | None = None,
) -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` that takes its name when the block ends well.

    Whatever ends the block otherwise, Ctrl-C included, leaves nothing behind and the old file as it was.

    Args:
        path: the file to write; its folder must exist.
        mode: "wb" for bytes, "w" for text (UTF-8 unless `encoding` says otherwise).
        overwrite: replace a file that exists. Without it one that appears meanwhile is kept too.
        encoding: of text.
        errors: what becomes of characters that cannot be encoded, as for `open`; None: they raise UnicodeEncodeError.

    Yields:
        The open file; it can be read back and sought in.

    Raises:
        ValueError: another mode.
        FileExistsError: the file exists and `overwrite` is False.
        OSError: the folder is missing or unwritable, the disk is full, or `path` is a folder, device, pipe or socket;
            the message names the file.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f'mode: is {mode!r}; accepted: "w" and "wb"')
    target = Path(path)
    check_regular(target)
    if not overwrite and os.path.lexists(target):
        raise _exists(target)
    # A link is written through: what it points at is replaced, not the link.
    target = Path(os.path.realpath(target)) if overwrite else target
    temporary = _name_beside(target)
    try:
        try:
            _make(temporary, target)
            text = "b" not in mode
            with temporary.open(mode + "+", encoding=(encoding or "utf-8") if text else None, errors=errors) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _take_name(temporary, target, overwrite)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise OSError(error.errno, "could not be written: " + os.strerror(error.errno), str(target)) from error
            raise
    finally:
        if temporary in _unfinished:
            temporary.unlink(missing_ok=True)
            _unfinished.discard(temporary)
    _sync_folder(target.parent)


def remove_unfinished() -> None:
    """Remove what this process's interrupted blocks have left: for its last lines, when no other block can be open."""
    while _unfinished:
        with contextlib.suppress(OSError):
            _unfinished.pop().unlink(missing_ok=True)


def check_regular(path: Path) -> None:
    """Refuse what exists and cannot be replaced by a file: a folder, device, pipe or socket; links are followed.

    Raises:
        IsADirectoryError, OSError: it is one; the message names it.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; accepted: the name of a file", str(path))
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is a device, pipe or socket; accepted: the name of a file", str(path))


def _name_beside(target: Path) -> Path:
    """A name that no file has, such as .photo.png.d1e5-0_k.part; 255 bytes at most, whatever the letters."""
    return target.parent / f".{target.name[:60]}.{secrets.token_urlsafe(6)}.part"


def _make(temporary: Path, target: Path) -> None:
    """Make the empty file, with the permissions that `target` has or would get."""
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "cannot be written: its folder does not exist", str(target))
    _unfinished.add(temporary)
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        _unfinished.discard(temporary)
        reason = f"cannot be written: {error.strerror or error}"
        raise type(error)(error.errno or errno.EIO, reason, str(target)) from error
    with contextlib.suppress(OSError):
        temporary.chmod(_permissions(target))


def _permissions(target: Path) -> int:
    """Those of the file that is replaced, or what a new file would get."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    return new_file_mode()


def new_file_mode() -> int:
    """Permissions of a file that `open` makes, for those that other libraries make readable for their owner only."""
    return 0o666 & ~_umask()


def _umask() -> int:
    # The umask can only be read by setting it, which would race with other threads; Linux publishes it.
    with contextlib.suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("Umask:")), 8)
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _take_name(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        temporary.replace(target)
        return
    try:
        # Unlike a rename, a hard link fails when the name has been taken in the meantime.
        os.link(temporary, target, follow_symlinks=False)
    except FileExistsError as error:
        raise _exists(target) from error
    except OSError:  # file systems without hard links
        _claim_name(temporary, target)


def _claim_name(temporary: Path, target: Path) -> None:
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError as error:
        raise _exists(target) from error
    temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    # The new name itself must survive a power cut; systems that cannot sync folders refuse harmlessly.
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _exists(target: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, "exists already; overwrite it with overwrite=True", str(target))
