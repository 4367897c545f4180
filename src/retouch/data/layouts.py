"""Where each data set is obtained, how its folders look, and which splits of it papers use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retouch.catalogue import nearest


@dataclass(frozen=True)
class Split:
    """Part of a data set.

    Attributes:
        name: such as "mat".
        n: how many photos it has; None: any number.
        lists: names of list files that say which, the first that is there counts.
        folders: searched where there is no list file, the first that is there counts; "." is the root.
        take: of what is found there: all, which must then be n, or the first or last n.
        partition: of CelebA, from which the split follows where its two text files are there; None: it does not.
    """

    name: str
    n: int | None
    lists: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    take: Literal["all", "first", "last"] = "all"
    partition: int | None = None


@dataclass(frozen=True)
class Layout:
    """A data set.

    Attributes:
        name: kebab-case.
        splits: the first is the default.
        images: folders that list files are relative to, the first that is there counts.
        origin: where it is obtained.
        expected: how its folders look, for people.
        masks: how masks are found: beside the photos by name, in MISATO's ways, or not at all.
    """

    name: str
    splits: tuple[Split, ...]
    images: tuple[str, ...]
    origin: str
    expected: str
    masks: Literal["none", "paired", "misato"] = "none"

    def split(self, name: str | None) -> Split:
        """The split of that name, the default one for None; ValueError that lists the names for another."""
        for each in self.splits:
            if name in (None, each.name):
                return each
        known = ", ".join(each.name for each in self.splits)
        raise ValueError(f"split: data set {self.name!r} has none called {name!r}; known: {known}")


PLACES = "places2.csail.mit.edu, Places365-Standard"
VAL = ("val_large", "val_256", "val", ".")
HIGH = ("val_highres", "val_hires", "val_large", "val", ".")
TEST = ("test_large", "test_256", "test", ".")
CELEBA = "the CelebAMask-HQ or CelebA-HQ download"
FACES = ("CelebA-HQ-img", "images", "celeba-hq", ".")

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "places365-val",
        (
            Split("all", 36500, folders=VAL),
            Split("first-10k", 10000, folders=VAL, take="first"),
            Split("30k", 30000, ("val_30k.txt",), VAL, "first"),
        ),
        VAL,
        f"{PLACES}: validation images (val_large.tar or val_256.tar)",
        "val_large/Places365_val_00000001.jpg to Places365_val_00036500.jpg",
    ),
    Layout(
        "places365-val-high",
        (Split("all", 36500, folders=HIGH),),
        HIGH,
        "places2.csail.mit.edu, high-resolution validation images",
        "val_highres/Places365_val_00000001.jpg to Places365_val_00036500.jpg",
    ),
    Layout(
        "places365-test",
        (Split("10k", 10000, ("test_10k.txt",), TEST, "first"), Split("all", 328500, folders=TEST)),
        TEST,
        f"{PLACES}: test images (test_large.tar or test_256.tar)",
        "test_large/Places365_test_00000001.jpg to Places365_test_00328500.jpg; test_10k.txt: a sample, a name a line",
    ),
    Layout(
        "celebahq",
        (
            Split("mat", 2993, ("val_2993.txt", "mat_val.txt"), ("val",), partition=1),
            Split("mat-train", 24183, ("train_24183.txt", "mat_train.txt"), ("train",), partition=0),
            Split("2dgs", 2000, ("val_2000.txt", "val_shuffled.flist"), ("val_2000", "val_256", "val_source_256")),
            Split("2dgs-train", 28000, ("train_28000.txt",), ("train_28000",)),
            Split("all", 30000, folders=FACES),
        ),
        FACES,
        CELEBA,
        "CelebA-HQ-img/0.jpg to 29999.jpg with CelebA-HQ-to-CelebA-mapping.txt and CelebA's list_eval_partition.txt, "
        "or lists val_2993.txt, train_24183.txt, val_2000.txt, train_28000.txt (a name a line), or folders val, train",
    ),
    Layout(
        "ffhq",
        (
            Split("val-10k", 10000, ("val_10k.txt",), ("images1024x1024", "images", "thumbnails128x128", "."), "last"),
            Split("train-60k", 60000, ("train_60k.txt",), ("images1024x1024", "images", "."), "first"),
            Split("all", 70000, folders=("images1024x1024", "images", ".")),
        ),
        ("images1024x1024", "images", "."),
        "github.com/NVlabs/ffhq-dataset",
        "images1024x1024/00000.png to 69999.png, also in folders of a thousand; val_10k.txt names other ones",
    ),
    Layout(
        "imagenet-100",
        (Split("val", 5000, ("val.txt",), ("val",)), Split("train", None, ("train.txt",), ("train",))),
        ("val", "train", "."),
        "image-net.org, 100 classes of ILSVRC 2012",
        "val/n01440764/*.JPEG, 50 of each class, and train/n01440764/*.JPEG",
    ),
    *(
        Layout(
            f"misato-{side}",
            (Split("all", n, folders=(f"{side}/image", "image")),),
            (f"{side}/image", "image"),
            "the data set yikaiwang/MISATO on Hugging Face, after its terms are accepted",
            f"{side}/image/*.png and {side}/mask/*.png, a mask being named as its photo, with 00 before it, or with "
            "the suffix .png",
            "misato",
        )
        for side, n in ((512, 2000), (1024, 1500))
    ),
    Layout(
        "folder",
        (Split("all", None, folders=("image", "photos", ".")),),
        ("image", "photos", "."),
        "anywhere: your own photos",
        "photos in the folder and below it, and masks in mask/ or beside them as dog.mask.png",
        "paired",
    ),
)


def layout(name: str) -> Layout:
    """The data set called `name`; ValueError that suggests the nearest name for another one."""
    for each in LAYOUTS:
        if each.name == name:
            return each
    known = [each.name for each in LAYOUTS]
    raise ValueError(f"dataset {name!r} is unknown{nearest(str(name), known)}; known: {', '.join(known)}")
