"""Photos, masks, annotation files and folders of pairs to test with."""

import json

import numpy as np
from PIL import Image

from retouch.data.categories import category
from retouch.data.lcg.labelling import Labelled, Limits
from retouch.data.lcg.make import make_pairs
from retouch.data.lcg.pair import new_pair
from tests.data.layouts_for_tests import picture, save

COCO_NAMES = ({"id": 18, "name": "dog"}, {"id": 187, "name": "sky-other-merged"}, {"id": 1, "name": "person"})


def box_mask(size, x0, y0, x1, y1):
    """[H, W] bool, True in the box."""
    mask = np.zeros(size, bool)
    mask[y0:y1, x0:x1] = True
    return mask


def photo(path, size=(80, 60), k=0):
    """A photo of `size` (width, height) on disk."""
    save(picture(k, size), path)


def numbers_png(path, numbers):
    """[H, W] segment numbers as a panoptic PNG."""
    rgb = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], -1).astype(np.uint8)
    save(Image.fromarray(rgb), path)


def panoptic(root, images, categories=COCO_NAMES):
    """A panoptic file of `images`: name -> (numbers [H, W], rows of segments_info), and its PNGs."""
    annotations = []
    for k, (name, (numbers, rows)) in enumerate(images.items()):
        numbers_png(root / "panoptic" / f"{name}.png", numbers)
        annotations.append({"image_id": k, "file_name": f"{name}.png", "segments_info": rows})
    content = {"annotations": annotations, "categories": list(categories)}
    (root / "panoptic.json").write_text(json.dumps(content))
    return root / "panoptic.json"


def instances(root, images, annotations, categories=COCO_NAMES):
    """An instance file: `images` are (id, file_name, width, height)."""
    listed = [{"id": k, "file_name": name, "width": w, "height": h} for k, name, w, h in images]
    content = {"images": listed, "annotations": annotations}
    if categories is not None:
        content["categories"] = list(categories)
    (root / "instances.json").write_text(json.dumps(content))
    return root / "instances.json"


class Given:
    """A source with these masks: photo k of `names` has (category, mask) pairs."""

    name = "given"

    def __init__(self, masks):
        self.images = tuple(masks)
        self.masks = list(masks.values())
        self.asked = []

    def label(self, k):
        self.asked.append(k)
        made = [new_pair(self.images[k], mask, category(name), self.name) for name, mask in self.masks[k]]
        return Labelled(tuple(made))


def folder_of_pairs(root, n=4, size=(96, 64)):
    """n photos of `size` (width, height), each with a dog and a sky, and their pairs; returns the folder of pairs."""
    shape = size[::-1]
    masks = {}
    for k in range(n):
        photo(root / "photos" / f"photo{k}.png", size, k)
        masks[f"photo{k}.png"] = [
            ("dog", box_mask(shape, 10 + k, 20, 50, 50)),
            ("sky-other-merged", box_mask(shape, 0, 0, size[0], 16 + k)),
        ]
    make_pairs(Given(masks), root / "pairs", photos=root / "photos", limits=Limits(), per_shard=3)
    return root / "pairs"
