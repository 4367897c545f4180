"""The generator: encoder, Gaussian head, splatting of every patch, blending (the paper's Fig. 2a)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor, nn

from retouch.methods.gaussian.align import adaptation
from retouch.methods.gaussian.blend import blend
from retouch.methods.gaussian.cnn import CnnDecoder
from retouch.methods.gaussian.config import SMALLEST
from retouch.methods.gaussian.encoder import Encoder
from retouch.methods.gaussian.head import GaussianHead, Gaussians
from retouch.methods.gaussian.splat import splat

if TYPE_CHECKING:
    from retouch.methods.gaussian.config import Network


class Output(NamedTuple):
    """What the generator returns.

    Attributes:
        image: [B, 3, scale * H, scale * W], around [0, 1], not clamped, known pixels not put back.
        token: the adapted token f_pred [B, d] for the alignment loss (Eq. 6); None without semantics.
    """

    image: Tensor
    token: Tensor | None


class Field(NamedTuple):
    """A photo as a continuous field of Gaussians, to be rendered at any scale.

    Attributes:
        gaussians: of all patches.
        grid: (rows, columns) of patches.
        token: as in `Output`.
    """

    gaussians: Gaussians
    grid: tuple[int, int]
    token: Tensor | None


class Generator(nn.Module):
    """photo with a hole, semantic token -> encoder -> Gaussians of every patch -> splat -> blend.

    Any height and width that are multiples of the patch, at least 16 pixels; the size trained at is nowhere built in.
    """

    def __init__(self, config: Network) -> None:
        super().__init__()
        self.config = config
        width = config.token_width
        self.adapt = adaptation(width) if width is not None and config.adapt else None
        self.encoder = Encoder(config)
        self.decoder = GaussianHead(config) if config.decoder == "gaussian" else CnnDecoder(config)

    def enable_gradient_checkpointing(self) -> None:
        """Recompute the bottleneck in the backward pass instead of keeping what is inside it."""
        self.encoder.save_memory = True

    def forward(self, masked: Tensor, token: Tensor | None = None, *, scale: int = 1) -> Output:
        """Fill photos in one pass.

        Args:
            masked: photos [B, 3, H, W] in [0, 1], 0 in the hole. The hole itself is not told (section 4.1).
            token: [B, d] of the same photos from `semantic_encoder`, not yet adapted; None without semantics.
            scale: render each pixel as scale x scale.

        Raises:
            ValueError: a size that is no multiple of the patch, a token that does not fit, or a scale that the CNN
                decoder cannot render.
        """
        if isinstance(self.decoder, GaussianHead):
            field = self.field(masked, token)
            return Output(self.render(field, scale), field.token)
        if scale != 1:
            raise ValueError(f"scale: is {scale}; accepted: 1 with the CNN decoder")
        features, adapted = self._features(masked, token)
        return Output(self._blend(self.decoder(features), self._grid(masked), 1), adapted)

    def field(self, masked: Tensor, token: Tensor | None = None) -> Field:
        """The Gaussians of photos; arguments and errors as `forward`. What costs time is here, not in `render`."""
        if not isinstance(self.decoder, GaussianHead):
            raise ValueError("decoder: is 'cnn'; accepted: 'gaussian', for a field of Gaussians")
        features, adapted = self._features(masked, token)
        return Field(self.decoder(features), self._grid(masked), adapted)

    def render(self, field: Field, scale: int = 1) -> Tensor:
        """The image [B, 3, scale * H, scale * W] of a field (Eq. 2), patch by patch, blended where they overlap."""
        mean, cholesky, colour, opacity = field.gaussians
        size, degenerate = self.config.extended, self.config.degenerate
        patches = splat(mean, cholesky, colour, size, scale=scale, opacity=opacity, degenerate=degenerate)
        return self._blend(patches, field.grid, scale)

    def _features(self, masked: Tensor, token: Tensor | None) -> tuple[Tensor, Tensor | None]:
        self._check(masked, token)
        adapted = token if token is None or self.adapt is None else self.adapt(token)  # [B, d]
        return self.encoder(masked, adapted), adapted

    def _grid(self, masked: Tensor) -> tuple[int, int]:
        return masked.shape[2] // self.config.patch, masked.shape[3] // self.config.patch

    def _blend(self, patches: Tensor, grid: tuple[int, int], scale: int) -> Tensor:
        return blend(patches, grid, self.config.overlap * scale, weights=self.config.blending)

    def _check(self, masked: Tensor, token: Tensor | None) -> None:
        p, width = self.config.patch, self.config.token_width
        shape = list(masked.shape)
        if len(shape) != 4 or shape[1] != 3 or shape[2] % p or shape[3] % p or min(shape[2:]) < SMALLEST:
            accepted = f"[B, 3, H, W], H and W multiples of {p} from {SMALLEST} up"
            raise ValueError(f"masked: is {shape}; accepted: {accepted}")
        given = None if token is None else list(token.shape)
        expected = None if width is None else [shape[0], width]
        if given != expected:
            raise ValueError(f"token: is {given}; accepted: {expected} for semantics {self.config.semantics!r}")
