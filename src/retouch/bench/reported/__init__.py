"""The numbers that the papers report, as data with their source.

One CSV per source lies beside this file. Values are as printed, in the unit named; models have one spelling across
papers (CoModGAN, HiFill, AOT-GAN, SD), and variants of a paper's own model say in brackets what differs.
"""

from retouch.bench.reported.read import SOURCES, Reported, reported

__all__ = ["SOURCES", "Reported", "reported"]
