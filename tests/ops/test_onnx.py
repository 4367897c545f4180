"""Opening ONNX files: threads, and what is refused; writing them: nothing is computed for a place that takes no file.

What is written and opened again is tested with each method's network.
"""

import pytest
from pydantic import BaseModel

from retouch.ops.onnx import open_onnx, threads, write_onnx


class Size(BaseModel):
    width: int


@pytest.fixture
def saved(tmp_path):
    """Saves a network that changes nothing, with this metadata; gives its file."""
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "same", [x], [y])

    def save(**metadata):
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
        onnx.helper.set_model_props(model, metadata)
        onnx.save(model, tmp_path / "same.onnx")
        return tmp_path / "same.onnx"

    return save


def write(file, overwrite=False, network=None, example=None):
    torch = pytest.importorskip("torch")
    write_onnx(
        torch.nn.Identity() if network is None else network,
        file,
        (torch.zeros(2) if example is None else example,),
        inputs=["x"],
        outputs=["y"],
        sizes=(None,),
        key="size",
        config=Size(width=3),
        overwrite=overwrite,
    )


@pytest.mark.parametrize(("said", "count"), [("3", 3), ("4,2", 4), ("", 0), ("many", 0)])
def test_threads_follow_the_environment(monkeypatch, said, count):
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert threads() == count


def test_an_opened_network_has_its_config_and_that_many_threads(saved, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    session, config = open_onnx(saved(size='{"width": 5}'), "size", Size)
    assert config == Size(width=5)
    assert session.get_session_options().intra_op_num_threads == 3


@pytest.mark.parametrize("metadata", [{}, {"other": '{"width": 5}'}, {"size": '{"width": "wide"}'}, {"size": "{"}])
def test_files_of_others_are_refused(saved, metadata):
    with pytest.raises(ValueError, match=r"onnx: .*same.onnx is no 'size'; accepted: a file of export_onnx"):
        open_onnx(saved(**metadata), "size", Size)


def test_files_that_are_not_there_or_damaged_are_refused(tmp_path):
    pytest.importorskip("onnxruntime")
    with pytest.raises(FileNotFoundError, match=r"none.onnx does not exist; accepted: a file written by export_onnx"):
        open_onnx(tmp_path / "none.onnx", "size", Size)
    (tmp_path / "damaged.onnx").write_bytes(b"no graph")
    with pytest.raises(ValueError, match=r"damaged.onnx cannot be read: .*; accepted: a file of export_onnx"):
        open_onnx(tmp_path / "damaged.onnx", "size", Size)


def test_what_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.onnx, "export", lambda *_, **__: pytest.fail("exported for nothing"))
    with pytest.raises(FileNotFoundError, match="its folder does not exist"):
        write(tmp_path / "none" / "same.onnx")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write(tmp_path, overwrite=True)
    (tmp_path / "same.onnx").write_bytes(b"before")
    with pytest.raises(FileExistsError, match=r"exists already; overwrite it with overwrite=True.*same.onnx"):
        write(tmp_path / "same.onnx")


def test_a_failing_export_leaves_the_old_file(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")

    def fail(*_, **__):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(torch.onnx, "export", fail)
    (tmp_path / "same.onnx").write_bytes(b"before")
    with pytest.raises(RuntimeError, match="no such operator"):
        write(tmp_path / "same.onnx", overwrite=True)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"before"]


@pytest.mark.parametrize(("rounded", "bytes_each"), [(True, 2), (False, 4)])
def test_only_weights_that_fp16_holds_exactly_take_half_the_space(tmp_path, rounded, bytes_each):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    layer = torch.nn.Linear(96, 96, bias=False)
    if rounded:
        layer = layer.half().float()
    write(tmp_path / "layer.onnx", network=layer, example=torch.zeros(2, 96))
    weights = bytes_each * 96 * 96
    assert weights <= (tmp_path / "layer.onnx").stat().st_size < weights + 6000
    session, _ = open_onnx(tmp_path / "layer.onnx", "size", Size)
    x = torch.randn(2, 96)
    (y,) = session.run(None, {"x": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(y), layer(x).detach(), rtol=0, atol=1e-6)
