"""What every reader keeps to: the pixel limit, plain messages, and no warnings on the user's screen."""

from __future__ import annotations

import contextlib
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_MAX_PIXELS = 250_000_000
_WARNINGS = threading.RLock()


class Plain(ValueError):
    """A refusal in plain words, which `decoding` passes on with the name of the photo."""


@dataclass(frozen=True)
class Origin:
    """Where a photo comes from, for messages, and how large it may be."""

    argument: str = "photo"
    name: str = ""
    max_pixels: int = DEFAULT_MAX_PIXELS

    def __str__(self) -> str:
        return f"{self.argument}: {self.name!r}" if self.name else self.argument

    def check_size(self, width: int, height: int) -> None:
        """Refuse a photo by the size that its header states.

        Raises:
            ValueError: it has no pixels or too many.
        """
        if width < 1 or height < 1:
            raise Plain(f"has the size {width} x {height}; accepted: at least 1 x 1")
        if width * height > self.max_pixels:
            raise Plain(
                f"has {width} x {height} = {width * height} pixels; accepted: at most {self.max_pixels} "
                "(raise max_pixels)"
            )


@contextlib.contextmanager
def decoding(origin: Origin) -> Iterator[None]:
    """Turn whatever a decoder makes of a damaged file into one plain OSError.

    Decoders meet damaged files with every kind of exception; what has been said plainly passes through.
    """
    try:
        yield
    except Plain as plain:
        raise ValueError(f"{origin}: {plain}") from None
    except MemoryError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise OSError(f"{origin}: cannot be decoded, it may be cut or damaged ({reason})") from error


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence Pillow's warnings about odd metadata.

    Filters belong to the whole process, so one thread at a time changes them.
    """
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
