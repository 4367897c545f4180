"""A photo in memory: its pixels, and everything of its file that must survive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    Pixels: TypeAlias = NDArray[np.uint8 | np.uint16]
    Box: TypeAlias = tuple[int, int, int, int]  # x0, y0, x1, y1; x1 and y1 exclusive


@dataclass(frozen=True)
class Chunk:
    """One PNG chunk that is carried over as it was; `after` says that it followed the pixels."""

    name: bytes
    data: bytes
    after: bool = False


@dataclass(frozen=True)
class Tag:
    """One TIFF tag that is carried over: number, type, number of values, their bytes in little-endian order.

    A tag that points to another directory (EXIF, GPS) holds that directory's tags in `children` instead.
    """

    number: int
    kind: int
    count: int
    data: bytes
    children: tuple[Tag, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Source:
    """What the file was, apart from its pixels. Only this folder looks inside.

    Attributes:
        format: Pillow's format name.
        mode: Pillow's mode, or "RGB;16", "RGBA;16", "LA;16", "CMYK;16" for 16 bits per channel.
        icc: colour profile.
        info: Pillow's info of a photo that came as a PIL image.
        size: (width, height) in displayed orientation; None for a photo that came from no file or image.
        placed: (x, y) of the source's top left corner in the photo (not 0, 0 once the canvas was enlarged).
        orientation: EXIF orientation of the stored pixels, 1 to 8.
        exif: TIFF block of the EXIF data, without the "Exif" prefix.
        xmp: XMP packet.
        dpi: resolution (x, y) in pixels per inch.
        comment: free comment of the file.
        content: the whole file, kept where decoding it loses something (JPEG, lossy WebP, AVIF, HEIC).
        palette: [K, 4] uint8 RGBA of a palette photo.
        indices: [H, W] uint8 palette index of each pixel as the file had it.
        key: the one colour that stands for transparent (PNG tRNS), one number per channel.
        bits: bits per sample in the file.
        interlaced: the file was interlaced (PNG, GIF).
        lossless: the file's encoding loses nothing.
        compression: Pillow's name of the TIFF compression.
        predictor: TIFF predictor (2: differences are compressed), 1 for none.
        subsampling: chroma subsampling of an AVIF or HEIC file, such as "4:2:0".
        chunks: PNG chunks that are carried over.
        tags: TIFF tags that are carried over.
    """

    format: str = "PNG"
    mode: str = "RGB"
    icc: bytes | None = None
    info: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    placed: tuple[int, int] = (0, 0)
    orientation: int = 1
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    comment: bytes | None = None
    content: bytes | None = None
    palette: NDArray[np.uint8] | None = None
    indices: NDArray[np.uint8] | None = None
    key: tuple[int, ...] | None = None
    bits: int = 8
    interlaced: bool = False
    lossless: bool = True
    compression: str | None = None
    predictor: int = 1
    subsampling: str | None = None
    chunks: tuple[Chunk, ...] = ()
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Photo:
    """A photo in displayed orientation.

    Attributes:
        pixels: [H, W, C] uint8 or uint16 as stored, C = 1 (grey), 3 (RGB) or 4 (CMYK, Pillow's polarity).
            Palette photos are RGB here, photos of mode 1 are grey with 0 and 255.
        alpha: [H, W] of the same dtype, or None for an opaque photo.
        source: what else must survive in the file.
        notes: what could not be kept, in words for the user.
        changed: [H, W] bool, True where pixels differ from the file; None: all are as read, and not to be edited.
        own_rgb: windows hold the photo's own RGB numbers, because its colours do not fit into sRGB.
    """

    pixels: Pixels
    alpha: Pixels | None = None
    source: Source = field(default_factory=Source)
    notes: tuple[str, ...] = ()
    changed: NDArray[np.bool_] | None = None
    own_rgb: bool = False

    def __repr__(self) -> str:
        return f"Photo({self.size[0]} x {self.size[1]}, {self.source.mode}, {self.source.format})"

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, in displayed orientation."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def save(
        self,
        path: str | os.PathLike[str] | BinaryIO,
        overwrite: bool = False,
        quality: int | None = None,
    ) -> tuple[str, ...]:
        """Write the photo to `path` and return notes on what could not be kept; see `retouch.photo.write`."""
        from retouch.photo.writer import write

        return write(self, path, overwrite=overwrite, quality=quality)

    def pil(self) -> Image:
        """The photo as a PIL image of the same mode."""
        from retouch.photo.pil import to_pil

        return to_pil(self)

    def array(self) -> Pixels:
        """The photo as one new array [H, W, C], alpha last where there is one."""
        import numpy as np

        if self.alpha is None:
            return self.pixels.copy()
        return np.concatenate([self.pixels, self.alpha[..., None]], axis=2)  # [H, W, C + 1]
