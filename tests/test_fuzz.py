"""A few hundred damaged files; `python tests/fuzz.py` runs ten thousand of the same kind."""

import random

import pytest

from tests.fuzz import as_mask, as_photo, check, damage, originals


@pytest.fixture(scope="module")
def files():
    return originals()


def test_every_original_is_filled_as_a_photo_and_read_as_a_mask(files):
    assert {kind: as_photo(data) for kind, data in files.items()} == dict.fromkeys(files, "filled")
    assert {kind: as_mask(data) for kind, data in files.items()} == dict.fromkeys(files, "read")


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_damaged_files_are_filled_or_refused_in_one_line(files, start):
    ends = {check(seed, files)[1] for seed in range(start, start + 50)}
    assert ends <= {"filled", "read", "refused", "not written: refused", "too small"}
    assert "refused" in ends


@pytest.mark.parametrize("length", [0, 1, 2, 3, 10, 50])
def test_stubs_are_refused(files, length):
    for data in files.values():
        assert as_photo(data[:length]) == "refused"
        assert as_mask(data[:length]) == "refused"


def test_damage_changes_files():
    data = bytes(range(256)) * 4
    assert sum(damage(data, random.Random(seed)) != data for seed in range(50)) > 45
