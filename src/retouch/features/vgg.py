"""VGG16: relu5_3 means, fc2 features of improved precision and recall, and the slices of LPIPS."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from retouch.features.resize import tf1_bilinear

_WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0)  # 0: pooling
RELU5_3 = 30  # number of leading layers up to and with that ReLU

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


def vgg16_layers() -> list[nn.Module]:
    """The 31 layers of `features`, in the public numbering: convolution, ReLU, ..., maximum pooling."""
    layers: list[nn.Module] = []
    inside = 3
    for width in _WIDTHS:
        if width == 0:
            layers.append(nn.MaxPool2d(2, 2))
            continue
        layers += [nn.Conv2d(inside, width, 3, padding=1), nn.ReLU()]
        inside = width
    return layers


class Vgg16(nn.Module):
    """VGG16 with the public names `features.N.…`, and `classifier.N.…` where `classifier` is True.

    The last classifying layer (`classifier.6`) is part of it so that the public file loads whole; no feature uses it.
    """

    def __init__(self, classifier: bool = True):
        super().__init__()
        self.features = nn.Sequential(*vgg16_layers())
        if classifier:
            layers = [nn.Linear(512 * 7 * 7, 4096), nn.ReLU(), nn.Dropout()]
            layers += [nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000)]
            self.classifier = nn.Sequential(*layers)

    def relu5_3(self, x: Tensor) -> Tensor:
        """Activations [B, 512, H/16, W/16] of normalised images [B, 3, H, W]."""
        return self.features[:RELU5_3](x)  # type: ignore[no-any-return]

    def fc2(self, x: Tensor) -> Tensor:
        """Activations after the second fully connected layer and its ReLU, [B, 4096], of [B, 3, 224, 224]."""
        x = self.features(x).flatten(1)  # [B, 25088]
        return self.classifier[:5](x)  # type: ignore[no-any-return]


def imagenet_normalise(images: Tensor) -> Tensor:
    """uint8 values [B, 3, H, W] to (x / 255 - mean) / deviation with ImageNet's figures, float32."""
    mean = images.new_tensor(IMAGENET_MEAN, dtype=images.float().dtype)[:, None, None]  # [3, 1, 1]
    deviation = mean.new_tensor(IMAGENET_DEVIATION)[:, None, None]  # [3, 1, 1]
    return (images.float() - 255 * mean) / (255 * deviation)


def prepare_fc2(images: Tensor) -> Tensor:
    """Images [B, 3, H, W] of values 0 to 255, any size: TensorFlow 1 bilinear to 224 x 224, ImageNet normalisation."""
    return imagenet_normalise(tf1_bilinear(images.float(), 224, 224))


def public_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of the hub's copy, which writes the linear layers as convolutions, to the public ones; others stay."""
    renamed = {}
    pairs = {"pre_logits.fc1.": "classifier.0.", "pre_logits.fc2.": "classifier.3.", "head.fc.": "classifier.6."}
    for key, value in tensors.items():
        for theirs, ours in pairs.items():
            if key.startswith(theirs):
                key, value = ours + key.removeprefix(theirs), value.flatten(1) if value.ndim == 4 else value
        renamed[key] = value
    return renamed


def only_features(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The convolutions alone, for a network without classifier."""
    return {k: v for k, v in tensors.items() if k.startswith("features.")}
