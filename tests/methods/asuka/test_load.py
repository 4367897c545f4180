"""Released files, as they are laid out: what is taken, what is dropped, what is refused."""

import argparse
import functools
import pickle
import sys

import pytest

torch = pytest.importorskip("torch")

from retouch.methods.asuka.convert import convert_hub, read_mae  # noqa: E402
from retouch.methods.asuka.load import fill_mae, load_alignment, load_mae  # noqa: E402

from .tiny_mae import NARROW, TINY, alignment, holes, images, mae  # noqa: E402

PATCHES = ("alpha", "decoder_patch_embed.proj.weight", "decoder_patch_embed.proj.bias")
POSITIONS = ("pos_embed", "decoder_pos_embed")


def official(network):
    """Its weights with positions, as ASUKA's and MAE-FAR's code saves them."""
    state = {k: v.clone() for k, v in network.state_dict().items()}
    return state | {"pos_embed": network.positions.clone(), "decoder_pos_embed": network.decoder_positions.clone()}


def checkpoint(path, state):
    """As MAE-FAR's training code writes it: weights, optimiser, loss scale, and the arguments of the run."""
    args = argparse.Namespace(model="mae_vit_base_patch16", lr=6e-4, finetune=True, mask_path=["a.txt"], resume="")
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(3))], lr=1.0)
    content = {"model": state, "optimizer": optimiser.state_dict(), "epoch": 300, "scaler": {"scale": 2.0}}
    torch.save(content | {"args": args}, path)
    return path


def same(a, b):
    mine, theirs = a.state_dict(), b.state_dict()
    assert set(mine) == set(theirs)
    assert all(torch.equal(mine[k], theirs[k]) for k in mine)


def test_a_checkpoint_with_the_arguments_of_its_run(tmp_path):
    path, network = checkpoint(tmp_path / "mae_300.pth", official(mae())), mae()
    with pytest.raises(pickle.UnpicklingError, match=r"argparse\.Namespace"):
        torch.load(path, weights_only=True)
    loaded = load_mae(path, TINY)
    same(loaded, network)
    assert not loaded.training
    assert torch.equal(loaded.prior(images(), holes()), network.prior(images(), holes()))
    with pytest.raises(pickle.UnpicklingError):  # let through for this file only
        torch.load(path, weights_only=True)


def test_a_file_without_partial_patches_looks_at_none_of_them(tmp_path):
    state = {k: v for k, v in official(mae()).items() if k not in PATCHES}
    loaded = load_mae(checkpoint(tmp_path / "far.pth", state), TINY.model_copy(update={"alpha": 0.3}))
    assert loaded.alpha.item() == 1
    blind = mae(alpha=1.0)
    assert torch.equal(loaded.prior(images(), holes()), blind.prior(images(), holes()))


@pytest.mark.parametrize("key", PATCHES)
def test_a_part_of_them_is_refused(tmp_path, key):
    state = {k: v for k, v in official(mae()).items() if k != key}
    with pytest.raises(ValueError, match=rf"half.pth: 1 keys are missing, first '{key}'"):
        load_mae(checkpoint(tmp_path / "half.pth", state), TINY)


def test_positions_may_be_absent_but_not_others(tmp_path):
    state = official(mae())
    same(load_mae(checkpoint(tmp_path / "a.pth", {k: v for k, v in state.items() if k not in POSITIONS}), TINY), mae())
    for key in POSITIONS:
        learnt = {key: state[key] + 0.01}
        with pytest.raises(ValueError, match=rf"b.pth: '{key}' has other positions, \[1, 64, \d+\]; accepted"):
            load_mae(checkpoint(tmp_path / "b.pth", state | learnt), TINY)
        with pytest.raises(ValueError, match=r"other positions, \[1, 65, \d+\]; accepted: .*\[1, 64, \d+\]"):
            load_mae(checkpoint(tmp_path / "b.pth", state | {key: torch.zeros(1, 65, state[key].shape[2])}), TINY)


def test_missing_unknown_and_other_weights_are_refused(tmp_path):
    state = official(mae())
    for changed, message in (
        ({k: v for k, v in state.items() if k != "mask_token"}, "1 keys are missing, first 'mask_token'"),
        (state | {"cls_token": torch.zeros(1)}, "1 keys are unexpected, first 'cls_token'"),
        (state | {"mask_token": torch.zeros(1, 1, 5)}, r"'mask_token' has shape \(1, 1, 5\); accepted: \(1, 1, 12\)"),
    ):
        with pytest.raises(ValueError, match=rf"c.pth: {message}"):
            load_mae(checkpoint(tmp_path / "c.pth", changed), TINY)


class Harmful:
    """What runs code when it is unpickled."""

    def __reduce__(self):
        return sys.exit, (3,)


def test_code_in_a_file_is_never_run(tmp_path):
    torch.save({"model": official(mae()), "args": Harmful()}, tmp_path / "harm.pth")
    for read in (functools.partial(load_mae, config=TINY), functools.partial(load_alignment, config=NARROW)):
        with pytest.raises(ValueError, match=r"harm.pth: is no checkpoint that can be read without running code"):
            read(tmp_path / "harm.pth")
        with pytest.raises(FileNotFoundError, match=r"none.pth does not exist"):
            read(tmp_path / "none.pth")


def test_loading_leaves_torchs_seed_alone(tmp_path):
    checkpoint(tmp_path / "mae.pth", official(mae()))
    torch.save(alignment().state_dict(), tmp_path / "align.pt")
    before = torch.random.get_rng_state()
    load_mae(tmp_path / "mae.pth", TINY)
    load_alignment(tmp_path / "align.pt", NARROW)
    assert torch.equal(before, torch.random.get_rng_state())


def modulated(network):
    """Its weights with the modulation of FLUX's blocks, which released files carry along."""
    extra = {f"{i}.modulation.lin.{kind}": torch.zeros(72, 24)[0] for i in (1, 2) for kind in ("weight", "bias")}
    return network.state_dict() | extra


def test_the_modulation_of_an_alignment_is_dropped(tmp_path):
    torch.save(modulated(alignment()), tmp_path / "asuka_alignment_clip.pt")
    loaded = load_alignment(tmp_path / "asuka_alignment_clip.pt", NARROW)
    same(loaded, alignment())
    assert not loaded.training


@pytest.mark.parametrize("key", ["1.modulation.scale", "3.linear1.weight", "modulation.lin.weight"])
def test_other_keys_of_an_alignment_are_refused(tmp_path, key):
    torch.save(modulated(alignment()) | {key: torch.zeros(1)}, tmp_path / "align.pt")
    with pytest.raises(ValueError, match=rf"align.pt: 1 keys are unexpected, first '{key}'"):
        load_alignment(tmp_path / "align.pt", NARROW)


def test_an_alignment_of_another_width_is_refused(tmp_path):
    torch.save(modulated(alignment()), tmp_path / "align.pt")
    with pytest.raises(ValueError, match=r"align.pt: '0.bias' has shape \(24,\); accepted: \(32,\)"):
        load_alignment(tmp_path / "align.pt", NARROW.model_copy(update={"width": 32}))


INSIDE = {
    "norm1": "layernorm_before",
    "attn.proj": "attention.output.dense",
    "norm2": "layernorm_after",
    "mlp.fc1": "intermediate.dense",
    "mlp.fc2": "output.dense",
}


def hub(network, decoder="decoder.decoder_layers"):
    """Weights under the names of facebook/vit-mae-base, at its grid of 14 x 14 and with its class token."""
    c = network.config
    state = {
        "vit.embeddings.cls_token": torch.ones(1, 1, c.width),
        "vit.embeddings.position_embeddings": torch.ones(1, 197, c.width),
        "decoder.decoder_pos_embed": torch.ones(1, 197, c.decoder_width),
    }
    plain = {"patch_embed.proj": "vit.embeddings.patch_embeddings.projection", "norm": "vit.layernorm"}
    plain |= {name: f"decoder.{name}" for name in ("decoder_embed", "decoder_norm", "decoder_pred", "mask_token")}
    for key, value in network.state_dict().items():
        layer, _, kind = key.rpartition(".")
        first, _, rest = layer.partition(".")
        if key in PATCHES:
            continue
        if first not in ("blocks", "decoder_blocks"):
            name = plain[layer or key]
            state[f"{name}.{kind}" if layer else name] = value
            continue
        number, _, part = rest.partition(".")
        block = f"{'vit.encoder.layer' if first == 'blocks' else decoder}.{number}"
        if part == "attn.qkv":
            for name, rows in zip(("query", "key", "value"), value.chunk(3), strict=True):
                state[f"{block}.attention.attention.{name}.{kind}"] = rows.clone()
        else:
            state[f"{block}.{INSIDE[part]}.{kind}"] = value
    return state


@pytest.mark.parametrize("decoder", ["decoder.decoder_layers", "decoder.decoder_encoder.layer"])
def test_the_hubs_autoencoder(tmp_path, decoder):
    from safetensors.torch import save_file

    network = mae(alpha=1.0)
    save_file({k: v.contiguous() for k, v in hub(network, decoder).items()}, tmp_path / "model.safetensors")
    torch.save(hub(network, decoder), tmp_path / "pytorch_model.bin")
    for name in ("model.safetensors", "pytorch_model.bin"):
        loaded = load_mae(tmp_path / name, TINY)
        assert loaded.alpha.item() == 1
        assert torch.equal(loaded.prior(images(), holes()), network.prior(images(), holes()))


@pytest.mark.parametrize(
    "key",
    [
        "vit.pooler.dense.weight",
        "vit.encoder.layer.0.attention.attention.query.gain",
        "vit.encoder.layer.x.layernorm_before.bias",
        "decoder.decoder_layers.0.1.layernorm_before.bias",
        "classifier.bias",
    ],
)
def test_an_unknown_name_of_the_hubs_is_refused(key):
    with pytest.raises(ValueError, match=f"key: '{key}' is unknown; accepted: names of facebook/vit-mae-base"):
        convert_hub(hub(mae()) | {key: torch.zeros(1)})


def test_keys_without_queries_are_refused():
    state = hub(mae())
    del state["vit.encoder.layer.1.attention.attention.query.bias"]
    with pytest.raises(ValueError, match=r"key: 'blocks.1.attn.qkv.bias' has key, value only; accepted: query, key"):
        convert_hub(state)


def test_a_network_is_filled_in_place(tmp_path):
    path, network = checkpoint(tmp_path / "mae.pth", official(mae())), mae(config=TINY)
    with torch.no_grad():
        network.mask_token.zero_()
    fill_mae(network, path)
    same(network, mae())
    assert set(read_mae(path)) == set(official(mae()))


@pytest.mark.filterwarnings("ignore")  # the package warns of its own plans
def test_the_prior_is_that_of_transformers(tmp_path):
    transformers = pytest.importorskip("transformers")
    c = TINY.model_copy(update={"ratio": 4, "alpha": 1.0})
    torch.manual_seed(0)
    theirs = transformers.ViTMAEForPreTraining(
        transformers.ViTMAEConfig(
            hidden_size=c.width,
            num_hidden_layers=c.depth,
            num_attention_heads=c.heads,
            intermediate_size=4 * c.width,
            image_size=c.size,
            patch_size=c.patch,
            decoder_hidden_size=c.decoder_width,
            decoder_num_hidden_layers=c.decoder_depth,
            decoder_num_attention_heads=c.decoder_heads,
            decoder_intermediate_size=4 * c.decoder_width,
            layer_norm_eps=1e-6,
            mask_ratio=0.0,
            attn_implementation="eager",
        )
    ).eval()
    ours = mae(config=c)
    with torch.no_grad():
        for p in theirs.parameters():
            p.normal_(std=0.2)
        theirs.vit.embeddings.position_embeddings[:, 1:] = ours.positions
        theirs.decoder.decoder_pos_embed[:, 1:] = ours.decoder_positions
    theirs.save_pretrained(tmp_path)
    ours = load_mae(tmp_path / "model.safetensors", c)
    x, m = images(), holes()
    visible = ours.coverage(m) == 0  # [2, N]
    keys = torch.cat([torch.zeros(2, 1), visible], 1)[:, None, None]  # the class token is not looked at
    mask = torch.zeros_like(keys).masked_fill(keys == 0, torch.finfo().min)
    with torch.no_grad():
        hidden, _, _ = theirs.vit.embeddings(x, noise=torch.arange(64.0).expand(2, -1))
        for layer in theirs.vit.layers if hasattr(theirs.vit, "layers") else theirs.vit.encoder.layer:
            hidden = layer(hidden, mask)
            hidden = hidden[0] if isinstance(hidden, tuple) else hidden
        tokens = theirs.decoder.decoder_embed(theirs.vit.layernorm(hidden))[:, 1:]
        tokens = torch.where(visible[..., None], tokens, theirs.decoder.mask_token)
        tokens = tokens + theirs.decoder.decoder_pos_embed[:, 1:]
        for layer in theirs.decoder.decoder_layers[: c.prior_depth]:
            tokens = layer(tokens)
            tokens = tokens[0] if isinstance(tokens, tuple) else tokens
        torch.testing.assert_close(ours.prior(x, m), tokens, rtol=1e-5, atol=1e-5)
