"""What a user may set for one fill, whatever the method: windows, pasting, reading of the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retouch.catalogue import nearest

if TYPE_CHECKING:
    from retouch.methods.base import Options

Side: TypeAlias = int | str  # pixels, or "10%" of the photo's width or height
T = TypeVar("T", bound=BaseModel)


class Settings(BaseModel):
    """Settings of one fill; frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dilate: int | None = Field(default=None, ge=0, le=256, description="pixels added around the hole; default by size")
    feather: int | None = Field(default=None, ge=0, le=256, description="pixels of blending inside the added ring")
    match: bool = Field(default=True, description="correct the colour offset measured on the ring")
    detail: bool | None = Field(default=None, description="second pass for scaled windows; default: where it helps")
    expand: tuple[Side, Side, Side, Side] | None = Field(
        default=None, description="outpaint: left, top, right, bottom in pixels or percent"
    )
    opaque: bool = Field(default=False, description="filled pixels become opaque")
    convention: Literal["white", "black", "alpha"] = Field(default="white", description="what marks the hole in a mask")
    threshold: float = Field(default=0.5, gt=0, le=1, description="mask value from which a pixel is hole")
    any_coverage: bool = Field(default=False, description="every mask value above 0 is hole")
    resize_mask: bool = Field(default=False, description="scale a mask of another size to the photo")

    def ring(self, size: tuple[int, int]) -> tuple[int, int]:
        """(dilate, feather) in pixels for a photo of (width, height)."""
        dilate = min(max(2, round(max(size) / 500)), 12) if self.dilate is None else self.dilate
        feather = (dilate + 1) // 2 if self.feather is None else min(self.feather, dilate)
        return dilate, feather

    def borders(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Pixels to add (left, top, right, bottom) to a photo of (width, height)."""
        if self.expand is None:
            return (0, 0, 0, 0)
        width, height = size
        lengths = (width, height, width, height)
        left, top, right, bottom = (_pixels(side, length) for side, length in zip(self.expand, lengths, strict=True))
        return left, top, right, bottom

    def check_expanded(self, size: tuple[int, int], max_pixels: int) -> None:
        """Refuse with a ValueError to outpaint a photo of (width, height) beyond `max_pixels`."""
        left, top, right, bottom = self.borders(size)
        width, height = size[0] + left + right, size[1] + top + bottom
        if width * height > max(max_pixels, size[0] * size[1]):
            raise ValueError(
                f"expand: makes {width} x {height} pixels; accepted: at most {max_pixels} in all (raise max_pixels)"
            )


def _pixels(side: Side, length: int) -> int:
    text = str(side).strip()
    try:
        pixels = round(float(text[:-1]) / 100 * length) if text.endswith("%") else int(text)
    except (ValueError, OverflowError):
        pixels = -1
    if not 0 <= pixels <= 100_000:
        raise ValueError(f"expand: {side!r} is neither pixels (0 to 100000) nor a percentage such as '10%'")
    return pixels


def parse_expand(text: str) -> tuple[Side, Side, Side, Side]:
    """Read "l,t,r,b" with pixels or percentages; one value stands for all four sides."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1:
        parts = parts * 4
    if len(parts) != 4 or not all(parts):
        raise ValueError(f"expand must be left,top,right,bottom in pixels or percent, got {text!r}")
    return (parts[0], parts[1], parts[2], parts[3])


def split(values: dict[str, Any], options: type[Options], model: str) -> tuple[Settings, Options]:
    """Sort keyword options into settings and the model's own; unknown names are refused with the nearest known."""
    known = [*Settings.model_fields, *options.model_fields]
    for name in values:
        if name not in known:
            raise ValueError(
                f"option {name!r} is unknown for model {model!r}{nearest(name, known)}; known: {', '.join(known)}"
            )
    own = {name: value for name, value in values.items() if name in options.model_fields}
    general = {name: value for name, value in values.items() if name not in own}
    return checked(Settings, general), checked(options, own)


def checked(kind: type[T], values: dict[str, Any]) -> T:
    """Validate `values`; a failure is one line that names the option, what was given and what is accepted."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else kind.__name__
        raise ValueError(f"{name}: {first['msg']}, got {first['input']!r}") from None
