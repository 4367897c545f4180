"""Twelve photos laid out as each data set is."""

import io
import tarfile

import numpy as np
from PIL import Image

N = 12
SIDES = {"misato-512": 512, "misato-1024": 1024}


def picture(k, size=(300, 260)):
    """RGB image of `size` (width, height): smooth waves that differ with k."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / 40
    waves = np.stack([np.sin(x + k), np.cos(y - k), np.sin(x * y / 3 + k)], axis=-1)  # [H, W, 3]
    return Image.fromarray((127 + 100 * waves).astype(np.uint8))


def disc(size):
    """Mask image of `size` (width, height): a white disc."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    inside = (x - size[0] / 2) ** 2 + (y - size[1] / 2) ** 2 < (min(size) / 4) ** 2
    return Image.fromarray(inside.astype(np.uint8) * 255)


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


NAMES = {
    "places365-val": lambda k: f"val_large/Places365_val_{k + 1:08d}.jpg",
    "places365-val-high": lambda k: f"val_highres/Places365_val_{k + 1:08d}.jpg",
    "places365-test": lambda k: f"test_large/Places365_test_{k + 1:08d}.jpg",
    "celebahq": lambda k: f"CelebA-HQ-img/{k}.jpg",
    "ffhq": lambda k: f"images1024x1024/{k // 5 * 1000:05d}/{k:05d}.png",
    "imagenet-100": lambda k: f"val/n{k % 3:08d}/ILSVRC2012_val_{k:08d}.JPEG",
    "misato-512": lambda k: f"512/image/{k:04d}.png",
    "misato-1024": lambda k: f"1024/image/{k:04d}.png",
    "folder": lambda k: f"photo{k}.jpg",
}


def lay_out(name, root, n=N):
    """Write the data set called `name` with n photos below `root`; CelebA-HQ with list files of all its splits."""
    for k in range(n):
        path = root / NAMES[name](k)
        side = SIDES.get(name)
        size = (300, 260) if side is None else (side, side)
        save(picture(k, size), path)
        if side is not None:
            save(disc(size), path.parent.parent / "mask" / (f"00{path.name}" if side == 1024 else path.name))
        if name == "folder":
            save(disc(size), path.with_name(f"photo{k}.mask.png"))
    if name == "celebahq":
        for file in ("val_2993.txt", "val_2000.txt"):
            (root / file).write_text("".join(f"{k}.jpg\n" for k in range(n)))
    return root


def shard(path, files):
    """Write an uncompressed tar of (name, PIL image or bytes)."""
    with tarfile.open(path, "w") as tar:
        for name, content in files:
            if isinstance(content, Image.Image):
                stream = io.BytesIO()
                content.save(stream, format="PNG")
                content = stream.getvalue()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path
