"""Low-rank adapters (LoRA, Hu et al. 2021, arXiv 2106.09685): a large network learns through small matrices."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from retouch.methods.pixelhacker.attention import CrossAttention, LowRankGateAttention, OuterGateAttention

ATTENTIONS = (LowRankGateAttention, OuterGateAttention, CrossAttention)
Network = TypeVar("Network", bound=nn.Module)


class LowRank(nn.Module):
    """W + up down: the adapter of one layer's weight. It is W itself until `up`, which begins with zeros, has learnt.

    The scale that the paper sets beside it (alpha / r) is 1: it changes what a learning rate means, and nothing else.
    """

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        outside, inside = weight.shape
        self.down = nn.Parameter(torch.randn(rank, inside) * inside**-0.5)  # [r, inside]
        self.up = nn.Parameter(torch.zeros(outside, rank))  # [outside, r]

    def forward(self, weight: Tensor) -> Tensor:
        """[outside, inside] to [outside, inside]."""
        return weight + self.up @ self.down


def adapt(network: Network, rank: int) -> Network:
    """Give each linear layer of the network's attentions an adapter; nothing but the adapters learns from now on.

    Weights' names in `state_dict` change there: "parametrizations.weight.original", and ".0.down" and ".0.up".

    Args:
        network: is changed, and returned.
        rank: r, from 1 up.

    Raises:
        ValueError: a rank below 1.
    """
    if rank < 1:
        raise ValueError(f"rank: is {rank}; accepted: from 1 up")
    network.requires_grad_(False)
    for layer in _layers(network):
        parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank))
    return network


def merge(network: Network) -> Network:
    """Put the adapters into the weights, whose names are as they were; the network is changed, and returned."""
    for layer in _layers(network):
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
    return network


def _layers(network: nn.Module) -> list[nn.Linear]:
    """The linear layers of all attentions."""
    attentions = [module for module in network.modules() if isinstance(module, ATTENTIONS)]
    return [layer for attention in attentions for layer in attention.modules() if isinstance(layer, nn.Linear)]
