"""The table of PixelHacker's categories."""

from collections import Counter

import pytest

from retouch.data.categories import CATEGORIES, ROLES, by_id, category, find

# Ids of COCO's 80 things, and of its 53 other panoptic categories.
THINGS = set(range(1, 91)) - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
STUFF = {92, 93, 95, 100, 107, 109, 112, 118, 119, 122, 125, 128, 130, 133, 138, 141, 144, 145, 147, 148, 149, 151}
STUFF |= {154, 155, 156, 159, 161, 166, 168, 171, 175, 176, 177, 178, 180, 181, *range(184, 201)}


def test_there_are_116_and_21():
    assert Counter(each.role for each in CATEGORIES) == {"foreground": 116, "background": 21}
    assert ROLES == ("background", "foreground")  # places are labels: 0 and 1


def test_together_they_are_cocos_panoptic_classes_and_four_more():
    assert {each.id for each in CATEGORIES} - {None} == THINGS | STUFF
    assert sum(each.id is None for each in CATEGORIES) == 4
    own = {each.name for each in CATEGORIES if each.id is None}
    assert own == {"background", "trash can", "clothes", "shadow"}


def test_every_thing_of_coco_is_foreground_and_countable():
    things = [by_id(number) for number in THINGS]
    assert all(each.role == "foreground" and each.thing for each in things)
    assert not any(by_id(number).thing for number in STUFF)


@pytest.mark.parametrize(
    ("number", "name", "role"),
    [
        (1, "person", "foreground"),
        (90, "toothbrush", "foreground"),
        (82, "refrigerator", "foreground"),
        (92, "banner", "foreground"),
        (184, "tree-merged", "foreground"),
        (189, "table-merged", "background"),
        (187, "sky-other-merged", "background"),
        (199, "wall-other-merged", "background"),
    ],
)
def test_lookup(number, name, role):
    assert by_id(number) is category(name)
    assert (category(name).name, category(name).role) == (name, role)


def test_names_and_words_are_unique():
    assert len({each.name for each in CATEGORIES}) == len({each.words for each in CATEGORIES}) == 137


def test_names_in_any_case_and_the_papers_spelling():
    assert find(" Person ") is category("person")
    assert find("playing-field") is category("playingfield")


def test_what_is_unknown():
    assert find("unicorn") is None
    assert by_id(12) is None
    with pytest.raises(ValueError, match="category 'persn' is unknown; did you mean 'person'"):
        category("persn")
