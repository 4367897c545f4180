"""What a run's samples come from: photos, or pairs with labels."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from retouch.train.catalogue import find_trainable  # noqa: E402
from retouch.train.loop import train  # noqa: E402
from retouch.train.reading import read_settings  # noqa: E402
from retouch.train.session import open_session  # noqa: E402
from tests.data.lcg.pairs_for_tests import folder_of_pairs  # noqa: E402
from tests.data.photos_for_tests import folder_of  # noqa: E402

TINY = (
    "method.size=16",
    "method.network.block_out_channels=[16,16]",
    "method.network.groups=8",
    "method.network.heads=2",
    "method.steps=1",
    "train.every.sheet=0",
)


def settings(tmp_path, photos, *words):
    given = {"train.out": tmp_path / "run", "train.steps": 2, "train.batch": 4, "data.photos": photos}
    return read_settings(find_trainable("pixelhacker"), None, [*TINY, *words], given)


def test_pairs_train_pixelhacker_with_their_labels(tmp_path):
    folder = folder_of_pairs(tmp_path)
    session = open_session(settings(tmp_path, folder, "data.foreground=0.25"))
    batch = next(session.data.batches(0, batch=4, seed=0))
    assert batch.labels.tolist().count(1) == 1
    assert len(session.shown()) > 0
    assert "foreground" in session.data.description
    trained = train(session.recipe, session.data, session.settings.train)
    assert trained.finished


def test_settings_of_the_other_kind_are_refused(tmp_path):
    photos, pairs = Path(folder_of(tmp_path / "album", 2)), folder_of_pairs(tmp_path)
    with pytest.raises(ValueError, match=r"data\.foreground: is given; accepted: with pairs only"):
        open_session(settings(tmp_path, photos, "data.foreground=0.5"))
    with pytest.raises(ValueError, match=r"data\.list_file: is given with pairs"):
        open_session(settings(tmp_path, pairs, "data.list_file=some.csv"))
    with pytest.raises(ValueError, match=r"data\.photos: .*holds no pairs.*accepted: one kind"):
        open_session(settings(tmp_path, [photos, pairs]))
