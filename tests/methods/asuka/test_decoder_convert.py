"""Released decoders, autoencoders of diffusers and own exports, under our names."""

import argparse

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from diffusers import AutoencoderKL  # noqa: E402

from retouch.methods.asuka.decoder_config import LEVELS, Autoencoder  # noqa: E402
from retouch.methods.asuka.decoder_convert import DECODER, ENCODER, convert  # noqa: E402
from retouch.methods.asuka.decoder_load import CONDITION, FIRST, fill_autoencoder, fill_decoder  # noqa: E402
from tests.methods.asuka.tiny_decoder import TINY, inputs, tiny  # noqa: E402


def released(network, *, mask_channel=True, encoder=True):
    """The state dict of a network under the released names, with what a training checkpoint has besides."""
    out = {}
    for key, value in network.state_dict().items():
        half, _, rest = key.partition(".")
        if half in ("quant_conv", "post_quant_conv"):
            out[key] = value
        elif half == "decoder" or encoder:
            out[f"{half}.{_official(rest, DECODER if half == 'decoder' else ENCODER)}"] = _as_theirs(rest, value)
    if not mask_channel:
        first = "decoder.encoder.layers.0.weight"
        out[first] = out[first][:, :3]
    dead = {"decoder.up_layers.0.deconv.weight": torch.zeros(2, 2), "loss.logvar": torch.zeros(())}
    return out | dead | {"loss.perceptual_loss.net.slice1.0.weight": torch.zeros(1)}


def _official(name, layers):
    layer, _, kind = name.rpartition(".")
    parts = layer.split(".")
    numbers = [part for part in parts if part.isdigit()]
    for theirs, ours in layers.items():
        if ours is None:
            continue
        there = ours.split(".")
        if len(there) == len(parts) and all(a in ("*", b) for a, b in zip(there, parts, strict=True)):
            stars = [b for a, b in zip(there, parts, strict=True) if a == "*"]
            if theirs.startswith("up."):
                stars[0] = str(LEVELS - 1 - int(stars[0]))
            for star in stars:
                theirs = theirs.replace("*", star, 1)
            return f"{theirs}.{kind}"
    raise AssertionError((name, numbers))


def _as_theirs(name, value):
    return value[:, :, None, None] if ".attentions." in name and value.ndim == 2 else value


def assert_equal(network, other, names=""):
    own, theirs = network.state_dict(), other.state_dict()
    for key in own:
        if key.startswith(names):
            assert torch.equal(own[key], theirs[key]), key


def test_a_lightning_checkpoint_of_the_released_layout(tmp_path):
    """State dict in a checkpoint, a pickled Namespace beside it, dead keys, losses' networks."""
    source, network = tiny(seed=1), tiny(seed=2)
    content = {"state_dict": released(source), "hyper_parameters": argparse.Namespace(lr=8e-5), "global_step": 160_000}
    torch.save(content, tmp_path / "asuka_decoder.ckpt")
    fill_autoencoder(network, tmp_path / "asuka_decoder.ckpt", TINY)
    assert_equal(network, source)


def test_a_decoder_alone_goes_into_a_network_that_has_its_encoder(tmp_path):
    source, network, before = tiny(seed=1), tiny(seed=2), tiny(seed=2)
    torch.save({"state_dict": released(source, encoder=False)}, tmp_path / "d.ckpt")
    fill_decoder(network, tmp_path / "d.ckpt", TINY)
    assert_equal(network, source, "decoder.")
    assert_equal(network, before, "encoder.")
    with pytest.raises(ValueError, match=r"d\.ckpt has a decoder only; accepted: with the encoder"):
        fill_autoencoder(network, tmp_path / "d.ckpt", TINY)


def test_three_channels_get_a_mask_channel_of_zeros(tmp_path):
    """Zhu et al.'s decoder does not see the mask; padded it decodes as it did."""
    source, network = tiny(seed=1), tiny(seed=2)
    torch.save(released(source, mask_channel=False), tmp_path / "z.pth")
    fill_autoencoder(network, tmp_path / "z.pth", TINY)
    first = network.state_dict()[FIRST]
    assert torch.equal(first[:, :3], source.state_dict()[FIRST][:, :3])
    assert (first[:, 3] == 0).all()
    plain = tiny(TINY.model_copy(update={"condition_mask": False}))
    fill_autoencoder(plain, tmp_path / "z.pth", TINY.model_copy(update={"condition_mask": False}))
    z, image, mask = inputs()
    with torch.inference_mode():
        theirs, ours = (each.decode(z, image=image, mask=mask).sample for each in (plain, network))
    torch.testing.assert_close(ours, theirs)


def test_a_folder_of_diffusers_autoencoder(tmp_path):
    """Without known pixels our network decodes what theirs does."""
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=TINY.widths,
        layers_per_block=TINY.blocks,
        latent_channels=TINY.latent,
        norm_num_groups=TINY.groups,
    ).eval()
    vae.save_pretrained(tmp_path)
    network = tiny()
    fresh = network.state_dict()[FIRST].clone()
    fill_autoencoder(network, tmp_path, TINY)
    assert torch.equal(network.state_dict()[FIRST], fresh)
    z, image, _ = inputs()
    with torch.inference_mode():
        torch.testing.assert_close(network.decode(z).sample, vae.decode(z).sample)
        torch.testing.assert_close(network.encode(image).latent_dist.mean, vae.encode(image).latent_dist.mean)


def test_the_map_names_every_weight_of_the_network():
    own = set(tiny().state_dict())
    assert set(convert(released(tiny()))) == own
    assert any(key.startswith(CONDITION) for key in own)


@pytest.mark.parametrize(
    "key",
    ["decoder.up.0.block.0.conv3.weight", "decoder.conv_in.gain", "encoder.up.0.block.0.conv1.weight", "net.0.bias"],
)
def test_an_unknown_name_is_an_error(tmp_path, key):
    torch.save({key: torch.zeros(1)}, tmp_path / "u.pth")
    with pytest.raises(ValueError, match=r"u\.pth: key: '.*' is unknown; accepted: names"):
        fill_autoencoder(tiny(), tmp_path / "u.pth", TINY)


def test_wrong_files_are_named(tmp_path):
    network = tiny()
    with pytest.raises(FileNotFoundError, match=r"none\.ckpt does not exist"):
        fill_autoencoder(network, tmp_path / "none.ckpt", TINY)
    with pytest.raises(FileNotFoundError, match=r"has no config\.json; accepted: a folder of diffusers' AutoencoderKL"):
        fill_autoencoder(network, tmp_path, TINY)
    torch.save(released(tiny()), tmp_path / "other.pth")
    wider = Autoencoder(latent=8, widths=TINY.widths, blocks=1, groups=4)
    with pytest.raises(ValueError, match=r"other\.pth: .* has shape .*; accepted: "):
        fill_autoencoder(tiny(wider), tmp_path / "other.pth", wider)
    torch.save({"loss.logvar": torch.zeros(1)}, tmp_path / "loss.pth")
    with pytest.raises(ValueError, match=r"loss\.pth: has no decoder; accepted: asuka_decoder\.ckpt"):
        fill_autoencoder(network, tmp_path / "loss.pth", TINY)


def test_the_widths_fit_the_groups():
    with pytest.raises(ValueError, match=r"widths: is \[8, 8, 16\]; accepted: 4 multiples of groups, 4"):
        Autoencoder(widths=(8, 8, 16), groups=4)
