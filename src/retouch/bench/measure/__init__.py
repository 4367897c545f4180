"""From a photo, its hole and a fill to values, and from the values of all images to figures.

choice, left_out = choose(protocol)             what can be measured here, and what cannot
meter = Meter(choice)                           once per process: loads the networks
values = meter(photo, filled, hole)             of one image
row = meter.features(filled)                    for metrics of the whole set
found, missing = figures(images, rows, choice)  of all images
"""

from retouch.bench.measure.choice import Choice, choose
from retouch.bench.measure.conventions import Conventions, interpret
from retouch.bench.measure.figures import figures
from retouch.bench.measure.meter import Meter

__all__ = ["Choice", "Conventions", "Meter", "choose", "figures", "interpret"]
