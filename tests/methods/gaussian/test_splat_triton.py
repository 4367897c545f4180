"""The Triton kernels against the reference: on a GPU where there is one, else in Triton's interpreter.

Triton decides when it is imported whether it interprets, so the tests run in a process of their own for that.
"""

import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("triton", reason="Triton is not installed here")

from retouch.methods.gaussian.splat import splat  # noqa: E402
from tests.methods.gaussian.random_gaussians import assert_same, gaussians, image_and_gradients  # noqa: E402

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
DEVICE = "cpu" if INTERPRETED else "cuda"
on_device = pytest.mark.skipif(
    not (INTERPRETED or torch.cuda.is_available()), reason="no GPU here; test_in_the_interpreter runs it"
)


@pytest.mark.skipif(INTERPRETED, reason="this is the interpreter")
def test_in_the_interpreter():
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__],
        env=os.environ | {"TRITON_INTERPRET": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed, 1 skipped" in run.stdout


@on_device
@pytest.mark.parametrize("narrow", [False, True], ids=["", "degenerate"])
@pytest.mark.parametrize(
    ("leading", "size", "scale"),
    # Sizes and numbers below, at and above the blocks of 128 pixels and 32 Gaussians.
    [((1, 1), (1, 1), 1), ((2, 2, 5), (5, 3), 1), ((1, 32), (8, 16), 1), ((1, 33), (3, 4), 4), ((1, 70), (13, 10), 1)],
    ids=str,
)
def test_triton_is_the_reference(leading, size, scale, narrow):
    inputs = gaussians(*leading, dtype=torch.float64, narrow=narrow)
    for dtype, tolerance in ((torch.float32, 1e-5), (torch.float64, 1e-13)):
        expected = image_and_gradients(inputs, size, scale=scale, degenerate="dc", path="reference")
        given = [each.to(DEVICE, dtype) for each in inputs]
        actual = image_and_gradients(given, size, scale=scale, degenerate="dc", path="triton")
        assert actual[0].dtype == dtype
        assert_same([each.cpu() for each in actual], expected, tolerance)


@on_device
def test_as_many_gaussians_as_the_paper():
    inputs = gaussians(1, 324, dtype=torch.float64)
    expected = splat(*inputs, (4, 5), path="reference")
    assert_same([splat(*(each.to(DEVICE) for each in inputs), (4, 5), path="triton").cpu()], [expected], 1e-13)


@on_device
def test_inputs_that_are_not_contiguous():
    plain = gaussians(3, 6)
    strided = [each.to(DEVICE).flip(1).transpose(1, 2).contiguous().transpose(1, 2).flip(1) for each in plain]
    assert not strided[0].is_contiguous()
    expected = image_and_gradients(plain, (3, 4), path="reference")
    assert_same([each.cpu() for each in image_and_gradients(strided, (3, 4), path="triton")], expected, 1e-5)


@on_device
def test_no_patches():
    inputs = [each.to(DEVICE).requires_grad_() for each in gaussians(0, 4)]
    image = splat(*inputs, 5, path="triton")
    image.sum().backward()
    assert image.shape == (0, 3, 5, 5)
    assert inputs[0].grad.shape == (0, 4, 2)
