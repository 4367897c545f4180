"""`retouch bench run`, `merge` and `quick`: words, refusals, and a run that is killed."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

from retouch.bench.protocols import protocols
from retouch.bench.results import Results
from tests.bench.runs_for_tests import comparable
from tests.cli.conftest import environment
from tests.data.layouts_for_tests import picture

RUN = ("bench", "run", "--protocol", "val-256", "--data", "album")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with album/: one photo, five samples."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RETOUCH_WEIGHTS", raising=False)
    (tmp_path / "album").mkdir()
    picture(0).save("album/p0.png")
    return tmp_path


def test_protocols_are_listed(cli):
    answer = cli("bench", "run", "--list")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(protocols())
    assert lines[0].split()[:2] == ["protocol", "photos"]


def test_a_run_prints_its_table_and_says_what_is_left_out(cli, folder):
    answer = cli(*RUN, "--model", "smooth, telea", "-o", "out", "--pictures", "2")
    assert answer.code == 0, answer.err
    assert [line.split("|")[1].strip() for line in answer.out.splitlines()[4:]] == ["smooth", "telea"]
    assert "fid, u-ids, p-ids: left out: " in answer.err
    assert "retouch: results are in out; `retouch bench report out`" in answer.err
    results = Results.load("out")
    assert results.models == ("smooth", "telea")
    assert len(results.pictures) == 2
    assert all((folder / "out" / each.filled["telea"]).is_file() for each in results.pictures)


def test_photos_that_fail_are_told_by_the_exit_code_too(cli, folder):
    (folder / "album" / "p1.png").write_text("no photo")
    answer = cli(*RUN, "--model", "smooth", "-o", "out")
    assert answer.code == 1, answer.err
    assert "smooth, object: 5 failed, first p1 small-top-left: " in answer.err
    assert [len(each.images) for each in Results.load("out").outcomes] == [5]
    assert cli("bench", "quick", "--photos", "album", "--model", "smooth").code == 1


def test_shards_and_merging(cli, folder):
    for number in (1, 2):
        answer = cli(*RUN, "--model", "smooth,telea", "--shard", f"{number}/2", "-o", f"part{number}")
        assert answer.code == 0, answer.err
        assert f"shard {number}/2 is done; `retouch bench merge` joins all of them" in answer.err
    answer = cli("bench", "merge", "part1", "part2", "-o", "out", "--pictures", "1")
    assert answer.code == 0, answer.err
    assert "| telea |" in answer.out
    assert len(Results.load("out").pictures) == 1


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (("bench", "run"), "--protocol, --data, --model and -o are needed, or --list"),
        ((*RUN, "-o", "out"), "--protocol, --data, --model and -o are needed"),
        ((*RUN, "--model", ",", "-o", "out"), "models: is []; accepted: a list of at least one name"),
        ((*RUN, "--model", "smoth", "-o", "out"), "model 'smoth' is unknown; did you mean 'smooth'"),
        ((*RUN, "--model", "smooth", "--holes", "tiny", "-o", "out"), "has none called 'tiny'; known: object"),
        ((*RUN, "--model", "smooth", "--shard", "two", "-o", "out"), "--shard: is 'two'; accepted: i/n"),
        ((*RUN, "--model", "smooth", "--shard", "3/2", "-o", "out"), "shard: is 3/2; accepted: i/n"),
        ((*RUN, "--model", "smooth", "-o", "no/where"), "out: the folder 'no' does not exist"),
        ((*RUN, "--model", "smooth", "-o", "album"), "out: 'album' holds other files"),
        ((*RUN[:-1], "gone", "--model", "smooth", "-o", "out"), "data: there is no folder 'gone'"),
        (("bench", "merge", "album", "-o", "out"), "folders: 'album' holds no run"),
        (("bench", "quick", "--model", "smoth"), "model 'smoth' is unknown"),
        (("bench", "quick", "--photos", "gone"), "data: there is no folder 'gone'"),
    ],
)
def test_refusals(cli, folder, words, saying):
    answer = cli(*words)
    assert answer.code == 2
    errors = [line for line in answer.err.splitlines() if not line.startswith("retouch: note: ")]
    assert len(errors) == 1
    assert saying in errors[0]
    assert not (folder / "out").exists()


def test_another_run_in_its_place(cli, folder):
    words = (*RUN, "--model", "smooth", "-o", "out", "--pictures", "0")
    assert cli(*words).code == 0
    answer = cli(*words, "--seed", "1")
    assert answer.code == 2
    assert "holds another run; seed: 0 and 1; delete it with --overwrite" in answer.err
    assert cli(*words, "--seed", "1", "--overwrite").code == 0
    assert Results.load("out").seed == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs process groups and SIGKILL")
def test_a_killed_run_goes_on_where_it_was(cli, folder):
    for k in range(1, 4):
        picture(k).save(f"album/p{k}.png")
    words = (*RUN, "--model", "smooth,telea", "--pictures", "0", "-o")
    run = subprocess.Popen(
        [sys.executable, "-m", "retouch", *words, "killed"],
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    chunks = folder / "killed" / "chunks"
    while run.poll() is None and len(list(chunks.rglob("*.json"))) < 1:
        try:
            run.wait(0.005)
        except subprocess.TimeoutExpired:
            continue
    os.killpg(run.pid, signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    kept = {path: path.read_bytes() for path in chunks.rglob("*.json")}
    assert 1 <= len(kept) < 4
    assert cli(*words, "killed").code == 0
    assert all(path.read_bytes() == content for path, content in kept.items())
    shutil.rmtree(chunks)
    again = Results.load("killed")
    assert cli(*words, "whole", "--jobs", "2").code == 0
    assert comparable(again) == comparable(Results.load("whole"))


def test_quick_on_the_photos_of_the_package(cli, folder):
    answer = cli("bench", "quick", "--limit", "1", "--model", "smooth,telea", "-o", "out")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0].startswith("**val-256, object: 5 samples of 256 x 256 pixels, the first 1 photos only")
    assert lines[2].endswith("| s a fill | MB |")
    assert "lpips: left out: " in answer.err
    assert Results.load("out").outcomes[0].images[0].name == "bird small-top-left"


def test_quick_leaves_nothing_where_no_place_is_given(cli, folder):
    before = sorted(folder.rglob("*"))
    answer = cli("bench", "quick", "--photos", "album", "--model", "smooth")
    assert answer.code == 0, answer.err
    assert "| smooth |" in answer.out
    assert sorted(folder.rglob("*")) == before


def test_quick_takes_every_installed_model(folder, monkeypatch):
    from dataclasses import replace

    import retouch.catalogue
    from retouch.bench.run.quick import quick_plan

    assert quick_plan("album").models == tuple(
        card.name for card in retouch.catalogue.CARDS if card.installed and not card.size_mb
    )
    cards = tuple(
        replace(card, imports=("no_such_module",)) if card.extra else card for card in retouch.catalogue.CARDS
    )
    monkeypatch.setattr(retouch.catalogue, "CARDS", cards)
    assert quick_plan("album").models == ("patchmatch", "smooth")
