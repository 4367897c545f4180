"""What a filling method is: the contract every method and every caller holds to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Images: TypeAlias = NDArray[np.float32]
    Masks: TypeAlias = NDArray[np.bool_]


class Options(BaseModel):
    """Options of one method: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def sees_hole(self) -> bool:
        """Whether the method is given what lies under the hole: only for one paper's own way, asked for by name."""
        return False


class NoOptions(Options):
    """A method without options of its own."""


@dataclass(frozen=True)
class Needs:
    """What a method asks of its caller; it drives windows, command line, server and web page.

    Attributes:
        multiple: height and width handed to the method are multiples of it (pixels).
        smallest: no side is shorter than this (pixels); windows are padded up to it.
        native: side the method works best at; larger windows are scaled down to it. None: any size.
        scales: output scales the method renders directly.
        stochastic: a seed changes the result.
        steps: default number of iterations; None: one pass.
        uncertainty: it tells where it is unsure.
        bits: precision the method computes in; None: floating point.
        options: the pydantic model of the method's own options.
    """

    multiple: int = 8
    smallest: int = 1
    native: int | None = 512
    scales: tuple[int, ...] = (1,)
    stochastic: bool = False
    steps: int | None = None
    uncertainty: bool = False
    bits: int | None = None
    options: type[Options] = NoOptions


@dataclass(frozen=True)
class Progress:
    """One step of work: `stage` names it, `step` of `steps` are done.

    `preview()` gives the images so far, [N, H, W, 3] float32 in [0, 1]; `panels()`, for animations, pictures of that
    shape that explain the step.
    """

    stage: str
    step: int
    steps: int
    preview: Callable[[], Images] | None = None
    panels: Callable[[], tuple[Images, ...]] | None = None


@dataclass(frozen=True, eq=False)
class Filled:
    """What a method returns.

    Attributes:
        images: [N, s*H, s*W, 3] float32 in [0, 1], s = the output scale asked for.
        uncertainty: [N, H, W] float32 in [0, 1], 1 = knows nothing; None where the method has none.
    """

    images: Images
    uncertainty: NDArray[np.float32] | None = None


class Cancelled(Exception):
    """Raised when `cancel()` said so; nothing has been written."""


ProgressCallback: TypeAlias = Callable[[Progress], Any]
CancelCallback: TypeAlias = Callable[[], bool]


def check_cancel(cancel: CancelCallback | None) -> None:
    """Raise Cancelled if the caller asks for it."""
    if cancel is not None and cancel():
        raise Cancelled("cancelled by the caller")


class Method(Protocol):
    """A filling method: arrays in, arrays out; it never sees a file, a colour profile or a window."""

    @property
    def needs(self) -> Needs:
        """What the method asks of its caller."""
        ...

    def __call__(
        self,
        images: Images,
        masks: Masks,
        options: Options,
        *,
        seeds: Sequence[int] | None = None,
        scale: int = 1,
        progress: ProgressCallback | None = None,
        cancel: CancelCallback | None = None,
    ) -> Filled:
        """Fill `images` [N, H, W, 3] float32 in [0, 1] where `masks` [N, H, W] bool is True."""
        ...


class Harmoniser(Protocol):
    """Adapts fills, whoever made them, to the known pixels around them; like a method it sees arrays only."""

    @property
    def needs(self) -> Needs:
        """What it asks of its caller: sizes."""
        ...

    def __call__(self, photos: Images, filled: Images, masks: Masks, *, cancel: CancelCallback | None = None) -> Images:
        """The filled photos with other colours in the hole; known pixels as in `photos`.

        Args:
            photos: [N, H, W, 3] float32 in [0, 1], 0 in the hole.
            filled: [N, H, W, 3], what lies in the hole is looked at only.
            masks: [N, H, W] bool, True = hole.
            cancel: asked between photos; True raises Cancelled.

        Returns:
            [N, H, W, 3] float32 in [0, 1].
        """
        ...


class PerImage:
    """A method made of one function that fills one image.

    `function(image, mask, options, seed)` takes [H, W, 3] float32 in [0, 1] and [H, W] bool (True = hole) and
    returns the filled image; what it returns outside the hole is not used.
    """

    def __init__(self, function: Callable[[Images, Masks, Any, int], Images], needs: Needs) -> None:
        self.function = function
        self.needs = needs

    def __call__(
        self,
        images: Images,
        masks: Masks,
        options: Options,
        *,
        seeds: Sequence[int] | None = None,
        scale: int = 1,  # noqa: ARG002 - the caller has checked it against needs.scales
        progress: ProgressCallback | None = None,
        cancel: CancelCallback | None = None,
    ) -> Filled:
        """Fill `images` [N, H, W, 3] float32 in [0, 1] where `masks` [N, H, W] bool is True."""
        seeds = [0] * len(images) if seeds is None else seeds
        filled = []
        for k, (image, mask, seed) in enumerate(zip(images, masks, seeds, strict=True)):
            check_cancel(cancel)
            inside = self.function(image, mask, options, seed)
            filled.append(np.where(mask[..., None], inside, image))
            if progress is not None:
                progress(Progress("fill", k + 1, len(images)))
        return Filled(np.stack(filled))
