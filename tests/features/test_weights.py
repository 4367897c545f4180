"""Finding, checking and reading weight files."""

import hashlib
import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402

from retouch.features import sources  # noqa: E402
from retouch.weights import (  # noqa: E402
    WeightFile,
    Weights,
    WeightsMissing,
    cache_folder,
    check_fit,
    check_hash,
    file_hash,
    fill_module,
    locate,
    read_tensors,
    write_tensors,
)

TENSORS = {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)}


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch, tmp_path):
    monkeypatch.delenv("RETOUCH_WEIGHTS", raising=False)
    monkeypatch.setenv("RETOUCH_CACHE", str(tmp_path / "no cache"))


@pytest.fixture
def known(tmp_path):
    """A folder with one file, and what is known of it."""
    file = tmp_path / "here" / "net.safetensors"
    file.parent.mkdir()
    save_file(TENSORS, file)
    weights = Weights(
        "Net", (WeightFile("net.safetensors", file_hash(file), "https://example.org/net"),), "Apache-2.0"
    )  # fmt: skip
    return file, weights


def test_found_by_file_folder_and_variable(known, monkeypatch):
    file, weights = known
    assert locate(weights, file) == file
    assert locate(weights, file.parent) == file
    monkeypatch.setenv("RETOUCH_WEIGHTS", f"/nowhere:{file.parent}")
    assert locate(weights) == file


def test_missing_weights_say_where_to_get_and_put_them(known, tmp_path):
    _, weights = known
    for path in (None, tmp_path / "none", tmp_path):
        with pytest.raises(WeightsMissing) as caught:
            locate(weights, path)
        text = str(caught.value)
        assert "net.safetensors from https://example.org/net" in text
        assert "RETOUCH_WEIGHTS" in text
        assert "\n" not in text


def test_another_content_under_a_known_name_is_refused(known):
    file, weights = known
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"net\.safetensors: SHA-256 is"):
        locate(weights, file)


def test_a_file_of_another_name_is_taken_at_its_user_s_word(known, tmp_path):
    weights = known[1]
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"anything")
    assert locate(weights, mine) == mine


def test_the_hub_is_asked_for_the_pinned_revision(known, monkeypatch):
    file, _ = known
    asked = []

    def download(repo, name, revision):
        asked.append((repo, name, revision))
        return str(file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    source = WeightFile("own.safetensors", file_hash(file), "url", "some/net", "abc123", "net.safetensors")
    assert locate(Weights("Net", (source,), "MIT")) == file
    assert asked == [("some/net", "net.safetensors", "abc123")]
    wrong = WeightFile("own.safetensors", "0" * 64, "url", "some/net", "abc123", "net.safetensors")
    with pytest.raises(ValueError, match="SHA-256"):
        locate(Weights("Net", (wrong,), "MIT"))


def test_a_hub_that_is_offline_means_missing(monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    def download(*args, **options):
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    with pytest.raises(WeightsMissing, match=r"get resnet50-0676ba61\.pth from"):
        locate(sources.RESNET50)


def test_hashes_may_be_given_by_their_first_digits(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(b"content")
    full = hashlib.sha256(b"content").hexdigest()
    assert file_hash(file) == full
    check_hash(file, full[:8].upper())
    with pytest.raises(ValueError, match="accepted: 00000000"):
        check_hash(file, "00000000")


def test_every_source_can_be_had_and_is_pinned():
    for weights in sources.ALL:
        assert weights.files
        assert weights.licence
        for file in weights.files:
            assert file.url
            assert file.sha256 is None or len(file.sha256) in (8, 64)
            assert (file.repo is None) == (file.revision is None)
            assert file.repo is None or len(file.sha256) == 64


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
def test_tensors_are_read(tmp_path, name):
    file = tmp_path / name
    halved = {k: v.half() for k, v in TENSORS.items()} | {"steps": torch.tensor(3)}
    save_file(halved, file) if name.endswith("safetensors") else torch.save(halved, file)
    read = read_tensors(file)
    assert set(read) == set(halved)
    assert read["layer.weight"].dtype == torch.float32
    assert read["steps"].dtype == torch.int64
    torch.testing.assert_close(read["layer.weight"], TENSORS["layer.weight"])


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "params"])
def test_wrapped_checkpoints_are_unwrapped(tmp_path, wrapper):
    file = tmp_path / "net.pth"
    torch.save({wrapper: TENSORS, "epoch": 3}, file)
    assert set(read_tensors(file)) == set(TENSORS)


class Attack:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("save", [torch.save, lambda x, f: Path(f).write_bytes(pickle.dumps(x))])
def test_code_in_a_checkpoint_does_not_run(tmp_path, save):
    file, mark = tmp_path / "net.pth", tmp_path / "ran"
    save({"layer.weight": Attack(mark)}, file)
    with pytest.raises(ValueError, match="without running code"):
        read_tensors(file)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 half"])
def test_damaged_files_are_refused(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ValueError, match=name):
        read_tensors(file)


def test_files_without_tensors_are_refused(tmp_path):
    file = tmp_path / "net.pth"
    for content, message in (([1, 2], "holds a list"), ({"epoch": 3}, "no tensors")):
        torch.save(content, file)
        with pytest.raises(ValueError, match=message):
            read_tensors(file)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read_tensors(tmp_path / "none.pth")


def module():
    return torch.nn.ModuleDict({"layer": torch.nn.Linear(3, 2), "norm": torch.nn.BatchNorm1d(2)})


NORM = {f"norm.{k}": torch.ones(2) for k in ("weight", "bias", "running_mean", "running_var")}


def test_a_module_is_filled():
    made = module()
    fill_module(made, TENSORS | NORM, "net.pth")
    torch.testing.assert_close(made["layer"].weight.data, TENSORS["layer.weight"])
    torch.testing.assert_close(made["norm"].running_mean, torch.ones(2))


def test_keys_and_shapes_must_be_the_module_s():
    whole = TENSORS | NORM
    for given, message in (
        ({k: v for k, v in whole.items() if k != "layer.bias"}, r"net\.pth: 1 keys are missing, first 'layer\.bias'"),
        (whole | {"z": torch.ones(1), "y": torch.ones(1)}, r"net\.pth: 2 keys are unexpected, first 'y'"),
        (whole | {"layer.bias": torch.ones(3)}, r"'layer\.bias' has shape \(3,\); accepted: \(2,\)"),
    ):
        made = module()
        before = made["layer"].weight.detach().clone()
        with pytest.raises(ValueError, match=message):
            fill_module(made, given, "net.pth")
        assert (made["layer"].weight == before).all()


def test_the_cache_is_looked_into_first(known, tmp_path, monkeypatch):
    file, weights = known
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setenv("RETOUCH_CACHE", str(cache))
    monkeypatch.setenv("RETOUCH_WEIGHTS", str(file.parent))
    assert locate(weights) == file
    (cache / file.name).write_bytes(file.read_bytes())
    assert locate(weights) == cache / file.name


def test_the_cache_is_in_the_home_unless_named(monkeypatch, tmp_path):
    monkeypatch.delenv("RETOUCH_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "retouch"


def test_tensors_are_written_with_what_is_said_about_them(tmp_path):
    from safetensors import safe_open

    file = tmp_path / "new" / "folder" / "net.safetensors"
    write_tensors(TENSORS, file, {"source": "here"})
    assert all(torch.equal(value, TENSORS[key]) for key, value in read_tensors(file).items())
    with safe_open(file, "pt") as opened:
        assert opened.metadata() == {"source": "here"}
    with pytest.raises(FileExistsError, match="exists already"):
        write_tensors(TENSORS, file)
    write_tensors({"one": torch.ones(1)}, file, overwrite=True)
    assert list(read_tensors(file)) == ["one"]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_fits_is_told_without_memory_for_it():
    with torch.device("meta"):
        empty = torch.nn.Linear(3, 2)
    check_fit(empty, {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}, "x")
    with pytest.raises(ValueError, match=r"x: 'weight' has shape \(3, 2\); accepted: \(2, 3\)"):
        check_fit(empty, {"weight": torch.zeros(3, 2), "bias": torch.zeros(2)}, "x")
