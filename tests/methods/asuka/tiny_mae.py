"""An autoencoder and an alignment of toy size, what they are fed, and the same in float64 NumPy, written anew."""

import math

import numpy as np
import torch

from retouch.methods.asuka.align import Alignment
from retouch.methods.asuka.config import Align, Mae
from retouch.methods.asuka.mae import MaskedAutoencoder

TINY = Mae(
    size=32,
    patch=4,
    width=16,
    depth=2,
    heads=2,
    decoder_width=12,
    decoder_depth=3,
    decoder_heads=3,
    prior_depth=2,
    ratio=2,
)
NARROW = Align(prior=12, width=24, blocks=2, head=8)


def stirred(network, seed=0):
    """Weights as after some training: none is 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in network.named_parameters():
            if name != "alpha":
                p.add_(torch.randn(p.shape, generator=generator) * 0.1)
    return network


def mae(alpha=0.4, config=TINY):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return stirred(MaskedAutoencoder(config.model_copy(update={"alpha": alpha}))).eval()


def alignment(config=NARROW):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return stirred(Alignment(config)).eval()


def images(batch=2, size=32, seed=0):
    """[B, 3, S, S], of a normalised photo's range."""
    return torch.randn(batch, 3, size, size, generator=torch.Generator().manual_seed(seed))


def holes(batch=2, size=32):
    """[B, 1, S, S]: a box that covers some patches wholly, some in part; the second photo's is another."""
    mask = torch.zeros(batch, 1, size, size)
    mask[0, :, 6:19, 9:22] = 1
    mask[1:, :, 15:30, 2:7] = 1
    return mask


def _weights(network):
    return {k: v.detach().double().numpy() for k, v in network.state_dict().items()}


def _linear(w, name, x):
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(x, epsilon):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + epsilon)


def _layer_norm(w, name, x):
    return _norm(x, 1e-6) * w[f"{name}.weight"] + w[f"{name}.bias"]


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _attention(q, k, v, heads, seen):
    """Head by head; keys that are not seen are left out."""
    out, d = np.zeros_like(q), q.shape[1] // heads
    for h in range(heads):
        at = slice(h * d, (h + 1) * d)
        out[:, at] = _softmax(q[:, at] @ k[seen, at].T / math.sqrt(d)) @ v[seen, at]
    return out


def _block(w, name, x, heads, seen):
    q, k, v = np.split(_linear(w, f"{name}.attn.qkv", _layer_norm(w, f"{name}.norm1", x)), 3, 1)
    x = x + _linear(w, f"{name}.attn.proj", _attention(q, k, v, heads, seen))
    h = _linear(w, f"{name}.mlp.fc1", _layer_norm(w, f"{name}.norm2", x))
    h = h * 0.5 * (1 + np.vectorize(math.erf)(h / math.sqrt(2)))
    return x + _linear(w, f"{name}.mlp.fc2", h)


def _position(row, column, width):
    quarter = width // 4
    rates = [10_000 ** (-k / quarter) for k in range(quarter)]
    return np.array([f(t * r) for t in (column, row) for f in (math.sin, math.cos) for r in rates])


def reference_mae(network, image, hole, visible, depth):
    """One photo [3, S, S] to the tokens after `depth` blocks of the decoder, [N, M]; `visible` [N] bool are seen."""
    c, w = network.config, _weights(network)
    image, hole, p = image.double().numpy(), hole.double().numpy(), c.patch
    cells = [(r, q) for r in range(c.grid) for q in range(c.grid)]

    def embed(name, pixels, r, q):
        kernel = w[f"{name}.proj.weight"]
        tile = pixels[:, r * p : r * p + p, q * p : q * p + p]
        return (kernel * tile).sum((1, 2, 3)) + w[f"{name}.proj.bias"]

    x = np.stack([embed("patch_embed", image, r, q) + _position(r, q, c.width) for r, q in cells])
    for i in range(c.depth):
        x = _block(w, f"blocks.{i}", x, c.heads, visible)
    x = _linear(w, "decoder_embed", _layer_norm(w, "norm", x))
    token, alpha, left = w["mask_token"][0, 0], float(w["alpha"]), np.concatenate([image * (1 - hole), hole])
    for n, (r, q) in enumerate(cells):
        covered = hole[0, r * p : r * p + p, q * p : q * p + p].mean()
        if not visible[n]:
            partial = alpha * token + (1 - alpha) * embed("decoder_patch_embed", left, r, q)
            x[n] = partial if 0 < covered < 1 else token
        x[n] += _position(r, q, c.decoder_width)
    everything = np.ones(len(cells), bool)
    for i in range(depth):
        x = _block(w, f"decoder_blocks.{i}", x, c.decoder_heads, everything)
    return x


def reference_paint(network, tokens):
    """Tokens after all blocks to patches [N, 3 p^2]."""
    w = _weights(network)
    return _linear(w, "decoder_pred", _layer_norm(w, "decoder_norm", tokens))


def reference_alignment(network, prior):
    """One prior [N, M_m] to tokens [N, M_s]."""
    c, w = network.config, _weights(network)
    x = _linear(w, "0", prior.double().numpy())
    for i in range(1, c.blocks + 1):
        wide = _linear(w, f"{i}.linear1", _norm(x, 1e-6))
        q, k, v = (wide[:, j * c.width : (j + 1) * c.width].copy() for j in range(3))
        h = wide[:, 3 * c.width :]
        for start in range(0, c.width, c.head):
            at = slice(start, start + c.head)
            for side, name in ((q, "query_norm"), (k, "key_norm")):
                length = np.sqrt((side[:, at] ** 2).mean(1, keepdims=True) + 1e-6)
                side[:, at] = side[:, at] / length * w[f"{i}.norm.{name}.scale"]
        attended = _attention(q, k, v, c.width // c.head, np.ones(len(x), bool))
        gelu = 0.5 * h * (1 + np.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        x = x + _linear(w, f"{i}.linear2", np.concatenate([attended, gelu], 1))
    last = c.blocks + 1
    return _norm(x, 1e-5) * w[f"{last}.weight"] + w[f"{last}.bias"]
