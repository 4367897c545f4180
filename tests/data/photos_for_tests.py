"""Folders of small photos to train on, and settings for them."""

from retouch.data import SampleSettings, TrainingSet, photos_in
from tests.data.layouts_for_tests import picture, save

SMALL = SampleSettings(size=32, holes="box")


def folder_of(root, n=5, size=(60, 48), suffix="png"):
    """A folder with photo0, photo1, ... of `size` (width, height)."""
    for k in range(n):
        save(picture(k, size), root / f"photo{k}.{suffix}")
    return root


def stream(root, settings=SMALL, seed=0, list_file=None):
    return TrainingSet(photos_in(root, list_file), settings, seed)


def same(a, b):
    """Two samples are equal bit for bit."""
    return (a.name, a.seed) == (b.name, b.seed) and (a.photo == b.photo).all() and (a.hole == b.hole).all()
