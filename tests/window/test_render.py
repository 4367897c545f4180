"""What a method is given of a window."""

import numpy as np
import pytest

from retouch import photo as photos
from retouch.methods.base import Filled, Needs, NoOptions
from retouch.settings import Settings
from retouch.window.plan import plan
from retouch.window.render import Canvas, fill_batch


class Seeing(NoOptions):
    """Options of a method that is given what lies under the hole."""

    @property
    def sees_hole(self):
        return True


class Keeping:
    """A method that changes nothing, and notes what it is given."""

    needs = Needs(multiple=1, native=32)

    def __call__(self, images, masks, options, **_):
        self.images, self.masks = images, masks
        return Filled(images)


@pytest.mark.parametrize("side", [30, 96])  # as it is, and scaled down
@pytest.mark.parametrize("options", [NoOptions(), Seeing()])
def test_what_lies_under_the_hole_is_given_only_to_who_asks(side, options):
    pixels = np.full((side, side, 3), 200, np.uint8)
    hole = np.zeros((side, side), bool)
    hole[side // 4 : side // 2, side // 4 : side // 2] = True
    opened, _ = photos.wrap(pixels)
    canvas = Canvas(photos.edit(opened), hole, hole.copy(), None, 0, 0)
    (window,) = plan(hole, native=32, unknown=None)
    method = Keeping()
    fill_batch(canvas, [window], method, options, Settings(detail=False), 0, progress=None, cancel=None)
    assert method.masks.any()
    assert max(method.images.shape[1:3]) <= 32
    np.testing.assert_allclose(method.images[method.masks], 200 / 255 if options.sees_hole else 0, atol=1e-6)
    np.testing.assert_allclose(method.images[~method.masks], 200 / 255, atol=1e-6)
