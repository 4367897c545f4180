"""What a user writes on the command line: boxes and colours."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})", re.ASCII | re.IGNORECASE)


def parse_box(text: str) -> tuple[int, int, int, int]:
    """Read "x,y,width,height" in pixels; x and y may be negative.

    Raises:
        ValueError: not four integers, or an empty box.
    """
    numbers = _integers(text)
    if len(numbers) != 4 or numbers[2] < 1 or numbers[3] < 1:
        raise ValueError(f"box: is {text!r}; accepted: x,y,width,height in whole pixels, such as 40,60,200,100")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def parse_colour(text: str) -> tuple[int, int, int]:
    """Read "#ff00ff", "f0f" or "255,0,255" as (red, green, blue) from 0 to 255.

    Raises:
        ValueError: none of these.
    """
    match = _HEX.fullmatch(text.strip())
    if match:
        digits = match.group(1)
        pairs = [digit * 2 for digit in digits] if len(digits) == 3 else re.findall("..", digits)
        numbers = [int(pair, 16) for pair in pairs]
    else:
        numbers = _integers(text)
    if len(numbers) != 3 or not all(0 <= number <= 255 for number in numbers):
        raise ValueError(f'colour: is {text!r}; accepted: "#ff00ff", "f0f" or "255,0,255" (0 to 255 each)')
    return numbers[0], numbers[1], numbers[2]


def _integers(text: str) -> list[int]:
    """The comma-separated integers of `text`; none where a part is no integer."""
    parts = [part.strip() for part in text.split(",")]
    return [int(part) for part in parts] if all(map(_INTEGER.fullmatch, parts)) else []
