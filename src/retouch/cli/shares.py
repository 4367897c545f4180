"""--shard i/n, for every command that has it."""

from __future__ import annotations


def read_share(text: str | None) -> tuple[int, int]:
    """Read "2/8" as (2, 8), None as the whole, (1, 1); else ValueError. Whether there is such a share is not asked."""
    if text is None:
        return 1, 1
    number, _, shares = text.partition("/")
    if not all(part.isascii() and part.isdigit() for part in (number, shares)):
        raise _refused(text)
    return int(number), int(shares)


def parse_share(text: str | None) -> tuple[int, int]:
    """As `read_share`, and ValueError for shares that there are none of, such as "3/2"."""
    i, n = read_share(text)
    if not 1 <= i <= n:
        raise _refused(text)
    return i, n


def _refused(text: str | None) -> ValueError:
    return ValueError(f"--shard: is {text!r}; accepted: i/n with i from 1 to n, such as 2/8")
