"""Features on disk, one small file per image, found again by the image's content and the network's fingerprint."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retouch.atomic import atomic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.features.extractor import Extractor


@dataclass(frozen=True)
class FeatureCache:
    """A folder of feature vectors; processes may share it, and a killed one leaves no half file."""

    folder: Path

    def key(self, image: NDArray[np.uint8], extractor: Extractor) -> str:
        """SHA-256 over the image's shape and bytes and the extractor's name and weights."""
        digest = hashlib.sha256(f"{extractor.name}\0{extractor.identity}\0{image.dtype}{image.shape}\0".encode())
        digest.update(np.ascontiguousarray(image).data)
        return digest.hexdigest()

    def get(self, key: str, width: int) -> NDArray[np.float32] | None:
        """The vector [width] stored under `key`; None where there is none, or only a damaged one."""
        try:
            row = np.load(self._file(key), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if not isinstance(row, np.ndarray) or row.shape != (width,) or row.dtype != np.float32:
            return None
        return row

    def put(self, key: str, row: NDArray[np.float32]) -> None:
        """Store one vector [width]."""
        file = self._file(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic(os.fspath(file), overwrite=True) as out:
            np.save(out, np.asarray(row, np.float32), allow_pickle=False)

    def _file(self, key: str) -> Path:
        # Two letters per folder keep folders of tens of thousands of images quick to list.
        return Path(self.folder) / key[:2] / f"{key}.npy"
