"""Data sets of photos: what lies where, in which order, and which split it is.

from retouch.data import dataset
photos = dataset("celebahq", "celeba", split="mat")
for item in photos.items:
    item.image()
"""

from retouch.data.datasets import Dataset, dataset
from retouch.data.items import Item, Member
from retouch.data.layouts import LAYOUTS, Layout, Split, layout
from retouch.data.misato import Construction, make_misato
from retouch.data.shards import shard_items

__all__ = [
    "LAYOUTS",
    "Construction",
    "Dataset",
    "Item",
    "Layout",
    "Member",
    "Split",
    "dataset",
    "layout",
    "make_misato",
    "shard_items",
]
