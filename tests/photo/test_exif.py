import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from retouch.photo import exif
from tests.photo.samples import exif_block, thumbnail


def give(old, room):
    """A thumbnail maker that gives one byte per pixel of the old one's width, and says what it was asked."""
    return (b"\xff\xd8\xff\xe0" + bytes(200))[: min(room, 204)]


def parsed(block):
    found = Image.Exif()
    found.load(b"Exif\0\0" + block)
    return found


def second(block):
    """The tags of the thumbnail's directory, as Pillow reads them."""
    first = TiffImagePlugin.ImageFileDirectory_v2(block[:8])
    file = io.BytesIO(block)
    file.seek(8)
    first.load(file)
    found = TiffImagePlugin.ImageFileDirectory_v2(block[:8])
    if first.next:
        file.seek(first.next)
        found.load(file)
    return dict(found)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_and_reset_in_place(order, orientation):
    block = exif_block(order=order, orientation=orientation, thumbnail=thumbnail())
    assert exif.orientation(block) == orientation
    new, notes = exif.edited(block, size=(71, 53), thumbnail=lambda old, room: thumbnail((9, 9, 9), old), turn_up=True)
    assert notes == []
    assert exif.orientation(new) == 1
    assert parsed(new)[0x010F] == "Camera"
    assert parsed(new).get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert parsed(new).get_ifd(0x8769)[0x927C] == b"MAKER NOTE \0\1\2"


def test_nothing_but_size_and_thumbnail_changes_where_the_orientation_stays():
    old = thumbnail()
    block = exif_block(orientation=6, thumbnail=old)
    new, _ = exif.edited(block, size=(71, 53), thumbnail=lambda _, room: b"\xff\xd8\xff" + bytes(9), turn_up=False)
    start = block.index(old)
    assert len(new) == len(block)
    same = [at for at in range(start) if block[at] != new[at]]
    assert len(same) <= 2  # the length of the thumbnail
    assert new[start:] == (b"\xff\xd8\xff" + bytes(9)).ljust(len(old), b"\0")


def test_a_larger_thumbnail_goes_behind_and_its_old_place_is_empty():
    old = thumbnail()
    larger = b"\xff\xd8\xff\xe0" + bytes(len(old) + 500)
    block = exif_block(thumbnail=old, more=b"something behind")
    new, notes = exif.edited(block, size=(1, 1), thumbnail=lambda _, room: larger, turn_up=True, limit=65527)
    assert notes == []
    assert new.endswith(b"something behind" + larger)
    assert old[4:-2] not in new


def test_a_thumbnail_that_does_not_fit_is_removed_with_a_note():
    old = thumbnail()
    new, notes = exif.edited(exif_block(thumbnail=old), size=(1, 1), thumbnail=lambda _, room: b"", turn_up=True)
    assert notes == [exif.NO_THUMBNAIL]
    assert old[4:-2] not in new
    assert 0x0201 in second(exif_block(thumbnail=old))
    assert 0x0201 not in second(new)


def test_room_and_old_size_are_told():
    asked = []
    block = exif_block(thumbnail=thumbnail(size=(64, 48)))
    exif.edited(
        block, size=(1, 1), thumbnail=lambda old, room: asked.append((old, room)) or b"", turn_up=True, limit=60000
    )
    assert asked[0][0] == (64, 48)
    assert asked[0][1] == 60000 - len(block) + len(thumbnail())


def test_pictures_in_the_makers_note_are_blanked():
    old = thumbnail()
    block = exif_block(note=b"head" + old + b"middle" + old + b"tail")
    new, notes = exif.edited(block, size=(1, 1), thumbnail=give, turn_up=True)
    assert notes == [exif.PREVIEW]
    assert len(new) == len(block)
    assert parsed(new).get_ifd(0x8769)[0x927C] == b"head" + bytes(len(old)) + b"middle" + bytes(len(old)) + b"tail"


def test_sizes_are_stated():
    new, _ = exif.edited(exif_block(order=">"), size=(100_000, 7), thumbnail=give, turn_up=True)
    assert parsed(new).get_ifd(0x8769)[0xA002] == 100_000
    assert parsed(new).get_ifd(0x8769)[0xA003] == 7


def test_resolution_is_read():
    assert exif.resolution(exif_block()) == (300, 300)
    assert exif.resolution(b"garbage") is None
    assert exif.resolution(None) is None


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_orientation_tag_can_be_taken_out(order):
    block = exif_block(order=order, thumbnail=thumbnail())
    new = exif.without_orientation(block)
    assert len(new) == len(block)
    assert 0x0112 not in parsed(new)
    assert parsed(new)[0x010F] == "Camera"
    assert parsed(new).get_ifd(0x8769)[0x9003] == "2020:01:02 03:04:05"
    assert second(new)[0x0202] == len(thumbnail())


@given(st.data())
def test_damage_is_never_fatal(data):
    block = bytearray(exif_block(thumbnail=b"\xff\xd8\xff\xe0" + bytes(30)))
    for _ in range(data.draw(st.integers(1, 6))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))
    block = bytes(block[: data.draw(st.integers(0, len(block)))])
    assert 1 <= exif.orientation(block) <= 8
    new, notes = exif.edited(block, size=(9, 9), thumbnail=give, turn_up=True)
    assert isinstance(new, bytes)
    assert exif.orientation(new) == 1
    assert all(isinstance(note, str) for note in notes)
    assert isinstance(exif.without_orientation(block), bytes)
    assert isinstance(exif.readable(block), bool)


def test_a_made_thumbnail_fits_its_room():
    from retouch.photo import from_array
    from retouch.photo.thumbnail import thumbnail as maker

    pixels = np.random.default_rng(0).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    make = maker(from_array(pixels), 1)
    free, tight = make((160, 120), 60000), make((160, 120), 4000)
    assert max(Image.open(io.BytesIO(free)).size) == 160
    assert len(tight) <= 4000
    assert make((160, 120), 10) == b""
    assert Image.open(io.BytesIO(maker(from_array(pixels), 6)((160, 120), 60000))).size == (96, 160)


def test_a_damaged_block_is_upright_all_the_same():
    block = bytearray(exif_block(orientation=6))
    at = block.index(b"\x69\x87\x04\x00")
    block[at + 8 : at + 12] = b"\xff\xff\xff\x7f"
    assert exif.orientation(bytes(block)) == 6
    new, notes = exif.edited(bytes(block), size=(1, 1), thumbnail=give, turn_up=True)
    assert notes == [exif.DAMAGED]
    assert exif.orientation(new) == 1
    kept, _ = exif.edited(bytes(block), size=(1, 1), thumbnail=give, turn_up=False)
    assert kept == block
