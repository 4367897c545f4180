"""Where results may go: what exists and is no regular file is never replaced."""

import os
import socket
import sys
from pathlib import Path

import pytest

from retouch.atomic import atomic
from retouch.batch import check_report
from retouch.files.targets import check_target

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")


@pytest.fixture(params=["pipe", "socket", "device", "folder", "link to a pipe"])
def special(request, tmp_path, monkeypatch):
    """A path that is no regular file."""
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    path = Path("special.csv")
    if request.param == "device":
        path.symlink_to(os.devnull)
    elif request.param == "folder":
        path.mkdir()
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    else:
        os.mkfifo("pipe.csv")
        path = path if request.param.startswith("link") else Path("pipe.csv")
        if path.name != "pipe.csv":
            path.symlink_to("pipe.csv")
    return path


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_regular_file_is_refused(special, overwrite):
    kind = special.stat().st_mode
    for check in (check_target, enter):
        with pytest.raises(OSError, match="accepted: the name of a file") as caught:
            check(special, overwrite=overwrite)
        assert "overwrite" not in str(caught.value)
        assert str(special) in str(caught.value)
    assert special.stat().st_mode == kind


def enter(path, overwrite):
    with atomic(path, overwrite=overwrite):
        raise AssertionError("it was opened")


def test_a_report_there_is_refused_and_not_waited_for(special):
    with pytest.raises(OSError, match="accepted: the name of a file"):
        check_report(special)


def test_a_link_to_a_regular_file_is_written_through(tmp_path):
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"old")
    link.symlink_to(file)
    check_target(link, overwrite=True)
    with atomic(link, overwrite=True) as out:
        out.write(b"new")
    assert link.is_symlink()
    assert file.read_bytes() == b"new"
