"""Cost of PixelHacker's gated linear attention and of its whole network, as Markdown tables.

python benchmarks/pixelhacker.py                 attention over 256 to 16384 tokens, on one thread of the processor
python benchmarks/pixelhacker.py --network       and the network of 862 million parameters: 6 GB of memory, minutes
python benchmarks/pixelhacker.py --device cuda   the same on a GPU
python benchmarks/pixelhacker.py --quick         256 tokens, to see that it runs
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import within
from measure import machine, table
from torch import Tensor
from torch.nn import functional as F
from within import milliseconds, peak, reset_peak, told

from retouch.methods.pixelhacker.config import variant
from retouch.methods.pixelhacker.gla import gla, recurrent
from retouch.methods.pixelhacker.network import LcgModel

BATCH, HEADS, SECONDS = 2, 8, 3.0  # batch: both categories
LONGEST_LOOP = 4096  # tokens whose gradients the loop over tokens computes; its time grows with their square


@dataclass(frozen=True)
class Case:
    """One measurement: a form of attention over tokens, or the network in a precision over pixels of a latent."""

    form: str
    tokens: int
    width: int
    backward: bool
    device: str

    @property
    def runs(self) -> bool:
        """Whether it takes seconds, not minutes."""
        return not (self.backward and self.form.startswith("loop") and self.tokens > LONGEST_LOOP)


def unbound(q: Tensor, k: Tensor, v: Tensor, gate: Tensor) -> Tensor:
    """The loop over tokens with its arguments taken apart before, which spares the backward pass."""
    state, out = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :]), []
    for q_t, k_t, v_t, keep in zip(*(x.unbind(-2) for x in (q, k, v, gate.exp())), strict=True):
        state = keep[..., None] * state + k_t[..., None] * v_t[..., None, :]  # [B, h, K, V]
        out.append((q_t[..., None] * state).sum(-2))  # [B, h, V]
    return torch.stack(out, -2)


def softmax(q: Tensor, k: Tensor, v: Tensor, gate: Tensor) -> Tensor:
    """What Stable Diffusion has in its place; its keys are as wide as the values."""
    return F.scaled_dot_product_attention(torch.cat([q, gate], -1), torch.cat([k, gate], -1), v)


FORMS: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]] = {
    "loop over tokens": recurrent,
    "loop, taken apart": unbound,
    "chunked": gla,
    "softmax": softmax,
}


def attention(case: Case) -> Callable[[], None]:
    """One run over tokens: forward, or forward and backward."""
    generator = torch.Generator().manual_seed(0)

    def draw(width: int) -> Tensor:
        return torch.randn(BATCH, HEADS, case.tokens, width, generator=generator).to(case.device)

    keys, values = case.width // HEADS // 2, case.width // HEADS
    given = [draw(keys), draw(keys), draw(values), F.logsigmoid(draw(keys)) / 16]
    given = [x.requires_grad_(case.backward) for x in given]
    towards = draw(values)

    def run() -> None:
        with torch.set_grad_enabled(case.backward):
            out = FORMS[case.form](*given)
        if case.backward:
            torch.autograd.grad(out, given, towards)

    return run


def network(case: Case) -> Callable[[], None]:
    """One call of the network, both categories, in the precision `case.form`."""
    config = variant("paper").network
    with torch.device("meta"):
        model = LcgModel(config)
    model.to_empty(device=case.device)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.02, 0.02)
    dtype = getattr(torch, case.form)
    model.to(dtype).eval()
    side = round(case.tokens**0.5)
    x = torch.randn(BATCH, config.in_channels, side, side).to(case.device, dtype)
    ids = torch.tensor([config.ids("foreground"), config.ids("background")], device=case.device)

    def run() -> None:
        with torch.inference_mode():
            model(x, torch.tensor([900], device=case.device), ids)

    return run


def timed(case: Case) -> dict[str, float]:
    """Milliseconds of the fastest run (processor time, or the GPU's) and peak memory in MB."""
    run = attention(case) if case.form in FORMS else network(case)
    before = reset_peak(case.device)
    runs, start = [], time.perf_counter()
    while len(runs) < 2 or (len(runs) < 50 and time.perf_counter() - start < SECONDS):
        runs.append(milliseconds(case.device, run))
    return {"ms": min(runs), "mb": peak(case.device) - (before if case.form in FORMS else 0)}


def child(case: Case) -> dict[str, float]:
    """One measurement in a process of its own, on one thread."""
    return told(within.child(__file__, case))


def rows(tokens: int, width: int, device: str) -> list[list[str]]:
    """A row for each form: milliseconds, times faster than the loop, memory; forward, then with backward."""
    loop: dict[bool, float] = {}
    made = []
    for form in FORMS:
        cells = [form]
        for backward in (False, True):
            case = Case(form, tokens, width, backward, device)
            if not case.runs:
                cells += ["", "", ""]
                continue
            cost = child(case)
            loop.setdefault(backward, cost["ms"])
            faster = f"{loop[backward] / cost['ms']:.2g}" if tokens <= LONGEST_LOOP or not backward else ""
            cells += [f"{cost['ms']:.3g}", faster, f"{cost['mb']:.0f}"]
        print(" | ".join(cells), file=sys.stderr, flush=True)
        made.append(cells)
    return made


def main() -> None:
    if sys.argv[1:2] == ["--task"]:
        print(json.dumps(timed(Case(**json.loads(sys.argv[2])))))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(machine(), "" if options.device == "cpu" else torch.cuda.get_device_name(), f"torch {torch.__version__}")
    head = ["form", "forward", "faster", "peak MB", "forward + backward", "faster", "peak MB"]
    for tokens, width in [(256, 1280), (1024, 640), (4096, 320), (16384, 320)][: 1 if options.quick else None]:
        title = f"{tokens} tokens, {width} channels in {HEADS} heads, batch {BATCH}, float32, milliseconds"
        print(table(title, head, rows(tokens, width, options.device)), flush=True)
    if options.network:
        made = []
        for dtype in ("float32", "bfloat16"):
            for side in (32, 64) if options.device == "cpu" else (64, 128):
                cost = child(Case(dtype, side**2, 320, False, options.device))
                made.append([dtype, f"{8 * side} x {8 * side}", f"{cost['ms']:.0f}", f"{cost['mb']:.0f}"])
        print(table("One call of the network, both categories", ["weights", "photo", "ms", "peak MB"], made))


if __name__ == "__main__":
    from script import run_main

    run_main(main)
