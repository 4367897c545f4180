"""Where weights are looked for, what is told where they are not, and licences that must be accepted."""

from pathlib import Path

import pytest

from retouch.methods.asuka.release import FLUX, SD15, accepted, find_base, find_files, needing, pull
from retouch.weights import WeightsMissing


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RETOUCH_ACCEPT_LICENCE", raising=False)
    return tmp_path / "weights"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub that has every repository asked for; what was asked."""
    asked = []

    def download(repository, *, allow_patterns, ignore_patterns, local_files_only):
        asked.append((repository, local_files_only))
        if local_files_only:
            raise OSError("not here")
        found = tmp_path / "hub" / repository
        for pattern in allow_patterns:
            (found / pattern).parent.mkdir(parents=True, exist_ok=True)
        return str(found)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    return asked


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_the_preferred_file_is_found_and_all_missing_ones_are_named(folder):
    touch(folder, "m/b.pth", "m/a.json")
    assert find_files("m", "m", [["a.json", "b.pth"], ["b.pth"]], "") == [folder / "m/a.json", folder / "m/b.pth"]
    said = r"^model 'm': missing c or d, e: get them there; put them into DIR/m and DIR into RETOUCH_WEIGHTS$"
    with pytest.raises(WeightsMissing, match=said):
        find_files("m", "m", [["a.json"], ["c", "d"], ["e"]], "get them there")


def test_the_cache_is_looked_into_first(folder, tmp_path):
    touch(folder, "m/a")
    touch(tmp_path / "cache", "m/a")
    assert find_files("m", "m", [["a"]], "") == [tmp_path / "cache" / "m/a"]


def test_a_base_is_a_folder_or_from_the_hub(folder, hub, tmp_path):
    fetched = find_base(SD15)
    assert fetched == tmp_path / "hub" / SD15.repository
    assert find_base(SD15, "someone/inpainting") == tmp_path / "hub" / "someone/inpainting"
    assert hub == [(SD15.repository, False), ("someone/inpainting", False)]
    touch(folder, *(f"sd15/base/{part}/x" for part in SD15.parts))
    assert find_base(SD15) == folder / "sd15/base"
    assert find_base(SD15, str(fetched)) == fetched
    assert len(hub) == 2


def test_what_a_folder_lacks_is_named(folder, hub, tmp_path):
    touch(tmp_path, "base/unet/x", "base/scheduler/x")
    with pytest.raises(FileNotFoundError, match=r"base has no vae; accepted: a folder in diffusers' layout with unet"):
        find_base(SD15, str(tmp_path / "base"))
    assert find_base(needing(SD15, ("unet", "scheduler")), str(tmp_path / "base")) == tmp_path / "base"
    for name in ("nowhere", "./no/where", "/no/where"):
        with pytest.raises(FileNotFoundError, match=r"is no folder; accepted: a folder in diffusers' layout, or OWNER"):
            find_base(SD15, name)
    assert hub == []


def test_without_the_hub_it_is_said_where_to_put_a_base(folder, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def offline(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.snapshot_download", offline)
    with pytest.raises(WeightsMissing, match=r"base: https://huggingface\.co/.* into DIR/sd15/base and DIR into"):
        find_base(SD15)


def test_flux_is_not_fetched_before_its_licence_is_accepted(folder, hub, monkeypatch):
    said = r"licence: .*FLUX\.1-Fill-dev is under .*Non-Commercial.* accept it at .* set RETOUCH_ACCEPT_LICENCE=flux"
    for ask in (lambda: find_base(FLUX), lambda: pull("asuka/flux-fill")):
        with pytest.raises(ValueError, match=said):
            ask()
    assert all(only_here for _, only_here in hub)
    monkeypatch.setenv("RETOUCH_ACCEPT_LICENCE", "other, flux-1-dev")
    assert accepted("flux-1-dev")
    assert find_base(FLUX).name == "FLUX.1-Fill-dev"
    with pytest.raises(WeightsMissing, match=r"missing mae_300\.pth or mae\.json, asuka_alignment_t5\.pt"):
        pull("asuka/flux-fill")


def test_a_folder_of_flux_needs_no_word(folder):
    touch(folder, *(f"flux-fill/base/{part}/x" for part in FLUX.parts))
    assert find_base(FLUX) == folder / "flux-fill/base"


def test_pull_gives_all_files(folder, hub):
    touch(folder, "asuka/sd15/mae_300.pth", "asuka/sd15/alignment.json", "asuka/sd15/decoder.json", "sd15/prompt.json")
    base, *files = pull("asuka/sd15")
    assert base.is_dir()
    assert [file.name for file in files] == ["mae_300.pth", "alignment.json", "decoder.json"]
    assert pull("sd15/plain") == (base,)
    assert pull("sd15/prompt") == (base, Path(folder / "sd15/prompt.json"))
