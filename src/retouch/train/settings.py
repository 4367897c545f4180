"""Everything about a training run in one document: what is trained, on what, how, and how it is judged."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from retouch.data.training.settings import SampleSettings
from retouch.train.config import TrainConfig

Method = TypeVar("Method", bound=BaseModel)


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, (str, Path)) else value


Sources = Annotated[tuple[Path, ...], BeforeValidator(_several)]


class DataSettings(SampleSettings):
    """Where samples come from, and how they are made.

    Attributes:
        photos: folders of photos, of WebDataset shards or of pairs, a shard, or a glob; one or several.
        list_file: only the photos that it names, with weights if it has some.
        beside: a folder with another version of each photo, of its name and shape, for recipes that take one
            (`asuka-decoder`: latent-augmented photos).
        prefetch: batches that each worker makes ahead.
        combine, foreground: of pairs (`photos` is a folder that `retouch data lcg` made): how a background hole is put
            together, "v1_2" (default), "v1", "union", "scene-random" or "scene", and the share of samples that are
            foreground (default .5).
    """

    photos: Sources = Field(min_length=1)
    list_file: Path | None = None
    beside: Path | None = None
    prefetch: int = Field(default=2, ge=1)
    combine: Literal["scene", "scene-random", "union", "v1", "v1_2"] | None = None
    foreground: float | None = Field(default=None, ge=0, le=1)

    @property
    def samples(self) -> SampleSettings:
        """How samples are made, without where they come from."""
        return SampleSettings(**{name: getattr(self, name) for name in SampleSettings.model_fields})


class ValidationSettings(BaseModel):
    """Held-out photos with fixed holes.

    Attributes:
        photos: as those of the data; none: no validation.
        count: at most so many photos, evenly spread over all; None: all.
        holes: a hole recipe or mixture; None: that of training.
        objects: shapes for recipes that take some; only beside `holes`.
        seed: of the holes.
        batch: photos filled at a time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: Sources = ()
    count: int | None = Field(default=64, ge=1)
    holes: str | None = None
    objects: Path | None = None
    seed: int = Field(default=0, ge=0)
    batch: int = Field(default=8, ge=1)


class RunSettings(BaseModel, Generic[Method]):
    """The whole document.

    Attributes:
        name: of what is trained.
        variant: whose config `method` starts from.
        method: the method's own config.
        train: the loop.
        data: training data.
        validation: how it is judged.
        weights: folder of the networks that judge (VGG16, LPIPS); None: RETOUCH_WEIGHTS, then the hub.
        tensorboard: write what is logged for TensorBoard too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    variant: str
    method: Method
    train: TrainConfig
    data: DataSettings
    validation: ValidationSettings = ValidationSettings()
    weights: Path | None = None
    tensorboard: bool = False
