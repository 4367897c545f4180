"""The contact sheet."""

import numpy as np
import pytest

from retouch.holes import sheet


def test_cells_in_rows_light_where_hole():
    holes = [np.zeros((64, 64), bool) for _ in range(5)]
    holes[4][:, :32] = True
    picture = sheet(holes, columns=2, cell=32)
    assert picture.mode == "L"
    assert picture.size == (2 * 38 + 6, 3 * 52 + 6)
    grey = np.asarray(picture)
    cell = grey[6 + 2 * 52 :][:32, 6 : 6 + 32]
    assert (cell[:, :16] > 200).all()
    assert (cell[:, 16:] < 100).all()
    assert (grey[6:38, 6:38] < 100).all()


def test_other_shapes_keep_their_proportions():
    grey = np.asarray(sheet([np.ones((20, 80), bool)], cell=40))
    assert (grey[6:16, 6:46] == 245).all()
    assert (grey[17:45, 6:46] == 255).all()


def test_labels_stay_under_their_cell():
    plain, labelled = (
        np.asarray(sheet([np.ones((8, 8), bool)] * 2, columns=2, cell=40, labels=labels))
        for labels in (None, ["a very long label indeed", ""])
    )
    assert (plain != labelled).any()
    assert np.array_equal(plain[:, 46:], labelled[:, 46:])


@pytest.mark.parametrize(
    ("holes", "options", "message"),
    [
        ([], {}, "holes: is empty"),
        ([np.ones((2, 2))], {}, r"holes\[0\]: is float64"),
        ([np.ones((2, 2), bool)], {"columns": 0}, "columns: is 0"),
        ([np.ones((2, 2), bool)], {"cell": 0}, "cell: is 0"),
        ([np.ones((2, 2), bool)], {"labels": []}, "labels: there are 0 for 1 holes"),
    ],
)
def test_refuses(holes, options, message):
    with pytest.raises(ValueError, match=message):
        sheet(holes, **options)
