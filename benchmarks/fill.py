"""Speed and memory of `retouch fill`, whole processes, decoding and encoding included.

    python benchmarks/fill.py [--quick]

Prints Markdown tables: 512 x 512 with a 15 % hole against OpenCV, scikit-image and bare pypatchmatch; photos of 1,
6, 24 and 100 MP with holes of 0.1, 1 and 5 %; the same hole in a small and a large photo; `retouch batch` over 200
photos. Needs the extra `cv`. Ratios are between runs of this one call.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from measure import Cost, machine, run, table
from PIL import Image

EXAMPLE = Path(__file__).parent.parent / "examples" / "table.jpg"
RETOUCH = [sys.executable, "-m", "retouch"]

PEERS = {
    "bare pypatchmatch": "import patchmatch; out = patchmatch.inpaint(a, m, patch_size=3)",
    "cv2.inpaint (Telea, 5)": "import cv2; out = cv2.inpaint(a, m, 5, cv2.INPAINT_TELEA)",
    "skimage biharmonic": (
        "from skimage.restoration import inpaint_biharmonic as f\n"
        "out = (f(a / 255, m > 0, channel_axis=-1, split_into_regions=True).clip(0, 1) * 255).round().astype('uint8')"
    ),
}
PEER_SCRIPT = """
import sys, numpy as np
from PIL import Image
photo, mask, target = sys.argv[1:]
a = np.asarray(Image.open(photo).convert('RGB')); m = (np.asarray(Image.open(mask).convert('L')) > 127).astype('uint8')
{fill}
Image.fromarray(out).save(target, **({{'quality': 95}} if target.endswith('jpg') else {{}}))
"""


def make_photo(path: Path, megapixels: float, aspect: float = 1.5) -> tuple[int, int]:
    """Write a photo of about that size: an example, mirrored as often as needed so that texture stays texture."""
    width = round((megapixels * 1e6 * aspect) ** 0.5)
    height = round(width / aspect)
    with Image.open(EXAMPLE) as example:
        pixels = np.asarray(example.convert("RGB"))
    tile = np.concatenate([pixels, pixels[:, ::-1]], axis=1)
    tile = np.concatenate([tile, tile[::-1]], axis=0)
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    image = Image.fromarray(np.tile(tile, (rows, columns, 1))[:height, :width])
    image.save(path, **({"quality": 92} if path.suffix == ".jpg" else {"compress_level": 1}))
    return width, height


def make_mask(path: Path, size: tuple[int, int], pixels: float) -> None:
    """Write a mask with one elliptic hole of about `pixels` pixels, off the centre."""
    width, height = size
    a = (pixels / np.pi * 1.3) ** 0.5
    b = pixels / np.pi / a
    y, x = np.ogrid[:height, :width]
    hole = ((x - 0.55 * width) / a) ** 2 + ((y - 0.55 * height) / b) ** 2 < 1
    Image.fromarray(hole).save(path)


def fill(photo: Path, mask: Path, repeats: int) -> Cost:
    """Cost of `retouch fill` on one photo; the output has the photo's format."""
    out = photo.with_name("out" + photo.suffix)
    return run([*RETOUCH, "fill", str(photo), str(mask), "-o", str(out), "--overwrite"], repeats)


def against_peers(folder: Path, repeats: int) -> str:
    """512 x 512, 15 % hole."""
    rows = []
    mask = folder / "mask.png"
    for suffix in ("jpg", "png"):
        photo = folder / f"small.{suffix}"
        size = make_photo(photo, 512 * 512 / 1e6, aspect=1.0)
        make_mask(mask, size, 0.15 * size[0] * size[1])
        costs = {"retouch (patchmatch)": fill(photo, mask, repeats)}
        for name, code in PEERS.items():
            script = PEER_SCRIPT.format(fill=code)
            out = str(folder / f"peer.{suffix}")
            costs[name] = run([sys.executable, "-c", script, str(photo), str(mask), out], repeats)
        bare = costs["bare pypatchmatch"].seconds
        rows += [
            [suffix.upper(), name, f"{cost.seconds:.2f}", f"{cost.seconds / bare:.2f}", f"{cost.megabytes:.0f}"]
            for name, cost in costs.items()
        ]
    return table("512 x 512, 15 % hole", ["format", "program", "s", "x bare pypatchmatch", "peak MB"], rows)


def by_size(folder: Path, sizes: list[int], shares: list[float], repeats: int) -> str:
    """Photo size against hole share."""
    rows = []
    mask = folder / "mask.png"
    for suffix in ("jpg", "png"):
        for megapixels in sizes:
            photo = folder / f"photo.{suffix}"
            size = make_photo(photo, megapixels)
            row = [suffix.upper(), f"{megapixels} MP"]
            for share in shares:
                make_mask(mask, size, share * size[0] * size[1])
                cost = fill(photo, mask, 1 if megapixels > 10 else repeats)
                row.append(f"{cost.seconds:.2f} s, {cost.megabytes:.0f} MB")
            rows.append(row)
    return table("Photo size and hole", ["format", "photo", *[f"{share:.1%} hole" for share in shares]], rows)


def same_hole(folder: Path, repeats: int) -> str:
    """The hole of a 24 MP photo's 1 % in a 1 MP photo and in the 24 MP photo, JPEG."""
    rows, seconds = [], []
    mask, photo = folder / "mask.png", folder / "photo.jpg"
    for megapixels in (1, 24):
        size = make_photo(photo, megapixels)
        make_mask(mask, size, 0.24e6)
        cost = fill(photo, mask, repeats)
        seconds.append(cost.seconds)
        rows.append([f"{megapixels} MP", f"{cost.seconds:.2f}", f"{cost.megabytes:.0f}"])
    rows.append(["ratio", f"{seconds[1] / seconds[0]:.2f}", ""])
    return table("The same hole (0.24 MP) in a small and a large JPEG", ["photo", "s", "peak MB"], rows)


def batch(folder: Path, count: int) -> str:
    """`retouch batch` over many photos: peak memory after few and after all must be the same."""
    photos = folder / "photos"
    photos.mkdir()
    size = make_photo(folder / "one.jpg", 1)
    make_mask(folder / "mask.png", size, 0.01 * size[0] * size[1])
    data = (folder / "one.jpg").read_bytes()
    rows = []
    for n in (count // 10, count):
        for k in range(n):
            (photos / f"{k:04}.jpg").write_bytes(data)
        out = folder / f"batch{n}"
        cost = run([*RETOUCH, "batch", str(photos), str(folder / "mask.png"), str(out)], 1)
        rows.append([str(n), f"{cost.seconds:.1f}", f"{n / cost.seconds:.1f}", f"{cost.megabytes:.0f}"])
    return table("retouch batch, 1 MP JPEG, 1 % hole", ["photos", "s", "photos/s", "peak MB"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes, one repeat")
    quick = parser.parse_args().quick
    repeats = 1 if quick else 3
    version = subprocess.run([*RETOUCH, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}; {machine()}")
    parts = [
        lambda folder: against_peers(folder, repeats),
        lambda folder: same_hole(folder, repeats),
        lambda folder: by_size(folder, [1, 6] if quick else [1, 6, 24, 100], [0.001, 0.01, 0.05], repeats),
        lambda folder: batch(folder, 20 if quick else 200),
    ]
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            print(part(Path(folder)), flush=True)


if __name__ == "__main__":
    from script import run_main

    run_main(main)
