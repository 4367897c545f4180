"""Objects365's names for what the 137 categories call otherwise; its other names are told apart by a scorer."""

from __future__ import annotations

from retouch.data.categories import Category, category

_COUNTERPARTS = {
    **dict.fromkeys(("suv", "van", "sports car", "formula 1", "ambulance"), "car"),
    **dict.fromkeys(("pickup truck", "heavy truck", "fire truck", "machinery vehicle"), "truck"),
    **dict.fromkeys(("sailboat", "ship"), "boat"),
    **dict.fromkeys(("wild bird", "pigeon", "duck", "goose", "swan", "parrot", "penguin", "chicken"), "bird"),
    **dict.fromkeys(("stool", "wheelchair"), "chair"),
    **dict.fromkeys(("desk", "coffee table", "side table"), "dining table"),
    **dict.fromkeys(("soccer", "basketball", "baseball", "volleyball", "tennis", "american football"), "sports ball"),
    **dict.fromkeys(("golf ball", "other balls"), "sports ball"),
    **dict.fromkeys(("gloves", "hat", "belt", "boots", "sneakers", "leather shoes", "other shoes"), "clothes"),
    **dict.fromkeys(("sandals", "slippers", "high heels"), "clothes"),
    **dict.fromkeys(("lamp", "street lights", "lantern", "candle"), "light"),
    **dict.fromkeys(("strawberry", "grape", "pear", "peach", "cherry", "lemon", "watermelon", "mango"), "fruit"),
    **dict.fromkeys(("plum", "pineapple", "pomegranate", "kiwi fruit", "grapefruit", "coconut", "avocado"), "fruit"),
    **dict.fromkeys(("bread", "dessert", "pie", "cookies", "hamburger", "french fries", "sushi"), "food-other-merged"),
    **dict.fromkeys(("pasta", "steak", "sausage", "cheese", "rice", "dumpling", "egg tart"), "food-other-merged"),
    "cabinet/shelf": "cabinet-merged",
    "nightstand": "cabinet-merged",
    "handbag/satchel": "handbag",
    "bowl/basin": "bowl",
    "monitor/tv": "tv",
    "trash bin can": "trash can",
    "stuffed toy": "teddy bear",
    "carpet": "rug-merged",
    "mirror": "mirror-stuff",
    "skiboard": "skis",
    "luggage": "suitcase",
    "orange/tangerine": "orange",
    "bow tie": "tie",
    "hair dryer": "hair drier",
    "flag": "banner",
    "notepaper": "paper-merged",
}


def counterpart(name: str) -> Category | None:
    """The category that Objects365's `name`, in whatever case, stands for; None: none is listed."""
    found = _COUNTERPARTS.get(name.strip().lower())
    return None if found is None else category(found)
