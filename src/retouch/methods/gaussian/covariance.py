"""The shape of every Gaussian: the Cholesky factor of its covariance, from a dictionary or an MLP."""

from __future__ import annotations

import itertools
import statistics

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from retouch.methods.gaussian.align import mlp

# Usual factors of image patches (Peng et al. 2025, "Pixel to Gaussian", the prior that the paper's section 4.1 takes).
L11 = (0.0, 0.41, 0.62, 0.98, 1.13, 1.29, 1.64, 1.85, 2.36)
L21 = (-0.86, -0.36, -0.16, 0.19, 0.34, 0.49, 0.84, 1.04, 1.54)
L22 = (0.0, 0.33, 0.53, 0.88, 1.03, 1.18, 1.53, 1.73, 2.23)
ENTRIES = (*itertools.product(L11, L21, L22), (0.0, 0.0, 0.0))
MEAN = tuple(statistics.fmean(column) for column in zip(*ENTRIES, strict=True))


def dictionary() -> Tensor:
    """All 9 x 9 x 9 triples (l11, l21, l22) and zero, [730, 3], in pixels of a patch without its border."""
    return torch.tensor(ENTRIES)


class DictionaryCovariance(nn.Module):
    """(l11, l21, l22) = softmax(q K^T) D, q = linear(leaky_relu(f)), K = MLP(D): a mixture of the 730 entries.

    It is attention, and computed as such: the [Gaussians, 730] weights, 242 MB for a photo of 256 x 256, are never
    stored. A softmax does not see what all logits share, so the last bias of `keys` has no gradient.
    """

    dictionary: Tensor

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.keys = mlp(3, hidden // 2, hidden, hidden, hidden, hidden)
        self.register_buffer("dictionary", dictionary(), persistent=False)
        self._kept: tuple[tuple[tuple[int, int], ...], Tensor] | None = None

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, M, hidden] of M Gaussians to (l11, l21, l22) [B, M, 3]."""
        query = self.query(F.leaky_relu(features, 0.01))[:, None]  # [B, 1, M, hidden]
        keys = self.current_keys().expand(len(features), 1, -1, -1)  # [B, 1, 730, hidden]
        # Attention kernels want values as wide as keys.
        values = F.pad(self.dictionary, (0, max(0, keys.shape[-1] - 3)))  # [730, hidden]
        values = values.expand(len(features), 1, -1, -1)  # [B, 1, 730, hidden]
        return F.scaled_dot_product_attention(query, keys, values, scale=1.0)[:, 0, :, :3]

    def current_keys(self) -> Tensor:
        """K [730, hidden]; computed once in evaluation, until a weight changes or moves."""
        if self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
            return self.keys(self.dictionary)  # type: ignore[no-any-return]
        if any(p.is_inference() for p in self.keys.parameters()):  # their changes are not counted
            return self.keys(self.dictionary)  # type: ignore[no-any-return]
        # The counter rises with every change in place, such as an optimiser's step.
        state = tuple((p.data_ptr(), p._version) for p in self.keys.parameters())
        if self._kept is None or self._kept[0] != state:
            self._kept = state, self.keys(self.dictionary)
        return self._kept[1]


class MlpCovariance(nn.Module):
    """(l11, l21, l22) = E_l(f) (the paper's Eq. 3) + the dictionary's mean, so that both kinds start alike."""

    start: Tensor

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.mlp = mlp(hidden, hidden, hidden, hidden // 2, 3)
        self.register_buffer("start", torch.tensor(MEAN), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Features [B, M, hidden] of M Gaussians to (l11, l21, l22) [B, M, 3]; signs are free."""
        return self.start + self.mlp(features)  # type: ignore[no-any-return]
