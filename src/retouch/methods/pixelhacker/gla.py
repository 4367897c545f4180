"""Gated linear attention (Yang et al. 2024, arXiv 2312.06635): a sum over the past that fades, channel by channel."""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn import functional as F


def gla(q: Tensor, k: Tensor, v: Tensor, key_gate: Tensor, value_gate: Tensor | None = None) -> Tensor:
    """o_t = q_t S_t with S_t = (exp(key_gate_t)^T exp(value_gate_t)) * S_{t-1} + k_t^T v_t, S_{-1} = 0 (Eqs. 3 and 4).

    Computed chunk by chunk, in at least float32, inside autocast too; on a GPU where the package
    flash-linear-attention is installed, by its kernels (they have no value gate).

    Args:
        q: queries [..., T, K], used as they are, unscaled; any leading dimensions, such as batch and heads.
        k: keys [..., T, K].
        v: values [..., T, V].
        key_gate: log of the share of the state that is kept, by key channel [..., T, K], 0 or less.
        value_gate: the same by value channel [..., T, V]; None: 0.

    Returns:
        o [..., T, V] in v's dtype.

    Raises:
        ValueError: shapes that do not fit each other.
    """
    _check(q, k, v, key_gate, value_gate)
    with torch.autocast(v.device.type, enabled=False):
        if value_gate is None and v.is_cuda and v.dtype != torch.float64 and find_spec("fla") is not None:
            return _kernels(q, k, v, key_gate)
        dtype = torch.promote_types(v.dtype, torch.float32)
        q, k, wide, key_gate = (x.to(dtype) for x in (q, k, v, key_gate))
        value_gate = None if value_gate is None else value_gate.to(dtype)
        # A GPU needs a launch for every chunk, a processor more arithmetic for longer ones.
        chunk = 16 if v.device.type == "cpu" else 64
        return chunked(q, k, wide, key_gate, value_gate, chunk=chunk).to(v.dtype)


def recurrent(q: Tensor, k: Tensor, v: Tensor, key_gate: Tensor, value_gate: Tensor | None = None) -> Tensor:
    """`gla` token after token as the equation reads, in the dtype given: what the faster forms are tested against."""
    state = torch.zeros_like(k[..., 0, :, None] * v[..., 0, None, :])  # [..., K, V]
    out = []
    for t in range(q.shape[-2]):
        keep = key_gate[..., t, :, None].exp()  # [..., K, 1]
        if value_gate is not None:
            keep = keep * value_gate[..., t, None, :].exp()  # [..., K, V]
        state = keep * state + k[..., t, :, None] * v[..., t, None, :]  # [..., K, V]
        out.append((q[..., t, :, None] * state).sum(-2))  # [..., V]
    return torch.stack(out, -2)  # [..., T, V]


def chunked(
    q: Tensor, k: Tensor, v: Tensor, key_gate: Tensor, value_gate: Tensor | None = None, *, chunk: int = 16
) -> Tensor:
    """`gla` as products of matrices; only the states between chunks are computed one after the other.

    Blocks of tokens double in length. When two become one, the second's queries look at the first's keys; what fades
    between them is the product of what the first keeps after the key and the second up to the query. These products
    are kept multiplied into keys and queries and grow with the blocks: there is no exponent above 0 and no division,
    so that no gate overflows, and what has faded away is 0.

    Args:
        q, k, v, key_gate, value_gate: as `gla` takes them, all of one dtype.
        chunk: tokens of a block at the end, a power of 2.

    Returns:
        o [..., T, V].
    """
    tokens = q.shape[-2]
    q, k, v, key_gate = (_padded(x, chunk) for x in (q, k, v, key_gate))  # [..., T, .]
    if value_gate is not None:
        return _outer(q, k, v, key_gate, _padded(value_gate, chunk), chunk)[..., :tokens, :]
    keep = key_gate.exp()  # [..., blocks, K], of the state by a block; a block is one token
    scores = (q * k).sum(-1)[..., None, None]  # [..., blocks, length, length], of tokens and those before them
    q = q * keep  # [..., T, K], faded from its block's start, as k fades to its block's end
    length = 1
    while length < chunk:
        (k1, _), (_, q2) = _halves(k, length), _halves(q, length)  # [..., blocks / 2, length, K]
        first, second = torch.unflatten(scores, -3, (-1, 2)).unbind(-3)  # [..., blocks / 2, length, length]
        upper = torch.cat((first, torch.zeros_like(first)), -1)  # [..., blocks / 2, length, 2 * length]
        lower = torch.cat((_products(q2, k1), second), -1)  # [..., blocks / 2, length, 2 * length]
        scores = torch.cat((upper, lower), -2)  # [..., blocks / 2, 2 * length, 2 * length]
        q, k, keep = _join(q, k, keep, length)
        length *= 2
    q, k, v = (torch.unflatten(x, -2, (-1, chunk)) for x in (q, k, v))  # [..., n, chunk, .]
    out = scores @ v  # [..., n, chunk, V]
    out += q @ _states(k.mT @ v, keep[..., None])  # [..., n, chunk, V]
    return out.flatten(-3, -2)[..., :tokens, :]


def _outer(q: Tensor, k: Tensor, v: Tensor, key_gate: Tensor, value_gate: Tensor, chunk: int) -> Tensor:
    """`chunked` with both gates: values fade to their block's end as keys do, and what is read as queries do."""
    keep, keep_v = key_gate.exp(), value_gate.exp()  # [..., blocks, K], [..., blocks, V]
    out = (q * k).sum(-1, keepdim=True) * v  # [..., T, V]
    q, read = q * keep, keep_v  # [..., T, K], [..., T, V]
    length = 1
    while length < chunk:
        (k1, _), (_, q2), (v1, _) = (_halves(x, length) for x in (k, q, v))  # [..., blocks / 2, length, .]
        seen = _products(q2, k1) @ v1 * _halves(read, length)[1]  # [..., blocks / 2, length, V]
        torch.unflatten(out, -2, (-1, 2, length))[..., 1, :, :] += seen
        q, k, keep = _join(q, k, keep, length)
        read, v, keep_v = _join(read, v, keep_v, length)
        length *= 2
    q, k, v = (torch.unflatten(x, -2, (-1, chunk)) for x in (q, k, v))  # [..., n, chunk, .]
    states = _states(k.mT @ v, keep[..., None] * keep_v[..., None, :])  # [..., n, K, V]
    return out + (q @ states).flatten(-3, -2) * read


def _halves(x: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """The first and the second of every two blocks of [..., T, C]: views [..., T / (2 * length), length, C]."""
    first, second = torch.unflatten(x, -2, (-1, 2, length)).unbind(-3)
    return first, second


def _products(q: Tensor, k: Tensor) -> Tensor:
    """q k^T of [..., length, K]; of single rows, as a sum: thousands of 1 x 1 products of matrices are slow."""
    return (q * k).sum(-1, keepdim=True) if q.shape[-2] == 1 else q @ k.mT


def _join(read: Tensor, write: Tensor, keep: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Two blocks become one: the second is read through what the first keeps, the first fades by the second.

    Args:
        read, write: [..., T, C].
        keep: [..., T / length, C].
        length: of a block so far.
    """
    first, second = torch.unflatten(keep, -2, (-1, 2)).unbind(-2)  # [..., T / (2 * length), C]
    one = torch.ones_like(first)
    by_first = torch.stack((one, first), -2)[..., None, :]  # [..., T / (2 * length), 2, 1, C]
    by_second = torch.stack((second, one), -2)[..., None, :]  # [..., T / (2 * length), 2, 1, C]
    read = (torch.unflatten(read, -2, (-1, 2, length)) * by_first).flatten(-4, -2)  # [..., T, C]
    write = (torch.unflatten(write, -2, (-1, 2, length)) * by_second).flatten(-4, -2)  # [..., T, C]
    return read, write, first * second


def _states(added: Tensor, decay: Tensor) -> Tensor:
    """The state before every chunk, S_n+1 = decay_n * S_n + added_n with S_0 = 0: [..., n, K, V]."""
    state = torch.zeros_like(added[..., 0, :, :])  # [..., K, V]
    before = []
    for new, keep in zip(added.unbind(-3), decay.unbind(-3), strict=True):
        before.append(state)
        state = torch.addcmul(new, keep, state)  # [..., K, V]
    return torch.stack(before, -3)


def _padded(x: Tensor, multiple: int) -> Tensor:
    """Zeros at the end of [..., T, C], in order in memory, up to a multiple of tokens; they add and fade nothing."""
    missing = -x.shape[-2] % multiple
    return F.pad(x, (0, 0, 0, missing)) if missing else x.contiguous()


def _kernels(q: Tensor, k: Tensor, v: Tensor, key_gate: Tensor) -> Tensor:
    """flash-linear-attention's kernels; they take [B, T, heads, .] and round products to TF32 where v is float32."""
    from fla.ops.gla import chunk_gla

    one = [x.reshape(-1, x.shape[-2], 1, x.shape[-1]) for x in (q.to(v.dtype), k.to(v.dtype), v, key_gate.float())]
    out, _ = chunk_gla(*one, scale=1.0)  # [B, T, 1, V]
    return out.reshape(v.shape)  # type: ignore[no-any-return]


def _check(q: Tensor, k: Tensor, v: Tensor, key_gate: Tensor, value_gate: Tensor | None) -> None:
    if q.ndim < 2 or q.shape[-2] < 1:
        raise ValueError(f"q: has the shape {list(q.shape)}; accepted: [..., T, K] with at least one token")
    values = (*q.shape[:-1], v.shape[-1])
    for name, given, wanted in (
        ("k", k, tuple(q.shape)),
        ("v", v, values),
        ("key_gate", key_gate, tuple(q.shape)),
        ("value_gate", value_gate, values),
    ):
        if given is not None and given.shape != wanted:
            raise ValueError(f"{name}: has the shape {list(given.shape)}; accepted: {list(wanted)} beside this q")
