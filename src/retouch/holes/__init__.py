"""Holes for training and for benchmarks: the papers' mask generators under names.

from retouch.holes import draw, item_rng
hole = draw("mat-512-large", (512, 512), item_rng(seed=0, k=7))  # [H, W] bool, True = hole
"""

from retouch.holes.annotations import Segment, foreground
from retouch.holes.blobs import SyntheticBlobs
from retouch.holes.coco import read_coco
from retouch.holes.files import Written, write_holes
from retouch.holes.lama import lama_test_crop
from retouch.holes.objects import AnnotatedObjects, FolderObjects, Objects, objects_from, place
from retouch.holes.panoptic import read_panoptic
from retouch.holes.patches import enlarge, touched
from retouch.holes.pixelhacker import background
from retouch.holes.polygon import polygon_hole
from retouch.holes.recipes import RECIPES, Recipe, draw, item_rng, recipe
from retouch.holes.reject import share
from retouch.holes.rle import compress, decode_rle, decompress, encode_rle
from retouch.holes.sheet import sheet

__all__ = [
    "RECIPES",
    "AnnotatedObjects",
    "FolderObjects",
    "Objects",
    "Recipe",
    "Segment",
    "SyntheticBlobs",
    "Written",
    "background",
    "compress",
    "decode_rle",
    "decompress",
    "draw",
    "encode_rle",
    "enlarge",
    "foreground",
    "item_rng",
    "lama_test_crop",
    "objects_from",
    "place",
    "polygon_hole",
    "read_coco",
    "read_panoptic",
    "recipe",
    "share",
    "sheet",
    "touched",
    "write_holes",
]
