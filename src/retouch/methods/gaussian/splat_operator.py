"""The fast rasterisers as one operator of PyTorch: autograd then takes their closed-form gradient, and torch.compile
takes either as a single step. Only splat_reference can be differentiated twice.
"""

from typing import Any

import torch
from torch import Tensor

from retouch.methods.gaussian import splat_fast


@torch.library.custom_op("retouch::splat", mutates_args=())
def render(
    centre: Tensor, cholesky: Tensor, colour: Tensor, rows: Tensor, columns: Tensor, *, on_triton: bool
) -> Tensor:
    """The image of splat_reference.render, from the same arguments."""
    if on_triton:
        from retouch.methods.gaussian import splat_triton

        return splat_triton.render(centre, cholesky, colour, rows, columns)
    return splat_fast.render(centre, cholesky, colour, rows, columns)


@torch.library.custom_op("retouch::splat_gradients", mutates_args=())
def gradients(
    centre: Tensor,
    cholesky: Tensor,
    colour: Tensor,
    rows: Tensor,
    columns: Tensor,
    upstream: Tensor,
    *,
    on_triton: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """dE/d(centre, cholesky, colour) from `upstream` = dE/d(image) [P, 3, H, W]."""
    if on_triton:
        from retouch.methods.gaussian import splat_triton

        return splat_triton.gradients(centre, cholesky, colour, rows, columns, upstream)
    return splat_fast.gradients(centre, cholesky, colour, rows, columns, upstream)


@render.register_fake
def _(*inputs: Tensor, **_options: bool) -> Tensor:
    centre, _, _, rows, columns = inputs
    return centre.new_empty(centre.shape[0], 3, rows.shape[0], columns.shape[0])


@gradients.register_fake
def _(*inputs: Tensor, **_options: bool) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(inputs[0]), torch.empty_like(inputs[1]), torch.empty_like(inputs[2])


def _keep(ctx: Any, inputs: tuple[Tensor, ...], keyword_only_inputs: dict[str, bool], **_output: Tensor) -> None:
    ctx.save_for_backward(*inputs)
    ctx.on_triton = keyword_only_inputs["on_triton"]


def _backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
    # autocast, where the caller still has it on, would round the products to 16 bits.
    with torch.autocast(upstream.device.type, enabled=False):
        return *gradients(*ctx.saved_tensors, upstream.contiguous(), on_triton=ctx.on_triton), None, None


render.register_autograd(_backward, setup_context=_keep)
