"""Cost of what ASUKA adds to a latent diffusion model, as Markdown tables: prior and alignment, decoder, tiles.

python benchmarks/asuka.py                 sizes of Stable Diffusion 1.5 with made-up weights: 5 GB of memory, minutes
python benchmarks/asuka.py --device cuda   the same on a GPU
python benchmarks/asuka.py --tiles         and the memory of decoding 2048 x 2048, whole and in tiles: 10 GB and more
python benchmarks/asuka.py --quick         toy sizes, to see that it runs
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import within
from diffusers import UNet2DConditionModel
from measure import machine, table
from within import milliseconds, peak, reset_peak, told

from retouch.methods.asuka.align import Alignment
from retouch.methods.asuka.config import ALIGNMENTS, MAE_VARIANTS, Align, Mae
from retouch.methods.asuka.decoder_config import DECODER_VARIANTS, SMALL, Autoencoder
from retouch.methods.asuka.decoder_load import autoencoder
from retouch.methods.asuka.mae import MaskedAutoencoder
from retouch.methods.asuka.prior import make_prior

SECONDS = 5.0
UNET: dict[str, Any] = {"in_channels": 9, "out_channels": 4, "cross_attention_dim": 768, "attention_head_dim": 8}
TOY = {"block_out_channels": (32, 64, 64, 64), "cross_attention_dim": 96}


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes:
        part: of `PARTS`.
        side: of the square photo, in pixels.
        toy: small networks.
        dtype: of their weights, by torch's name.
        device: "cpu" or "cuda".
    """

    part: str
    side: int
    toy: bool
    dtype: str
    device: str


def made(make: Callable[[], Any], case: Case) -> Any:
    """A network with made-up weights, drawn once only: the large ones' own first weights take long."""
    with torch.device("meta"):
        network = make()
    network.to_empty(device=case.device)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            tensor.uniform_(-0.02, 0.02)
    return network.to(getattr(torch, case.dtype)).eval()


def photo(case: Case) -> tuple[torch.Tensor, torch.Tensor]:
    """A photo [1, 3, H, W] in [0, 1], and a hole of a quarter of it."""
    image = torch.rand(1, 3, case.side, case.side, generator=torch.Generator().manual_seed(0)).to(case.device)
    hole = torch.zeros_like(image[:, :1])  # [1, 1, H, W]
    quarter = case.side // 4
    hole[..., quarter:-quarter, quarter:-quarter] = 1
    return image, hole


def prior(case: Case) -> Callable[[], object]:
    """Preprocessing, the autoencoder's prior and the alignment to tokens, once for a fill."""
    mae: Mae = MAE_VARIANTS["small" if case.toy else "paper"].network
    align = Align(prior=mae.decoder_width, width=96, blocks=4, head=32) if case.toy else ALIGNMENTS["sd15"]
    parts = made(lambda: MaskedAutoencoder(mae), case), made(lambda: Alignment(align), case)
    network, given = make_prior(*parts), photo(case)
    return lambda: network(*given)


def unet(case: Case) -> Callable[[], object]:
    """One step of the denoiser, told 256 tokens."""
    network = made(lambda: UNet2DConditionModel(**UNET | (TOY if case.toy else {})), case)
    dtype, side = getattr(torch, case.dtype), case.side // 8
    x = torch.randn(1, 9, side, side).to(case.device, dtype)
    tokens = torch.randn(1, 256, network.config.cross_attention_dim).to(case.device, dtype)
    t = torch.tensor([500], device=case.device)
    return lambda: network(x, t, encoder_hidden_states=tokens)


def decoder(case: Case, known: bool = True, tiled: bool = False) -> Callable[[], object]:
    """From a latent to a photo, beside the known pixels or without: then it is the plain decoder."""
    config: Autoencoder = SMALL if case.toy else DECODER_VARIANTS["paper"].network
    network = made(lambda: autoencoder(config), case)
    if tiled:
        network.enable_tiling()
    latent = torch.randn(1, config.latent, case.side // 8, case.side // 8).to(case.device, network.dtype)
    image, mask = photo(case)
    given = {"image": 2 * image - 1, "mask": mask} if known else {}
    return lambda: network.decode(latent, **given)


PARTS: dict[str, Callable[[Case], Callable[[], object]]] = {
    "prior + alignment": prior,
    "one step of the U-Net": unet,
    "plain decoder": lambda case: decoder(case, known=False),
    "conditioned decoder": decoder,
    "plain decoder, tiled": lambda case: decoder(case, known=False, tiled=True),
    "conditioned decoder, tiled": lambda case: decoder(case, tiled=True),
}


def timed(case: Case) -> dict[str, float]:
    """Milliseconds of the fastest run (processor time, or the GPU's) and peak memory, weights included, in MB."""
    with torch.inference_mode():
        run = PARTS[case.part](case)
        reset_peak(case.device)
        runs, start = [], time.perf_counter()
        while not runs or (len(runs) < 50 and time.perf_counter() - start < SECONDS):
            runs.append(milliseconds(case.device, run))
    return {"ms": min(runs), "mb": peak(case.device)}


def rows(parts: list[str], sides: list[int], options: argparse.Namespace) -> list[list[str]]:
    """A row for each part and size; times are compared with the first row's that is not called prior."""
    found = []
    for side in sides:
        costs = {}
        for part in parts:
            case = Case(part, side, options.quick, options.dtype, options.device)
            costs[part] = told(within.child(__file__, case))
            print(part, side, costs[part], file=sys.stderr, flush=True)
        base = next(costs[part]["ms"] for part in parts if not part.startswith("prior"))
        for part, cost in costs.items():
            found.append([part, str(side), f"{cost['ms']:.4g}", f"{cost['ms'] / base:.2f}", f"{cost['mb']:.0f}"])
    return found


def main() -> None:
    if sys.argv[1:2] == ["--task"]:
        print(json.dumps(timed(Case(**json.loads(sys.argv[2])))))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--tiles", action="store_true")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    print(machine(), "" if options.device == "cpu" else torch.cuda.get_device_name(), f"torch {torch.__version__}")
    names = list(PARTS)
    head = ["part", "side", "ms", "relative", "peak MB"]
    sides, large = ([64], 768) if options.quick else ([256, 512], 2048)
    for title, parts, at in (
        ("Prior and alignment, once for a fill", names[:2], [sides[-1]]),
        ("Decoders", names[2:4], sides),
        ("Tiles", names[2:], [large] if options.tiles or options.quick else []),
    ):
        if at:
            print(table(f"{title} ({options.dtype})", head, rows(parts, at, options)), flush=True)


if __name__ == "__main__":
    from script import run_main

    run_main(main)
