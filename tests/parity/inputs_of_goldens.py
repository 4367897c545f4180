"""Where the goldens lie, and the functions that make their weights and inputs."""

import importlib.util
import json
from pathlib import Path

import pytest

PARITY = Path(__file__).resolve().parents[2].parent / "shared" / "parity"

needs_goldens = pytest.mark.skipif(not (PARITY / "fill.py").is_file(), reason="no goldens here (../shared/parity)")


def module(path):
    """A Python file of the folder of goldens as a module."""
    spec = importlib.util.spec_from_file_location(f"goldens_{path.stem}", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def fill():
    return module(PARITY / "fill.py")


def read(name):
    return json.loads((PARITY / "bench" / name).read_text())
