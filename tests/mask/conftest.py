from __future__ import annotations

import io

import numpy as np
import pytest


@pytest.fixture
def hole():
    """[9, 14] bool, not symmetric in any way."""
    hole = np.zeros((9, 14), bool)
    hole[1:4, 2:7] = True
    hole[6, 12] = True
    return hole


@pytest.fixture
def encoded():
    """Encode a PIL image into the bytes of a file."""

    def encode(image, form="PNG", **options):
        file = io.BytesIO()
        image.save(file, form, **options)
        return file.getvalue()

    return encode
