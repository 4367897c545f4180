"""The papers' evaluation protocols as data, and the samples they prescribe.

from retouch.bench.protocols import protocol, samples
from retouch.data import dataset

psm = protocol("psm-places-512")
for sample in samples(psm, dataset(psm.dataset, "places", limit=100), "large"):
    ...
"""

from retouch.bench.protocols.crops import CROPS, crop
from retouch.bench.protocols.presets import PROTOCOLS, protocol, protocols
from retouch.bench.protocols.protocol import Holes, Protocol
from retouch.bench.protocols.samples import Failed, Sample, sample, samples

__all__ = [
    "CROPS",
    "PROTOCOLS",
    "Failed",
    "Holes",
    "Protocol",
    "Sample",
    "crop",
    "protocol",
    "protocols",
    "sample",
    "samples",
]
