"""Mean and covariance of features, streamed and merged; constant memory, whatever the number of images.

Sums are kept about the mean (Chan et al. 1982) instead of about zero, which would lose digits to cancellation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from retouch.atomic import atomic
from retouch.bench.metrics.check import check_features, check_same_width, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from retouch.bench.metrics.check import Floats

Divisor = Literal["n", "n-1"]

# Rows are summed in blocks of this many, counted from the first row: the caller's batches change no digit.
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class Statistics:
    """What Fréchet distances need to know of a set of features.

    Attributes:
        count: number of rows n.
        mean: [d] float64.
        scatter: [d, d] float64, the sum of (x - mean) (x - mean)^T.
        extractor: name and fingerprint of the network, so that sets of different networks are not mixed; "": not said.
    """

    count: int
    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]
    extractor: str = ""

    @classmethod
    def of(cls, features: Floats, extractor: str = "") -> Statistics:
        """Statistics of a feature matrix [N, d], N at least 1.

        Raises:
            ValueError: another shape or type, no rows, NaN or infinite values.
        """
        accumulator = Accumulator(features.shape[1] if getattr(features, "ndim", 0) == 2 else 0, extractor)
        accumulator.add(features)
        return accumulator.statistics()

    def covariance(self, divisor: Divisor = "n") -> NDArray[np.float64]:
        """Covariance [d, d], the scatter divided by n or n - 1.

        Raises:
            ValueError: another divisor, or "n-1" of a single row.
        """
        choose(divisor, ("n", "n-1"), "divisor")
        degrees = self.count if divisor == "n" else self.count - 1
        if degrees < 1:
            raise ValueError(f"divisor: is {divisor!r} with {self.count} rows; accepted: at least 2 rows")
        return self.scatter / degrees

    def merge(self, other: Statistics) -> Statistics:
        """Statistics of both sets together.

        Raises:
            ValueError: another width, or features of another network.
        """
        check_same_width(len(self.mean), len(other.mean))
        if self.extractor != other.extractor:
            raise ValueError(f"other: has features of {other.extractor!r}; accepted: {self.extractor!r}")
        if not self.count or not other.count:
            return self if self.count else other
        count = self.count + other.count
        apart = other.mean - self.mean  # [d]
        mean = self.mean + apart * (other.count / count)  # [d]
        between = np.outer(apart, apart) * (self.count * other.count / count)  # [d, d]
        return Statistics(count, mean, self.scatter + other.scatter + between, self.extractor)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a safetensors file, whole or not at all.

        Raises:
            FileExistsError: it exists and `overwrite` is False.
            OSError: it cannot be written.
        """
        from safetensors.numpy import save

        tensors = {"count": np.array([self.count]), "mean": self.mean, "scatter": self.scatter}
        with atomic(path, overwrite=overwrite) as file:
            file.write(save(tensors, metadata={"extractor": self.extractor}))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Statistics:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: no such file.
            ValueError: not such a file, or a damaged one.
        """
        from safetensors import SafetensorError, safe_open

        if not Path(path).is_file():
            raise FileNotFoundError(f"path: {path} does not exist; accepted: a file of feature statistics")
        try:
            with safe_open(path, "numpy") as file:
                tensors = {k: file.get_tensor(k) for k in ("count", "mean", "scatter")}
                extractor = (file.metadata() or {}).get("extractor", "")
        except SafetensorError as error:
            raise ValueError(f"path: {path} holds no feature statistics ({error})") from error
        found = cls(int(tensors["count"][0]), tensors["mean"], tensors["scatter"], extractor)
        width = len(found.mean)
        if found.scatter.shape != (width, width) or not np.isfinite(found.scatter).all():
            raise ValueError(f"path: {path} holds damaged statistics: scatter {list(found.scatter.shape)}")
        return found


class Accumulator:
    """Collects rows of features as they come; any batches give the same digits.

    Args:
        width: columns d of the features.
        extractor: name and fingerprint of the network.
    """

    def __init__(self, width: int, extractor: str = "") -> None:
        self._whole = Statistics(0, np.zeros(width), np.zeros((width, width)), extractor)
        self._rest = np.empty((_BLOCK, width))  # [block, d], rows of the block that is not full yet
        self._waiting = 0

    def add(self, features: Floats) -> None:
        """Take in rows [N, d].

        Raises:
            ValueError: another shape or type, NaN or infinite values; nothing has been taken in then.
        """
        check_features(features, "features", least=0)
        check_same_width(self._rest.shape[1], features.shape[1])
        start = 0
        while start < len(features):
            part = features[start : start + _BLOCK - self._waiting]
            self._rest[self._waiting : self._waiting + len(part)] = part
            self._waiting += len(part)
            start += len(part)
            if self._waiting == _BLOCK:
                self._whole, self._waiting = self.statistics(), 0

    def statistics(self) -> Statistics:
        """Statistics of all rows so far.

        Raises:
            ValueError: there are none.
        """
        if not self._waiting:
            if not self._whole.count:
                raise ValueError("features: has 0 rows; accepted: at least 1")
            return self._whole
        rows = self._rest[: self._waiting]  # [n, d]
        mean = rows.mean(axis=0)  # [d]
        centred = rows - mean  # [n, d]
        return self._whole.merge(Statistics(self._waiting, mean, centred.T @ centred, self._whole.extractor))
