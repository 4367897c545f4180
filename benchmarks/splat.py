"""Cost of rasterising 2D Gaussians, form by form, as Markdown tables.

python benchmarks/splat.py                   256 and 512 squared, batch 1 and 16, on one thread of the processor
python benchmarks/splat.py --device cuda     the same on a GPU, and the Triton kernels
python benchmarks/splat.py --quick           64 squared, to see that it runs
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import within
from measure import machine, table
from torch import Tensor
from within import milliseconds, peak, reset_peak, told

from retouch.methods.gaussian.splat import splat

PATCH, EXTENDED, GAUSSIANS = 16, 18, 324
# What a form keeps in memory at once, in arrays of [patches, Gaussians, pixels]: forward, forward and backward.
ARRAYS = {"direct": (5, 9), "direct, one by one": (0, 9), "reference": (4, 6), "compiled": (2, 10)}
SECONDS, LARGEST_GB = 3.0, 5.0


@dataclass(frozen=True)
class Case:
    """A batch of square images, rendered in one form."""

    form: str
    side: int
    batch: int
    device: str

    @property
    def patches(self) -> int:
        """Patches of the whole batch."""
        return self.batch * (self.side // PATCH) ** 2

    def needs_gb(self, backward: bool) -> float:
        """Memory for the arrays of all weights at once, where a form keeps them."""
        arrays = ARRAYS.get(self.form, (0, 0))[backward]
        return arrays * self.patches * GAUSSIANS * EXTENDED**2 * 4 / 2**30


@dataclass(frozen=True)
class Inputs:
    """Gaussians as a network at its start gives them (about 1.2 pixels wide), and a gradient of their image."""

    mean: Tensor
    cholesky: Tensor
    colour: Tensor
    size: int
    share: float  # of the Gaussians; times are divided by it

    def leaves(self) -> list[Tensor]:
        """Copies that collect gradients."""
        return [each.clone().requires_grad_() for each in (self.mean, self.cholesky, self.colour)]


def inputs(case: Case) -> Inputs:
    generator = torch.Generator().manual_seed(0)
    patches, gaussians, size, share = case.patches, GAUSSIANS, EXTENDED, 1.0
    if case.form == "one global set":
        # Every Gaussian is drawn on every pixel of its image. That is linear in the Gaussians: a share is timed.
        patches, size = case.batch, case.side
        gaussians = 324
        share = gaussians / (case.patches // case.batch * GAUSSIANS)
        patches, share = 1, share / case.batch
    mean = torch.rand(patches, gaussians, 2, generator=generator) * 2 - 1
    spread = torch.rand(patches, gaussians, 3, generator=generator) * torch.tensor([0.6, 0.6, 0.6])
    cholesky = spread + torch.tensor([1.0, 0.1, 0.9])
    colour = torch.randn(patches, gaussians, 3, generator=generator)
    mean, cholesky, colour = (each.to(case.device) for each in (mean, cholesky, colour))
    return Inputs(mean, cholesky, colour, size, share)


def direct(mean: Tensor, cholesky: Tensor, colour: Tensor, size: int) -> Tensor:
    """Eq. 2 as one writes it first: the inverse of every covariance, every pixel with every Gaussian."""
    at = torch.arange(size, dtype=mean.dtype, device=mean.device)
    d = torch.stack(torch.meshgrid(at, at, indexing="xy"), -1) - ((mean + 1) * size / 2)[:, :, None, None]
    a, b, c = inverse(cholesky)
    s = 0.5 * (a * d[..., 0] ** 2 + c * d[..., 1] ** 2) + b * d[..., 0] * d[..., 1]  # [P, G, H, W]
    return torch.einsum("pgc,pgyx->pcyx", colour, torch.exp(-s))


def one_by_one(mean: Tensor, cholesky: Tensor, colour: Tensor, size: int) -> Tensor:
    """Eq. 2, one Gaussian of every patch after the other."""
    at = torch.arange(size, dtype=mean.dtype, device=mean.device)
    centre = ((mean + 1) * size / 2)[..., None, None]
    a, b, c = inverse(cholesky)
    image = mean.new_zeros(mean.shape[0], 3, size, size)
    for g in range(mean.shape[1]):
        dx, dy = at - centre[:, g, 0], at[:, None] - centre[:, g, 1]
        weight = torch.exp(-0.5 * (a[:, g] * dx**2 + c[:, g] * dy**2) - b[:, g] * dx * dy)  # [P, H, W]
        image = image + colour[:, g, :, None, None] * weight[:, None]
    return image


def inverse(cholesky: Tensor) -> tuple[Tensor, ...]:
    """(A, B, C) of Sigma^-1 = [[A, B], [B, C]], each [P, G, 1, 1]."""
    l11, l21, l22 = cholesky[..., None, None].unbind(2)
    xx, xy, yy = l11 * l11, l11 * l21, l21 * l21 + l22 * l22
    determinant = xx * yy - xy * xy
    return yy / determinant, -xy / determinant, xx / determinant


def renderer(form: str) -> Callable[[Tensor, Tensor, Tensor, int], Tensor]:
    """The function (mean, cholesky, colour, size) -> image of a form."""
    if form == "direct":
        return direct
    if form == "direct, one by one":
        return one_by_one
    path = {"one global set": "auto", "compiled": "reference"}.get(form, form)

    def render(mean: Tensor, cholesky: Tensor, colour: Tensor, size: int) -> Tensor:
        return splat(mean, cholesky, colour, size, path=path)  # type: ignore[arg-type]

    return torch.compile(render, fullgraph=True) if form == "compiled" else render


def forward(given: Inputs, render: Callable[..., Tensor]) -> None:
    with torch.no_grad():
        render(given.mean, given.cholesky, given.colour, given.size)


def both(given: Inputs, render: Callable[..., Tensor]) -> None:
    image = render(*given.leaves(), given.size)
    image.backward(torch.ones_like(image))


def timed(case: Case, work: Callable[..., None]) -> dict[str, float]:
    """Milliseconds of the fastest run (processor time, or the GPU's) and peak memory above the inputs in MB."""
    given, render = inputs(case), renderer(case.form)
    # What is loaded or compiled at the first call is no part of the cost; a compiled form is made for one size.
    work(given if case.form == "compiled" or case.device == "cuda" else inputs(replace(case, side=16, batch=1)), render)
    before = reset_peak(case.device)
    runs, start = [], time.perf_counter()
    while len(runs) < 50 and (not runs or time.perf_counter() - start < SECONDS):
        runs.append(milliseconds(case.device, lambda: work(given, render)))
    return {"ms": min(runs) / given.share, "mb": peak(case.device) - before}


def child(case: Case, work: str) -> dict[str, float] | None:
    """One measurement in a process of its own; None where it would need too much memory."""
    if case.needs_gb(work == "both") > LARGEST_GB * (8 if case.device == "cuda" else 1):
        return None
    return told(within.child(__file__, case, work))


def row(case: Case, baseline: dict[str, float]) -> list[str]:
    cells = [case.form]
    for work in ("forward", "both"):
        cost = child(case, work)
        if cost is None:
            cells += ["", "", f"needs {case.needs_gb(work == 'both'):.0f} GB"]
            continue
        baseline.setdefault(work, cost["ms"])
        cells += [f"{cost['ms']:.3g}", f"{baseline[work] / cost['ms']:.2g}", f"{cost['mb']:.0f}"]
    print(" | ".join(cells), file=sys.stderr, flush=True)
    return cells


def main() -> None:
    if sys.argv[1:2] == ["--task"]:
        print(json.dumps(timed(Case(**json.loads(sys.argv[2])), {"forward": forward, "both": both}[sys.argv[3]])))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    forms = ["direct", "direct, one by one", "one global set", "reference", "compiled", "fast"]
    forms += ["triton"] if options.device == "cuda" else []
    print(machine(), "" if options.device == "cpu" else torch.cuda.get_device_name(), f"torch {torch.__version__}")
    for side, batch in [(64, 1)] if options.quick else [(256, 1), (512, 1), (256, 16), (512, 16)]:
        baseline: dict[str, float] = {}
        rows = [row(Case(form, side, batch, options.device), baseline) for form in forms]
        title = f"{batch} x {side} x {side}, patches of 18 x 18 with 324 Gaussians, float32, milliseconds"
        faster = "times faster than the first"
        head = ["form", "forward", faster, "peak MB", "forward + backward", faster, "peak MB"]
        print(table(title, head, rows), flush=True)


if __name__ == "__main__":
    from script import run_main

    run_main(main)
