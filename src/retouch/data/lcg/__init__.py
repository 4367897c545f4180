"""PixelHacker's training data: pairs of a photo and a mask that is foreground or background.

Made from annotations or from bare photos (`make_pairs`), kept as JSON lines in shards, read by `read_pairs`, and turned
into training samples by `PairSet`. docs/lcg-data.md tells the whole way.
"""
