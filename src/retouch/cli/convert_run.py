"""What `retouch convert` does: where each result goes, and the conversion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retouch.cli.speak import out as tell
from retouch.cli.speak import say

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = (".bin", ".ckpt", ".pt", ".pth")  # would be a folder that looks like a file


def convert_all(files: list[Path], out: Path, overwrite: bool) -> None:
    """Convert each file and say what it was; errors as `retouch.methods.pixelhacker.release.convert_file`."""
    try:
        from retouch.methods.pixelhacker.release import convert_file

        for file, result in targets(files, out):
            kind = convert_file(file, result, overwrite=overwrite)
            say(f"retouch: {file}: PixelHacker's {kind}")
            tell(str(result))
    except ModuleNotFoundError as error:
        extra = "pip install 'retouch[diffusion]'"
        raise ImportError(f"convert needs the extra 'diffusion': {extra} ({error.name} is missing)") from error


def targets(files: list[Path], out: Path) -> list[tuple[Path, Path]]:
    """Every file with its result: `out` itself for a name that ends in .safetensors, else OUT/FOLDER/NAME.safetensors.

    Raises:
        ValueError: several files for one result, a folder for a file, or `out` is no folder.
    """
    for file in files:
        if file.is_dir():
            raise ValueError(f"FILE: {file} is a folder; accepted: files, such as {file / '*.bin'}")
    if out.suffix == ".safetensors":
        if len(files) > 1:
            raise ValueError(f"--out: is one file, {out}, for {len(files)}; accepted: a folder")
        return [(files[0], out)]
    if out.suffix in WEIGHTS or out.is_file():
        raise ValueError(f"--out: is {out}; accepted: a name that ends in .safetensors, or a folder")
    pairs = [(file, out / file.resolve().parent.name / f"{file.stem}.safetensors") for file in files]
    if len({result for _, result in pairs}) < len(pairs):
        raise ValueError("FILE: several have the same name and folder; accepted: files whose results differ")
    return pairs
