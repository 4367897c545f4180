"""`retouch data blend`."""

import pytest

from retouch.data.strips import read_record, sample_files
from retouch.methods.blend.config import VARIANTS
from tests.cli.conftest import contents
from tests.data.photos_for_tests import folder_of


@pytest.fixture
def album(tmp_path, monkeypatch):
    """The working directory, with three photos, two of them on a list."""
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "album", 3, (90, 80))
    (tmp_path / "list.csv").write_text("file\nphoto0.png\nphoto2.png\n")
    return tmp_path


def call(cli, *words):
    return cli("data", "blend", "album", "-o", "out", "--variant", "tiny", "--holes", "box", *words)


def test_samples_are_made_and_added_to(album, cli):
    answer = call(cli, "-n", 3, "--list", "list.csv")
    assert answer.code == 0, answer
    assert "3 samples written to out" in answer.err
    before = contents(album / "out")
    record = read_record("out")
    assert record.patches == VARIANTS["tiny"].network.patches
    assert (record.samples.size, record.samples.holes, record.data) == (64, "box", "2 photos of album")
    answer = call(cli, "-n", 5, "--list", "list.csv")
    assert "2 samples written to out, 3 were there already" in answer.err
    assert len(sample_files("out")) == 5
    assert before.items() <= contents(album / "out").items()


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("-n", 2, "--variant", "huge"), "--variant: is 'huge'; accepted: small, tiny"),
        (("-n", 2, "--shard", "3/2"), "--shard: is '3/2'"),
        (("-n", 2, "--holes", "boxx"), "boxx"),
        (("-n", 2, "--list", "none.csv"), "none.csv"),
    ],
)
def test_bad_words_are_refused(album, cli, words, saying):
    answer = call(cli, *words)
    assert answer.code == 2
    assert saying in answer.err
    assert not (album / "out").exists()
