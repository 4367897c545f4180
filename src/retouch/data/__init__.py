"""Data sets of photos: what lies where, in which order, and which split it is.

from retouch.data import dataset
photos = dataset("celebahq", "celeba", split="mat")
for item in photos.items:
    item.image()

And training data: see `retouch.data.training`.
"""

from retouch.data.datasets import Dataset, dataset
from retouch.data.items import Item, Member
from retouch.data.layouts import LAYOUTS, Layout, Split, layout
from retouch.data.misato import Construction, make_misato
from retouch.data.shards import shard_items
from retouch.data.training.curriculum import Curriculum, ratio_range
from retouch.data.training.fixed import Fixed, fixed_samples
from retouch.data.training.pack import Packed, pack, packed_bytes
from retouch.data.training.photos import Photos, photos_in
from retouch.data.training.samples import Drawn, TrainingSet
from retouch.data.training.settings import SampleSettings
from retouch.data.training.unusable import Unusable, told

__all__ = [
    "LAYOUTS",
    "Construction",
    "Curriculum",
    "Dataset",
    "Drawn",
    "Fixed",
    "Item",
    "Layout",
    "Member",
    "Packed",
    "Photos",
    "SampleSettings",
    "Split",
    "TrainingSet",
    "Unusable",
    "dataset",
    "fixed_samples",
    "layout",
    "make_misato",
    "pack",
    "packed_bytes",
    "photos_in",
    "ratio_range",
    "shard_items",
    "told",
]
