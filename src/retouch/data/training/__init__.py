"""Training data: photos, crops and holes as an endless stream that follows from one seed.

from retouch.data import SampleSettings, TrainingSet, photos_in
samples = TrainingSet(photos_in("photos"), SampleSettings(size=256, holes="mat-256-large"), seed=0)
samples[0].photo, samples[0].hole  # [256, 256, 3] uint8, [256, 256] bool

Batches of tensors: `retouch.data.training.loader`, which needs torch.
"""
