"""The rasteriser and the blending as an ONNX graph, run by onnxruntime."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript", reason="torch.onnx.export needs onnxscript, which is not installed here")

import onnxruntime  # noqa: E402

from retouch.methods.gaussian.blend import blend  # noqa: E402
from retouch.methods.gaussian.splat import splat  # noqa: E402
from tests.methods.gaussian.random_gaussians import gaussians  # noqa: E402

NAMES = ["mean", "cholesky", "colour"]


class Image(torch.nn.Module):
    """Gaussians to an image, without and with blending of 2 x 3 patches."""

    def __init__(self, path, scale, weights):
        super().__init__()
        self.path, self.scale, self.weights = path, scale, weights

    def forward(self, mean, cholesky, colour):
        patches = splat(mean, cholesky, colour, (7, 9), scale=self.scale, path=self.path, degenerate="dc")
        return blend(patches, (2, 3), self.scale, self.weights)


@pytest.mark.filterwarnings("ignore")  # the exporter's own
@pytest.mark.parametrize(("path", "scale", "weights"), [("auto", 1, "code"), ("reference", 2, "distance")])
def test_exported_for_any_batch(tmp_path, path, scale, weights):
    module = Image(path, scale, weights).eval()
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(
        module,
        tuple(gaussians(2, 6, 20, narrow=True)),
        input_names=NAMES,
        dynamic_shapes=({0: batch}, {0: batch}, {0: batch}),
        dynamo=True,
        verbose=False,
    )
    program.save(tmp_path / "image.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "image.onnx")
    for count in (2, 5):
        inputs = gaussians(count, 6, 20, seed=count, narrow=True)
        (image,) = session.run(None, {name: each.numpy() for name, each in zip(NAMES, inputs, strict=True)})
        assert image.shape == (count, 3, 10 * scale, 21 * scale)
        np.testing.assert_allclose(image, module(*inputs).numpy(), rtol=0, atol=1e-5)
