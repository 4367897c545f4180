"""Damaged photo and mask files: each is read, filled and written, or refused with one clear error.

    python tests/fuzz.py [--count 10000] [--seed 0]

Runs in processes of their own, so that a crash of a decoder is seen and told apart; a file that takes longer than
LIMIT seconds counts as a hang. `tests/test_fuzz.py` runs a few hundred of the same files.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import random
import signal
import sys
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable

import numpy as np
from PIL import Image, PngImagePlugin

LIMIT = 20
CHUNK = 250


def _save(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, **options)
    return stream.getvalue()


def _heic(image: Image.Image) -> bytes:
    from pillow_heif import from_pillow

    stream = io.BytesIO()
    from_pillow(image).save(stream)
    return stream.getvalue()


def originals() -> dict[str, bytes]:
    """One small valid file of every kind, with metadata."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 56, 3), dtype=np.uint8)
    rgb = Image.fromarray(pixels)
    grey, alpha = rgb.convert("L"), rgb.copy()
    alpha.putalpha(grey)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = 6, "Maker", "2026:01:01 00:00:00"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words")
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    deep = Image.fromarray(rng.integers(0, 65536, (40, 56), dtype=np.uint16))
    return {
        "jpeg": _save(rgb, format="JPEG", exif=exif, xmp=xmp, comment=b"hello", dpi=(72, 72)),
        "jpeg progressive": _save(rgb, format="JPEG", progressive=True, subsampling=2),
        "jpeg grey": _save(grey, format="JPEG"),
        "jpeg cmyk": _save(rgb.convert("CMYK"), format="JPEG"),
        "png": _save(rgb, format="PNG", pnginfo=text, exif=exif),
        "png rgba": _save(alpha, format="PNG"),
        "png palette": _save(rgb.quantize(32), format="PNG", transparency=3),
        "png 1": _save(grey.convert("1"), format="PNG"),
        "png 16": _save(deep, format="PNG"),
        "webp": _save(rgb, format="WEBP", exif=exif),
        "webp lossless": _save(alpha, format="WEBP", lossless=True),
        "tiff": _save(rgb, format="TIFF", compression="tiff_lzw"),
        "tiff deflate": _save(alpha, format="TIFF", compression="tiff_deflate"),
        "tiff 16": _save(deep, format="TIFF"),
        "bmp": _save(rgb, format="BMP"),
        "gif": _save(rgb.quantize(16), format="GIF"),
        "avif": _save(rgb, format="AVIF", speed=10),
        "heic": _heic(rgb),
    }


def damage(data: bytes, rng: random.Random) -> bytes:
    """One to four random wounds: flipped bits, cut ends, runs of zeros, lost, doubled, swapped and extreme bytes."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not out:
            break
        place, length = rng.randrange(len(out)), rng.choice([1, 2, 4, 16, 64])
        kind = rng.randrange(7)
        if kind == 0:
            out[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del out[place:]
        elif kind == 2:
            out[place : place + length] = bytes(len(out[place : place + length]))
        elif kind == 3:
            del out[place : place + length]
        elif kind == 4:
            out[place:place] = out[place : place + length]
        elif kind == 5:
            out[place : place + length] = rng.randbytes(len(out[place : place + length]))
        else:
            wide = rng.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00", b"\xff\xff"])
            out[place : place + len(wide)] = wide
    return with_checksums(bytes(out)) if rng.random() < 0.5 else bytes(out)


def with_checksums(data: bytes) -> bytes:
    """The same PNG with the checksum of every chunk made right, so that damage gets past it; others as they are."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return data
    out, place = bytearray(data), 8
    while place + 12 <= len(out):
        stop = place + 8 + int.from_bytes(out[place : place + 4], "big")
        if stop + 4 > len(out):
            break
        out[stop : stop + 4] = zlib.crc32(out[place + 4 : stop]).to_bytes(4, "big")
        place = stop + 4
    return bytes(out)


def as_photo(data: bytes) -> str:
    """Read, fill and write a photo; says how it ended."""
    import retouch
    from retouch import photo as photos

    try:
        photo = photos.read(data, max_pixels=4_000_000)
    except (OSError, ValueError) as error:
        return _refused(error)
    width, height = photo.size
    if width * height < 2:
        return "too small"
    hole = np.zeros((height, width), bool)
    hole[height // 4 : height // 2 + 1, width // 4 : width // 2 + 1] = True
    hole[0, 0] = False
    if not hole.any():
        return "too small"
    try:
        result = retouch.load("smooth").run(photo, hole, dilate=1)
        photos.write(result.photo, io.BytesIO())
    except (OSError, ValueError) as error:
        return "not written: " + _refused(error)
    return "filled"


def as_mask(data: bytes) -> str:
    """Read a mask; says how it ended."""
    import retouch

    try:
        retouch.Mask.from_any(data, max_pixels=4_000_000)
    except (OSError, ValueError) as error:
        return _refused(error)
    return "read"


def _refused(error: Exception) -> str:
    message = str(error)
    assert message, "an error without words"
    assert "\n" not in message, f"an error of several lines: {message!r}"
    return "refused"


def check(seed: int, files: dict[str, bytes]) -> tuple[str, str]:
    """Damage one file, chosen by `seed`, and use it; (kind, how it ended)."""
    rng = random.Random(seed)
    kind = rng.choice(sorted(files))
    data = damage(files[kind], rng)
    use: Callable[[bytes], str] = as_photo if seed % 2 else as_mask
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind, use(data)


def _hung(*_: object) -> None:
    raise TimeoutError("hang")


def _chunk(seeds: range, answers: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    files = originals()
    signal.signal(signal.SIGALRM, _hung)
    for seed in seeds:
        answers.put((seed, "started", ""))
        signal.alarm(LIMIT)
        try:
            kind, end = check(seed, files)
            answers.put((seed, "done", f"{kind}: {end}"))
        except BaseException:
            answers.put((seed, "failed", traceback.format_exc()))
        signal.alarm(0)


def main() -> int:
    """Run `--count` files from `--seed` on; prints a tally and every failure, exits 1 if there is one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    tally: Counter[str] = Counter()
    bad = 0
    start, end = arguments.seed, arguments.seed + arguments.count
    while start < end:
        seeds = range(start, min(start + CHUNK, end))
        answers = context.Queue()
        worker = context.Process(target=_chunk, args=(seeds, answers))
        worker.start()
        last, done = start, 0
        while done < len(seeds):
            try:
                seed, state, words = answers.get(timeout=1)
            except Exception:
                if worker.is_alive():
                    continue
                print(f"seed {last}: the process died with exit code {worker.exitcode}")
                bad += 1
                break
            last = seed
            if state == "done":
                tally[words] += 1
                done += 1
            elif state == "failed":
                print(f"seed {seed}:\n{words}")
                bad += 1
                done += 1
        worker.join(5)
        start = seeds.stop if done == len(seeds) else last + 1
    for words, count in sorted(tally.items()):
        print(f"{count:6} {words}")
    print(f"{arguments.count} files, {bad} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
