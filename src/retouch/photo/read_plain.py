"""Reading BMP and GIF."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, cast

from PIL import BmpImagePlugin, GifImagePlugin

from retouch.photo.limits import Origin, Plain, decoding, quiet
from retouch.photo.photo import Photo, Source
from retouch.photo.planes import planes

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile


def read_plain(content: bytes, form: str, origin: Origin) -> Photo:
    """Decode a BMP or GIF file; raises what `read` raises."""
    with decoding(origin), quiet():
        plugin = BmpImagePlugin.BmpImageFile if form == "BMP" else GifImagePlugin.GifImageFile
        image = cast("ImageFile", plugin(io.BytesIO(content), ""))
        origin.check_size(*image.size)
        if getattr(image, "is_animated", False):
            raise Plain(f"is an animation ({form}); accepted: still pictures")
        image.load()
        found = planes(image)
        info = dict(image.info)
        image.close()
    height, width = found.pixels.shape[:2]
    comment, dpi = info.get("comment"), info.get("dpi")
    source = Source(
        format=form,
        mode=found.mode,
        size=(width, height),
        xmp=info.get("xmp") or None,
        icc=info.get("icc_profile") or None,
        dpi=(float(dpi[0]), float(dpi[1])) if dpi else None,
        comment=comment if isinstance(comment, bytes) else None,
        palette=found.palette,
        indices=found.indices,
        key=found.key,
        info={key: info[key] for key in ("background", "duration") if key in info},
    )
    return Photo(found.pixels, found.alpha, source)
