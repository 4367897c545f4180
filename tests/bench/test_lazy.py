import subprocess
import sys

import pytest

from retouch.bench import metrics


@pytest.mark.parametrize("package", ["retouch.bench.metrics", "retouch.features"])
def test_importing_is_cheap(package):
    code = f"import sys, {package}; print([m for m in ('numpy', 'torch', 'PIL', 'safetensors') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", metrics.__all__)
def test_every_name_is_there(name):
    assert callable(getattr(metrics, name))


def test_a_module_does_not_take_a_function_s_place():
    import retouch.bench.metrics.frechet
    import retouch.bench.metrics.perceptual

    assert metrics.fid is retouch.bench.metrics.frechet.fid
    assert metrics.lpips is retouch.bench.metrics.perceptual.lpips


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fld'"):
        metrics.fld  # noqa: B018
