"""What ASUKA's parts are worth at reduced size: prior, alignment, decoders, harmonising; Markdown tables and sheets.

    python benchmarks/asuka_study.py --photos val --objects shapes --weights weights -o study --mae mae.json
        --base base --align falling=align.json --align p=1=align-1.json
        --decoder cond=cond.json --decoder colour=colour.json --decoder full=full.json
        --harmoniser full.json --model patchmatch --model telea

Each part runs where its files are given: the prior (--mae), the alignment (--base, --align), decoders (all of
these and --decoder; latents are those of the first --align), harmonising (--harmoniser, --model). Writes study.md
after each part and a sheet for each. Photos are cut to centre squares, with one fixed hole each, the same in all parts;
noise follows from the photo's place. Differences are photo by photo, ± half of the 95 % interval of their mean.
Needs the extras `diffusion` and `cv`, and the weights of LPIPS (AlexNet).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from asuka_chain import Chain, decoded, read_chain
from asuka_judged import INVENTED, Fills, Found, Pixels, compare, judge_all, save_sheet

import retouch
from retouch.atomic import atomic
from retouch.data import photos_in
from retouch.data.training.fixed import fixed_samples
from retouch.data.training.samples import Drawn
from retouch.features.loaders import load_lpips
from retouch.features.lpips import Lpips

WANTED = 0.30  # share that the prior's squared error is to be below mean colour's
PRIOR = ("mse", "psnr", "lpips")
FILLS = ("mse", "lpips", "rough", "invented")
SEAMS = ("seam", "edge", "psnr", "lpips")
HARD = {"dilate": 0, "feather": 0}  # no ring around the hole: seams as they are


@dataclass(frozen=True, eq=False)
class Study:
    """What all parts share."""

    samples: tuple[Drawn, ...]
    lpips: Lpips
    out: Path

    def judge(self, name: str, fills: Fills, plain: Sequence[Pixels] | None = None) -> Found:
        """Measure fills and save their sheet; `plain`: what `judged` compares roughness with; None: the photos."""
        save_sheet(self.out / f"{name}.png", self.samples, fills)
        return judge_all(self.samples, fills, plain or [sample.photo for sample in self.samples], self.lpips)


def mean_colour(sample: Drawn) -> Pixels:
    """The photo with the mean colour of its known part in the hole."""
    known = np.rint(sample.photo[~sample.hole].mean(0)).astype(np.uint8)  # [3]
    return np.where(sample.hole[..., None], known, sample.photo)


def by_model(model: str, samples: Sequence[Drawn]) -> list[Pixels]:
    """What a model fills, as `retouch fill` without a ring."""
    filler = retouch.load(model)
    return [filler(sample.photo, sample.hole, seed=sample.seed, **HARD) for sample in samples]


def prior(study: Study, mae: str) -> str:
    """The masked autoencoder's guess against mean colour and telea."""
    fills: Fills = {"mean colour": [mean_colour(sample) for sample in study.samples]}
    fills |= {name: by_model(model, study.samples) for name, model in (("telea", "telea"), ("prior", mae))}
    found = study.judge("prior", fills)
    ours, base = (fmean(each.mse for each in found[name]) for name in ("prior", "mean colour"))
    verdict = "reached" if ours <= (1 - WANTED) * base else "not reached"
    said = f"\nThe prior's squared error is {ours / base:.0%} of mean colour's (at most {1 - WANTED:.0%}: {verdict}).\n"
    return compare("Prior: the masked autoencoder alone", found, PRIOR, "mean colour") + "\n" + said


def alignment(study: Study, chain: Chain, mae: Path, alignments: dict[str, Path]) -> str:
    """The denoiser told the aligned prior, against being told nothing."""
    plain = decoded(chain.plain, chain.encoded(study.samples), study.samples)
    tells = {"without": chain.nothing}
    tells |= {name: chain.with_prior(mae, card).describe for name, card in alignments.items()}
    fills = {"photo, encoded": plain}
    fills |= {n: decoded(chain.plain, chain.sampled(study.samples, tell), study.samples) for n, tell in tells.items()}
    title = f"Alignment, {chain.steps} steps; invented: share of fills above {INVENTED:g} times the photo's roughness"
    return compare(title, study.judge("alignment", fills, plain), FILLS, "without")


def decoders(study: Study, chain: Chain, mae: Path, first: Path, cards: dict[str, Path]) -> Iterator[str]:
    """Table 2d: the same latents by several decoders, of photos as they are and of fills."""
    codecs = {"VAE": chain.plain} | {name: chain.conditioned(card) for name, card in cards.items()}
    latents = {
        "photos": chain.encoded(study.samples),
        "fills": chain.sampled(study.samples, chain.with_prior(mae, first).describe),
    }
    for what, given in latents.items():
        fills = {name: decoded(codec, given, study.samples) for name, codec in codecs.items()}
        found = study.judge(f"decoders-{what}", fills)
        means = {name: fmean(each.seam for each in judged) for name, judged in found.items()}
        order = " > ".join(sorted(means, key=lambda name: -means[name]))
        yield compare(f"Decoders, latents of {what}", found, SEAMS, "VAE") + f"\n\nSeam, worst to best: {order}.\n"


def harmonising(study: Study, card: str, models: Sequence[str]) -> Iterator[str]:
    """Fills of other methods, before and after."""
    harmoniser = retouch.load_harmoniser(card)
    for model in models:
        before = by_model(model, study.samples)
        after = [
            retouch.harmonise(sample.photo, filled, sample.hole, model=harmoniser, **HARD)
            for sample, filled in zip(study.samples, before, strict=True)
        ]
        name = Path(model).stem
        found = study.judge(f"harmonised-{name}", {"before": before, "after": after})
        yield compare(f"Harmonising {name}", found, SEAMS, "before")


def named(text: str) -> tuple[str, Path]:
    """NAME=CARD; the name may hold a "=" too."""
    name, equals, card = text.rpartition("=")
    if not (name and equals and card):
        raise argparse.ArgumentTypeError(f"is {text!r}; accepted: NAME=CARD.json")
    return name, Path(card)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, help="folder that was not trained on")
    parser.add_argument("--objects", help="folder of object shapes; default: made-up blobs")
    parser.add_argument("--weights", help="folder of LPIPS's weights; default: RETOUCH_WEIGHTS")
    parser.add_argument("--holes", default="asuka", help="recipes, as for training")
    parser.add_argument("--size", type=int, default=128, help="side of the photos in pixels")
    parser.add_argument("--limit", type=int, help="photos, evenly spread over the folder")
    parser.add_argument("--steps", type=int, default=20, help="of sampling")
    parser.add_argument("--mae", type=Path, help="export of asuka-mae")
    parser.add_argument("--base", help="folder in diffusers' layout: unet, vae, scheduler")
    parser.add_argument("--align", type=named, action="append", default=[], help="NAME=export of asuka-align")
    parser.add_argument("--decoder", type=named, action="append", default=[], help="NAME=export of asuka-decoder")
    parser.add_argument("--harmoniser", help="export of asuka-decoder")
    parser.add_argument("--model", action="append", default=[], help="whose fills are harmonised")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder")
    given = parser.parse_args()
    needed = {"--align": given.align, "--decoder": given.decoder}
    for name, cards in needed.items():
        if cards and not (given.mae and given.base and given.align):
            parser.error(f"{name}: needs --mae, --base and --align")
    if bool(given.harmoniser) != bool(given.model):
        parser.error("--harmoniser: needs --model, and the other way round")
    if not (given.mae or given.harmoniser):
        parser.error("nothing to measure; accepted: --mae, --harmoniser")
    return given


def parts(study: Study, given: argparse.Namespace) -> Iterator[str]:
    """Each part's tables as they are done."""
    if given.mae:
        yield prior(study, str(given.mae))
    if given.align:
        chain, alignments = read_chain(given.base, given.steps), dict(given.align)
        yield alignment(study, chain, given.mae, alignments)
        if given.decoder:
            yield from decoders(study, chain, given.mae, given.align[0][1], dict(given.decoder))
    if given.harmoniser:
        yield from harmonising(study, given.harmoniser, given.model)


def main() -> None:
    given = options()
    found = fixed_samples(
        photos_in(given.photos), size=given.size, holes=given.holes, objects=given.objects, limit=given.limit
    )
    given.out.mkdir(parents=True, exist_ok=True)
    study = Study(found.samples, load_lpips("alex", given.weights), given.out)
    share = fmean(float(sample.hole.mean()) for sample in study.samples)
    side = f"{given.size} x {given.size}"
    text = f"{len(study.samples)} photos of {side}, {given.holes}, {share:.0%} hole on average\n"
    say: Callable[[str], None] = lambda part: print(part, flush=True)  # noqa: E731
    for part in parts(study, given):
        say(part)
        text += part + "\n"
        with atomic(given.out / "study.md", "w", overwrite=True) as file:
            file.write(text)


if __name__ == "__main__":
    from script import run_main

    run_main(main)
