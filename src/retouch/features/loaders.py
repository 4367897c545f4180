"""From a name to an extractor: the literal list of the networks that metrics look through."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from retouch.features import sources
from retouch.features.extractor import Extractor, to_tensor
from retouch.weights import Weights, file_hash, fill_module, locate, read_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from retouch.features.lpips import Lpips, Net

    Module = TypeVar("Module", bound=nn.Module)
    Path: TypeAlias = str | os.PathLike[str] | None
    Change: TypeAlias = Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]]

_FID_FAMILY = frozenset({"fid", "kid", "p_ids", "u_ids"})


def load(name: str, weights: Path = None, device: str = "cpu") -> Extractor:
    """Extractor `name` with its public weights.

    Args:
        name: one of `NAMES`.
        weights: file, or folder that holds it; None: folders in RETOUCH_WEIGHTS, then the hub.
        device: where it runs, as torch writes it.

    Raises:
        ValueError: an unknown name, or a file with another content (hash, keys, shapes).
        WeightsMissing: no such weights here; the message says where they are obtained and where to put them.
        ImportError: an extra is not installed; the message says which.
    """
    if name not in _LOADERS:
        raise ValueError(f"name: is {name!r}; accepted: {', '.join(NAMES)}")
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ImportError(f"{name}: needs the extra 'torch': pip install 'retouch[torch]'") from error
    return _LOADERS[name](weights, device)


def load_lpips(net: Net = "alex", weights: Path = None, heads: Path = None, device: str = "cpu") -> Lpips:
    """LPIPS v0.1 with the public backbone and heads.

    Args:
        net: "alex" or "vgg".
        weights: backbone file, or a folder with backbone and heads; None: folders in RETOUCH_WEIGHTS, then the hub.
        heads: file of the heads; None: from the folder too.
        device: where it runs.

    Raises:
        As `load`.
    """
    from retouch.features.lpips import Lpips, assemble

    network = empty_network(lambda: Lpips(net))  # refuses an unknown net
    backbone, linear = {
        "alex": (sources.ALEXNET_FEATURES, sources.LPIPS_ALEX),
        "vgg": (sources.VGG16_FEATURES, sources.LPIPS_VGG),
    }[net]
    file = locate(backbone, weights)
    with_heads = weights if weights is not None and os.path.isdir(weights) else None  # noqa: PTH112
    other = locate(linear, heads if heads is not None else with_heads)
    state = assemble(net, read_tensors(file), read_tensors(other))
    fill_module(network, state, f"{file} with {other}")
    return network.requires_grad_(False).eval().to(device)


def empty_network(make: Callable[[], Module]) -> Module:
    """A network without values, which are about to come from a file; making random ones would disturb torch's seed."""
    import torch

    with torch.device("meta"):
        network = make()
    return network.to_empty(device="cpu")


def fill_network(network: nn.Module, weights: Weights, path: Path, device: str, change: Change | None = None) -> str:
    """Put the weights into `network`, in place; returns their fingerprint."""
    file = locate(weights, path)
    tensors: Mapping[str, Tensor] = read_tensors(file)
    fill_module(network, tensors if change is None else change(tensors), file)
    network.requires_grad_(False).eval().to(device)
    return file_hash(file)


def _inception(path: Path, device: str) -> Extractor:
    from retouch.features.inception import Inception, prepare

    network = empty_network(lambda: Inception(fid=True))
    identity = fill_network(network, sources.INCEPTION, path, device)

    def feature(x: Tensor) -> Tensor:
        return network(prepare(x))  # type: ignore[no-any-return]

    return Extractor(
        "inception-2015-12-05", "inception", _FID_FAMILY, 2048, identity, to_tensor, feature, device
    )  # fmt: skip


def _inception_imagenet(path: Path, device: str) -> Extractor:
    from retouch.features.inception import Inception, prepare_imagenet, without_auxiliary
    from retouch.features.resize import pillow_crop

    network = empty_network(lambda: Inception(fid=False))
    identity = fill_network(network, sources.INCEPTION_IMAGENET, path, device, without_auxiliary)

    def prepare(image: NDArray[np.uint8]) -> Tensor:
        return prepare_imagenet(to_tensor(pillow_crop(image, 342, 299)))

    name = "inception-imagenet"
    return Extractor(name, name, frozenset(), 2048, identity, prepare, network, device)


def _vgg_fc2(path: Path, device: str) -> Extractor:
    from retouch.features.vgg import Vgg16, prepare_fc2, public_names

    network = empty_network(Vgg16)
    identity = fill_network(network, sources.VGG16, path, device, public_names)

    def feature(x: Tensor) -> Tensor:
        return network.fc2(prepare_fc2(x))

    standard = frozenset({"precision", "recall"})
    return Extractor("vgg16-fc2", "vgg-fc2", standard, 4096, identity, to_tensor, feature, device)


def _vgg_relu5_3(path: Path, device: str) -> Extractor:
    from retouch.features.vgg import Vgg16, imagenet_normalise, only_features

    network = empty_network(lambda: Vgg16(classifier=False))
    identity = fill_network(network, sources.VGG16_FEATURES, path, device, only_features)

    def feature(x: Tensor) -> Tensor:
        return network.relu5_3(imagenet_normalise(x)).mean((2, 3))  # [1, 512]

    return Extractor("vgg16-relu5_3", "vgg", frozenset(), 512, identity, to_tensor, feature, device)


def _resnet50(path: Path, device: str) -> Extractor:
    from retouch.features.resize import pillow_crop
    from retouch.features.resnet import ResNet50
    from retouch.features.vgg import imagenet_normalise

    network = empty_network(ResNet50)
    identity = fill_network(network, sources.RESNET50, path, device)

    def prepare(image: NDArray[np.uint8]) -> Tensor:
        return imagenet_normalise(to_tensor(pillow_crop(image, 256, 224)))

    return Extractor("resnet50", "resnet50", frozenset(), 2048, identity, prepare, network, device)


def _efficientnet_lite0(path: Path, device: str) -> Extractor:
    from retouch.features.efficientnet import EfficientNetLite0
    from retouch.features.resize import pillow_crop
    from retouch.features.vgg import imagenet_normalise

    network = empty_network(EfficientNetLite0)
    identity = fill_network(network, sources.EFFICIENTNET_LITE0, path, device)

    def prepare(image: NDArray[np.uint8]) -> Tensor:
        return imagenet_normalise(to_tensor(pillow_crop(image, 256, 224)))

    name = "efficientnet-lite0"
    return Extractor(name, name, frozenset(), 1280, identity, prepare, network, device)


def _dinov2(path: Path, device: str) -> Extractor:
    from retouch.features.transformer import DINOV2, load_tower

    return load_tower(DINOV2, path, device)


def _clip(path: Path, device: str) -> Extractor:
    from retouch.features.transformer import CLIP, load_tower

    return load_tower(CLIP, path, device)


_LOADERS: dict[str, Callable[[Path, str], Extractor]] = {
    "inception": _inception,
    "inception-imagenet": _inception_imagenet,
    "vgg16-fc2": _vgg_fc2,
    "vgg16-relu5_3": _vgg_relu5_3,
    "resnet50": _resnet50,
    "efficientnet-lite0": _efficientnet_lite0,
    "dinov2": _dinov2,
    "clip": _clip,
}

NAMES = tuple(_LOADERS)
