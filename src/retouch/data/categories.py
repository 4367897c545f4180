"""PixelHacker's 116 foreground and 21 background categories.

Together they are COCO's 133 panoptic classes and four more, so COCO and COCONut annotations need no labeller. A network
is told "foreground" or "background" only; the categories decide which of the two a mask is.
Source: the list in the paper's supplement; ids and names of COCO's panoptic categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from retouch.catalogue import nearest

Role: TypeAlias = Literal["background", "foreground"]
ROLES: tuple[Role, ...] = ("background", "foreground")  # a role's place is its label in training


@dataclass(frozen=True)
class Category:
    """One kind of object or region.

    Attributes:
        name: COCO's, such as "tree-merged".
        role: which of the two a mask of it is.
        id: COCO's panoptic category id; None: not one of COCO's.
        thing: countable; an image has one region of what is not, however many parts it has.
        words: what people call it, for prompts.
    """

    name: str
    role: Role
    id: int | None
    thing: bool
    words: str


def _things(*rows: tuple[int | None, str]) -> tuple[Category, ...]:
    return tuple(Category(name, "foreground", number, True, name) for number, name in rows)


def _stuff(role: Role, *rows: tuple[int | None, str, str]) -> tuple[Category, ...]:
    return tuple(Category(name, role, number, False, words) for number, name, words in rows)


CATEGORIES: tuple[Category, ...] = (
    *_things(
        *((1, "person"), (2, "bicycle"), (3, "car"), (4, "motorcycle"), (5, "airplane"), (6, "bus"), (7, "train")),
        *((8, "truck"), (9, "boat"), (10, "traffic light"), (11, "fire hydrant"), (13, "stop sign")),
        *((14, "parking meter"), (15, "bench"), (16, "bird"), (17, "cat"), (18, "dog"), (19, "horse"), (20, "sheep")),
        *((21, "cow"), (22, "elephant"), (23, "bear"), (24, "zebra"), (25, "giraffe"), (27, "backpack")),
        *((28, "umbrella"), (31, "handbag"), (32, "tie"), (33, "suitcase"), (34, "frisbee"), (35, "skis")),
        *((36, "snowboard"), (37, "sports ball"), (38, "kite"), (39, "baseball bat"), (40, "baseball glove")),
        *((41, "skateboard"), (42, "surfboard"), (43, "tennis racket"), (44, "bottle"), (46, "wine glass")),
        *((47, "cup"), (48, "fork"), (49, "knife"), (50, "spoon"), (51, "bowl"), (52, "banana"), (53, "apple")),
        *((54, "sandwich"), (55, "orange"), (56, "broccoli"), (57, "carrot"), (58, "hot dog"), (59, "pizza")),
        *((60, "donut"), (61, "cake"), (62, "chair"), (63, "couch"), (64, "potted plant"), (65, "bed")),
        *((67, "dining table"), (70, "toilet"), (72, "tv"), (73, "laptop"), (74, "mouse"), (75, "remote")),
        *((76, "keyboard"), (77, "cell phone"), (78, "microwave"), (79, "oven"), (80, "toaster"), (81, "sink")),
        *((82, "refrigerator"), (84, "book"), (85, "clock"), (86, "vase"), (87, "scissors"), (88, "teddy bear")),
        *((89, "hair drier"), (90, "toothbrush"), (None, "trash can"), (None, "clothes"), (None, "shadow")),
    ),
    *_stuff(
        "foreground",
        *((92, "banner", "banner"), (93, "blanket", "blanket"), (95, "bridge", "bridge")),
        *((100, "cardboard", "cardboard"), (107, "counter", "counter"), (109, "curtain", "curtain")),
        *((112, "door-stuff", "door"), (119, "flower", "flower"), (122, "fruit", "fruit"), (125, "gravel", "gravel")),
        *((128, "house", "house"), (130, "light", "light"), (133, "mirror-stuff", "mirror"), (138, "net", "net")),
        *((141, "pillow", "pillow"), (147, "railroad", "railroad"), (151, "roof", "roof"), (156, "shelf", "shelf")),
        *((161, "stairs", "staircase"), (166, "tent", "tent"), (168, "towel", "towel")),
        *((180, "window-blind", "window blind"), (181, "window-other", "window"), (184, "tree-merged", "tree")),
        *((185, "fence-merged", "fence"), (188, "cabinet-merged", "cabinet"), (192, "mountain-merged", "mountain")),
        *((194, "dirt-merged", "dirt"), (195, "paper-merged", "sheet of paper"), (196, "food-other-merged", "food")),
        *((197, "building-other-merged", "building"), (198, "rock-merged", "rock"), (200, "rug-merged", "rug")),
    ),
    *_stuff(
        "background",
        *((None, "background", "background"), (118, "floor-wood", "wooden floor"), (144, "platform", "platform")),
        *(
            (145, "playingfield", "playing field"),
            (148, "river", "river"),
            (149, "road", "road"),
            (154, "sand", "sand"),
        ),
        *((155, "sea", "sea"), (159, "snow", "snow"), (171, "wall-brick", "brick wall")),
        *((175, "wall-stone", "stone wall"), (176, "wall-tile", "tiled wall"), (177, "wall-wood", "wooden wall")),
        *((178, "water-other", "water"), (186, "ceiling-merged", "ceiling"), (187, "sky-other-merged", "sky")),
        *((189, "table-merged", "table"), (190, "floor-other-merged", "floor"), (191, "pavement-merged", "pavement")),
        *((193, "grass-merged", "grass"), (199, "wall-other-merged", "wall")),
    ),
)

_BY_NAME = {each.name: each for each in CATEGORIES}
_BY_NAME["playing-field"] = _BY_NAME["playingfield"]  # the paper's spelling
_BY_ID = {each.id: each for each in CATEGORIES if each.id is not None}


def find(name: str) -> Category | None:
    """The category of that name, in whatever case; None: there is none."""
    return _BY_NAME.get(name.strip().lower())


def category(name: str) -> Category:
    """The category of that name; ValueError that suggests the nearest for another one."""
    found = find(name)
    if found is None:
        raise ValueError(f"category {name!r} is unknown{nearest(name, list(_BY_NAME)) or '; accepted: one of the 137'}")
    return found


def by_id(number: int) -> Category | None:
    """The category with COCO's panoptic id; None: there is none."""
    return _BY_ID.get(number)
