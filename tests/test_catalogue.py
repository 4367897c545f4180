"""The catalogue: names, suggestions, missing extras."""

import importlib

import pytest

from retouch.catalogue import CARDS, DEFAULT_MODEL, Card, find, load_method
from retouch.methods.base import Needs


def test_names_are_unique_and_every_builder_exists():
    assert len({card.name for card in CARDS}) == len(CARDS)
    for card in CARDS:
        module, function = card.build.split(":")
        assert callable(getattr(importlib.import_module(module), function))


def test_auto_is_the_default():
    assert find("auto") is find(DEFAULT_MODEL)


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'patchmatch'"):
        find("pachmatch")
    with pytest.raises(ValueError, match="known: patchmatch"):
        find("zzzzzzzz")
    with pytest.raises(ValueError, match="model must be a name"):
        find(3)


def test_missing_extra_is_named():
    card = Card("x", "", "", "", "", Needs(), "retouch.methods.smooth:build", extra="cv", imports=("no_such_module",))
    with pytest.raises(ImportError, match=r"pip install 'retouch\[cv\]'"):
        load_method(card)


def test_devices_are_checked():
    with pytest.raises(ValueError, match="device 'gpu' is unknown"):
        load_method(find("smooth"), "gpu")
    with pytest.raises(ValueError, match="not on 'cuda'"):
        load_method(find("smooth"), "cuda")
