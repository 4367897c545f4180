"""PixelHacker's training data: pairs of a photo and a mask that is foreground or background.

Made from annotations or from bare photos, kept as lines of JSON in shards, and read as training samples:

from retouch.data.lcg import ColourAndPlace, Limits, PairSet, PairSettings, Regions, make_pairs, read_pairs, source_of
source = source_of("photos", annotations="panoptic.json", segmenter=Regions(), scorer=ColourAndPlace(), limits=Limits())
make_pairs(source, "pairs", photos="photos", limits=Limits())
sample = PairSet(read_pairs("pairs"), PairSettings(size=256), seed=0)[0]
sample.drawn.photo, sample.drawn.hole, sample.label  # [256, 256, 3] uint8, [256, 256] bool, 0 = background

Batches of tensors: `retouch.data.lcg.loader`; SAM and CLIP: `retouch.data.lcg.sam`, `.clip`. Those need torch.
"""

from retouch.data.lcg.labelling import Labelled, Limits, Problem, Scorer, Segmenter, Source
from retouch.data.lcg.make import Made, make_pairs
from retouch.data.lcg.page import write_page
from retouch.data.lcg.pair import Pair, new_pair
from retouch.data.lcg.pairs import Pairs, joined, read_pairs
from retouch.data.lcg.samples import PairSample, PairSet, PairSettings, draw_pair
from retouch.data.lcg.sources import source_of
from retouch.data.lcg.stand_in import ColourAndPlace, Regions
from retouch.data.lcg.statistics import Row, statistics

__all__ = [
    "ColourAndPlace",
    "Labelled",
    "Limits",
    "Made",
    "Pair",
    "PairSample",
    "PairSet",
    "PairSettings",
    "Pairs",
    "Problem",
    "Regions",
    "Row",
    "Scorer",
    "Segmenter",
    "Source",
    "draw_pair",
    "joined",
    "make_pairs",
    "new_pair",
    "read_pairs",
    "source_of",
    "statistics",
    "write_page",
]
