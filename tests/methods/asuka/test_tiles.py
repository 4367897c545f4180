"""Tiles: they cover everything, and their blend changes nothing that does not depend on the tile."""

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.tiles import in_tiles, spans  # noqa: E402


@pytest.mark.parametrize("size", [(5, 5), (8, 8), (9, 31), (40, 17)])
@pytest.mark.parametrize("scale", [1, 3])
def test_a_function_of_place_comes_out_as_it_is(size, scale):
    whole = torch.randn(2, 3, scale * size[0], scale * size[1], generator=torch.Generator().manual_seed(0))

    def part(rows, columns):
        assert rows.stop - rows.start <= 8
        assert columns.stop - columns.start <= 8
        return whole[..., scale * rows.start : scale * rows.stop, scale * columns.start : scale * columns.stop]

    torch.testing.assert_close(in_tiles(part, size, scale, 8, 3), whole)


def test_tiles_blend_without_a_step():
    """Two tiles of other brightness: neighbours differ by less than the step between the tiles."""
    values = iter((0.0, 1.0))
    out = in_tiles(lambda r, c: torch.full((1, 1, 8, c.stop - c.start), next(values)), (8, 12), 1, 8, 4)
    across = out[0, 0, 4]
    assert across[0] == 0
    assert across[-1] == 1
    assert (across.diff() >= 0).all()
    assert across.diff().max() < 0.5


@pytest.mark.parametrize(("length", "count"), [(3, 1), (8, 1), (9, 2), (13, 2), (14, 3)])
def test_spans_cover_the_length(length, count):
    found = list(spans(length, 8, 3))
    assert len(found) == count
    assert sorted({k for span in found for k in range(span.start, span.stop)}) == list(range(length))


@pytest.mark.parametrize("overlap", [-1, 8])
def test_a_tile_no_larger_than_its_overlap_is_refused(overlap):
    with pytest.raises(ValueError, match=r"overlap: is .*; accepted: 0 to less than the tile's side, 8"):
        in_tiles(lambda r, c: torch.zeros(1, 1, 8, 8), (9, 9), 1, 8, overlap)
