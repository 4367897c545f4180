"""What was measured, as one JSON document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from retouch.atomic import atomic
from retouch.bench.documents import read_document
from retouch.bench.speed.case import Case

if TYPE_CHECKING:
    import os


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timing(_Part):
    """The time and memory of one case, in a process of its own.

    Attributes:
        device: where the model ran.
        load_s: seconds from the name of the model to a method, with the libraries it imports.
        first_ms: milliseconds of the first call, for the whole batch.
        ms: milliseconds per image in the steady state, median of the repeats.
        low_ms, high_ms: quartiles of the same (25 %, 75 %).
        threads: that libraries may start for one operation.
        cores: cores that were busy in the steady state, on average.
        parameters: of the model's networks; None: it has none, or does not tell.
        memory_mb: largest resident memory of the process, with Python and all libraries (MB = 2^20 bytes).
        device_memory_mb: largest memory that PyTorch held on a CUDA device.
    """

    device: str
    load_s: float
    first_ms: float
    ms: float
    low_ms: float
    high_ms: float
    threads: int
    cores: float
    parameters: int | None
    memory_mb: float | None
    device_memory_mb: float | None


class Speed(_Part):
    """One case and either its timing or the reason why there is none."""

    case: Case
    timing: Timing | None = None
    reason: str | None = None


class Speeds(_Part):
    """All that one run measured.

    Attributes:
        machine: processor and number of cores.
        versions: of Python, this package and those that do the work.
        finished: UTC, ISO 8601.
        speeds: in the order asked for.
    """

    format: Literal["retouch-speed-1"] = "retouch-speed-1"
    machine: str
    versions: dict[str, str]
    finished: str
    speeds: tuple[Speed, ...]

    @property
    def failed(self) -> tuple[Speed, ...]:
        """Those without a timing."""
        return tuple(speed for speed in self.speeds if speed.timing is None)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write it as JSON, whole or not at all.

        Raises:
            OSError: it cannot be written; FileExistsError: it exists and `overwrite` is False.
        """
        with atomic(path, "w", overwrite=overwrite) as file:
            file.write(self.model_dump_json(indent=1))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Speeds:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it is not such a document; the message names the place in it.
        """
        return read_document(cls, Path(path), "speeds", "what `bench speed` wrote")
