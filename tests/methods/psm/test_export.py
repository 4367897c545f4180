"""Exporting the network with dynamic batch and size."""

import pytest

torch = pytest.importorskip("torch")

from tests.methods.psm.tiny import generator, inputs  # noqa: E402


def tensors(batch, height, width):
    *planes, tau, latents = inputs(batch, height, width)
    return (*planes, torch.tensor(tau), latents, torch.tensor(0.8))


def dynamic():
    dim = torch.export.Dim
    batch, height, width = dim("batch"), 32 * dim("h", min=2, max=128), 32 * dim("w", min=2, max=128)
    plane = {0: batch, 2: height, 3: width}
    return (plane, plane, plane, plane, None, {0: batch}, None)


def test_what_is_exported_is_the_network(monkeypatch):
    made, given = generator(), tensors(2, 64, 96)
    with torch.inference_mode():
        before = made(*given)
        monkeypatch.setattr(torch.onnx, "is_in_onnx_export", lambda: True)
        monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", None)
        exported = made(*given)
    for a, b in zip(before, exported, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_the_graph_takes_other_sizes():
    made = generator()
    with torch.inference_mode():
        # Large enough for 2 x 2 positions at 1/256: PyTorch's own graphs, not ONNX's, treat 1 x 1 apart.
        graph = torch.export.export(made, tensors(2, 288, 320), dynamic_shapes=dynamic(), strict=False).module()
        for batch, height, width in [(1, 320, 288), (3, 352, 352)]:
            given = tensors(batch, height, width)
            for a, b in zip(made(*given), graph(*given), strict=True):
                torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
