"""Time and memory of PSM's network per iteration, form by form, and of a whole fill, as Markdown tables.

    python benchmarks/psm.py                      the processor, one thread; and the GPU where there is one
    python benchmarks/psm.py --device cuda        the GPU alone
    python benchmarks/psm.py --variants small     one variant; --sides 256 512 of these sizes only
    python benchmarks/psm.py --quick              `small` at 64 pixels, to see that it runs

Fresh weights, batch 1, each case in a process of its own. On the processor: seconds of processor time, other work does
not count. On the GPU: milliseconds between events; the fill is four iterations and the picking of pixels between them.
onnxruntime needs the extra `export`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import within
from measure import machine, table
from within import peak, reset_peak, told

from retouch.methods.psm import spread_torch
from retouch.methods.psm.config import SMALLEST, VARIANTS, variant
from retouch.methods.psm.method import Psm, PsmOptions
from retouch.methods.psm.network import Generator, Prediction
from retouch.methods.psm.runner import OnnxRunner, TorchRunner, export_onnx
from retouch.methods.psm.spread import SpreadSettings

ITERATIONS = 4  # of a whole fill
SECONDS = 3.0  # of repetitions at least; one where it takes longer
WORKS = ("iteration", "fill on the device", "fill, as `retouch fill`")


@dataclass(frozen=True)
class Form:
    """How the network is run; fp32, contiguous and eager but for what is said."""

    bf16: bool = False
    channels_last: bool = False
    compiled: bool = False
    onnx: bool = False


CPU = {
    "eager": Form(),
    "channels last": Form(channels_last=True),
    "bf16": Form(bf16=True),
    "bf16, channels last": Form(bf16=True, channels_last=True),
    "compiled": Form(compiled=True),
    "onnxruntime": Form(onnx=True),
}
CUDA = {
    "fp32": Form(),
    "fp32, channels last": Form(channels_last=True),
    "fp32, compiled": Form(compiled=True),
    "bf16": Form(bf16=True),
    "bf16, channels last": Form(bf16=True, channels_last=True),
    "bf16, channels last, compiled": Form(bf16=True, channels_last=True, compiled=True),
}
FORMS = {"cpu": CPU, "cuda": CUDA}


@dataclass(frozen=True)
class Case:
    """One measurement; `onnx` is the network's file where its form needs one."""

    variant: str
    form: str
    side: int
    device: str
    work: str = "iteration"
    onnx: str = ""


def loaded(case: Case) -> Generator | OnnxRunner:
    """The network with fresh weights, in its form."""
    config, form = variant(case.variant).network, FORMS[case.device][case.form]
    if form.onnx:
        return OnnxRunner(case.onnx, config)
    torch.manual_seed(0)
    made = Generator(config).eval().requires_grad_(False).to(case.device)
    if form.channels_last:
        made.to(memory_format=torch.channels_last)
    if form.compiled:
        made.compile()
    return made


def precision(case: Case) -> Any:
    """The context in which the network runs."""
    bf16 = FORMS[case.device][case.form].bf16
    return torch.autocast(case.device, torch.bfloat16) if bf16 else nullcontext()


def prepared(case: Case, made: Generator | OnnxRunner) -> Callable[[], object]:
    """What is timed."""
    given = arrays(case)
    if isinstance(made, OnnxRunner):
        return lambda: made(*given)
    if case.work == WORKS[1]:
        return on_device(case, made)
    if case.work == WORKS[2]:
        return as_fill(case, made)
    x, m0, m, u, latents = (torch.from_numpy(given[k]).to(case.device) for k in (0, 1, 2, 3, 5))
    if FORMS[case.device][case.form].channels_last:
        x = x.contiguous(memory_format=torch.channels_last)  # [1, 3, S, S]
    return lambda: made(x, m0, m, u, given[4], latents, given[6])


def arrays(case: Case) -> tuple[Any, ...]:
    """x, m0, m, u, tau, latents, truncation as in the first iteration; a third of the photo is hole."""
    rng = np.random.default_rng(0)
    shape = (1, 1, case.side, case.side)
    m = np.ones(shape, np.float32)
    m[..., : case.side // 3] = 0
    x = rng.uniform(-1, 1, (1, 3, *shape[2:])).astype(np.float32) * m
    latents = rng.standard_normal((1, variant(case.variant).network.latent), np.float32)
    return x, m, m, 1 - m, 0.0, latents, 1.0


def on_device(case: Case, made: Generator) -> Callable[[], object]:
    """The spread on tensors: nothing leaves the device."""
    x, m0, *_, latents, _ = arrays(case)
    image, known, z = (torch.from_numpy(a).to(case.device) for a in (x, m0, latents))

    def predict(*given: Any) -> Prediction:
        prediction: Prediction = made(*given, z)
        return prediction

    def noise(_: int) -> torch.Tensor:
        return torch.randn_like(image)  # [1, 3, S, S]

    return lambda: list(spread_torch.spread(predict, image, known.bool(), noise, SpreadSettings(ITERATIONS)))


def as_fill(case: Case, made: Generator) -> Callable[[], object]:
    """The method from array to array, its spread in NumPy."""
    x, m0, *_ = arrays(case)
    photo = (x.transpose(0, 2, 3, 1) + 1) / 2  # [1, S, S, 3]
    method = Psm(TorchRunner(made, case.device))
    return lambda: method(photo, m0[:, 0] == 0, PsmOptions(iterations=ITERATIONS), seeds=[0])


def timed(case: Case) -> dict[str, float]:
    """Milliseconds of the fastest run (processor time, or the GPU's) and peak memory above the network's in MB."""
    with torch.inference_mode(), precision(case):
        made = loaded(case)
        work = prepared(case, made)
        # What is loaded, compiled or tuned at first is no part of the cost; that depends on the size but in eager form.
        small = case.device == "cpu" and not FORMS["cpu"][case.form].compiled
        warm = prepared(replace(case, side=SMALLEST), made) if small else work
        for _ in range(1 if case.device == "cpu" else 3):
            warm()
        before = reset_peak(case.device)
        runs: list[float] = []
        start = time.perf_counter()
        while len(runs) < 50 and (not runs or time.perf_counter() - start < SECONDS):
            runs.append(milliseconds(case, work))
        return {"ms": min(runs), "mb": peak(case.device) - before}


def milliseconds(case: Case, work: Callable[[], object]) -> float:
    if case.device == "cpu":
        began = time.process_time()
        work()
        return (time.process_time() - began) * 1000
    torch.cuda.synchronize()
    began = time.perf_counter()  # with what the processor does meanwhile: a fill waits for both
    work()
    torch.cuda.synchronize()
    return (time.perf_counter() - began) * 1000


def child(case: Case) -> dict[str, float] | str:
    """One measurement in a process of its own, on one thread; the last line of its complaint where it fails."""
    try:
        return told(within.child(__file__, case))
    except RuntimeError as error:
        return str(error).splitlines()[-1][:80].replace("|", "/")


def rows(name: str, sides: list[int], device: str, work: str, file: str) -> list[list[str]]:
    """A row for each form, three cells for each size; ratios are to the first form."""
    found: list[list[str]] = []
    first: dict[int, float] = {}
    for number, form in enumerate(FORMS[device]):
        cells = [form]
        for side in sides:
            cost = child(Case(name, form, side, device, work, file))
            if isinstance(cost, str):
                cells += [cost, "", ""]
                continue
            if number == 0:
                first[side] = cost["ms"]
            ratio = f"{first[side] / cost['ms']:.2f}" if side in first else ""
            cells += [f"{cost['ms']:.4g}", ratio, f"{cost['mb']:.0f}"]
        print(" | ".join(cells), file=sys.stderr, flush=True)
        found.append(cells)
    return found


def tables(name: str, sides: list[int], device: str, folder: Path) -> None:
    """Print one variant's tables on one device."""
    file = folder / f"{name}.onnx"
    if device == "cpu":
        torch.manual_seed(0)
        export_onnx(Generator(variant(name).network), file)
    head = ["form", *(cell for side in sides for cell in (f"{side}², ms", "times as fast", "MB"))]
    works = WORKS[:1] if device == "cpu" else WORKS
    for work in works:
        title = f"{name}, {'processor time, one thread' if device == 'cpu' else 'GPU'}: {work}"
        print(table(title, head, rows(name, sides, device, work, str(file))), flush=True)


def main() -> None:
    if sys.argv[1:2] == ["--task"]:
        print(json.dumps(timed(Case(**json.loads(sys.argv[2])))))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["both", "cpu", "cuda"], default="both")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=["small", "paper-512"])
    parser.add_argument("--sides", nargs="+", type=int, default=[256, 512, 1024])
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    names, sides = (["small"], [SMALLEST]) if given.quick else (given.variants, given.sides)
    print(f"{machine()}, torch {torch.__version__}")
    if torch.cuda.is_available():
        print(torch.cuda.get_device_name())
    elif given.device != "cpu":
        print("No CUDA GPU here: its rows are left out.")
    devices = [each for each in ("cpu", "cuda") if given.device in ("both", each)]
    with tempfile.TemporaryDirectory() as folder:
        for device in devices if torch.cuda.is_available() else [each for each in devices if each == "cpu"]:
            for name in names:
                tables(name, sides, device, Path(folder))


if __name__ == "__main__":
    from script import run_main

    run_main(main)
