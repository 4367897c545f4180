"""Folders of weights at toy size, as a user has them: a base in diffusers' layout, own exports, released files."""

import json
from argparse import Namespace

import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler

from retouch.methods.asuka.align_config import AlignConfig, AlignTraining
from retouch.methods.asuka.config import Align, MaeConfig
from retouch.methods.asuka.decoder_config import DecoderConfig
from retouch.methods.asuka.flux import FLOW
from retouch.methods.asuka.recipe_align import AlignRecipe, Frozen
from retouch.methods.asuka.recipe_decoder import DecoderRecipe
from retouch.methods.asuka.recipe_mae import MaeRecipe
from retouch.methods.asuka.sample import NOISE
from retouch.ops.codec import Vae
from retouch.train.events import Trained
from retouch.train.export import export
from retouch.train.seeds import seeded

from .tiny_decoder import TINY as DECODER
from .tiny_mae import NARROW, TINY, alignment, mae
from .tiny_pipeline import POOLED, WIDTH, transformer, unet, vae

ALIGN = AlignConfig(alignment=NARROW, tokens=5)


def save(recipe, file):
    """An export of a recipe, untrained."""
    file.parent.mkdir(parents=True, exist_ok=True)
    trained = Trained(1, 1, True, recipe.networks, {}, None)
    export(trained, recipe, file, data="noise", licence="CC0-1.0", networks=recipe.ema, dtype="fp32")
    return file


def align_recipe(config=ALIGN, **frozen):
    parts = {"mae": mae(), "unet": unet(), "codec": Vae(vae()), **frozen}
    with seeded(3):
        return AlignRecipe(config, "toy", Frozen(**parts))


def prompt_recipe():
    return align_recipe(ALIGN.model_copy(update={"training": AlignTraining(learn="prompt")}), mae=None)


def write_base(folder):
    """Stable Diffusion's inpainting, with a text encoder of 26 letters."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    unet().save_pretrained(folder / "unet")
    vae().save_pretrained(folder / "vae")
    DDIMScheduler.from_config(NOISE).save_pretrained(folder / "scheduler")
    letters = [chr(c) for c in range(97, 123)]
    words = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    source = folder / "tokenizer_source"
    source.mkdir(parents=True)
    (source / "vocab.json").write_text(json.dumps({word: k for k, word in enumerate(words)}))
    (source / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = CLIPTokenizer(str(source / "vocab.json"), str(source / "merges.txt"), model_max_length=77)
    tokenizer.save_pretrained(folder / "tokenizer")
    config = CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=WIDTH,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        eos_token_id=len(words) - 1,
    )
    with seeded(4):
        CLIPTextModel(config).save_pretrained(folder / "text_encoder")
    return folder


def write_sd15(folder):
    """Everything of asuka/sd15 and sd15/..., in a folder for RETOUCH_WEIGHTS."""
    write_base(folder / "sd15" / "base")
    scaled = DECODER.model_copy(update={"scaling": vae().config.scaling_factor})
    with seeded(5):
        save(MaeRecipe(MaeConfig(network=TINY), "toy"), folder / "asuka" / "sd15" / "mae.json")
        save(DecoderRecipe(DecoderConfig(network=scaled), "toy"), folder / "asuka" / "sd15" / "decoder.json")
    save(align_recipe(), folder / "asuka" / "sd15" / "alignment.json")
    save(prompt_recipe(), folder / "sd15" / "prompt.json")
    return folder


def write_flux(folder):
    """Everything of asuka/flux-fill but the decoder; the released files in their layout, the autoencoder our export."""
    base, own = folder / "flux-fill" / "base", folder / "asuka" / "flux-fill"
    transformer().save_pretrained(base / "transformer")
    vae(scaling_factor=0.3611, shift_factor=0.1159).save_pretrained(base / "vae")
    FlowMatchEulerDiscreteScheduler.from_config(FLOW).save_pretrained(base / "scheduler")
    with seeded(5):
        save(MaeRecipe(MaeConfig(network=TINY), "toy"), own / "mae.json")
    torch.save(released(alignment(FLUX_T5)), own / "asuka_alignment_t5.pt")
    torch.save(released(alignment(FLUX_CLIP)), own / "asuka_alignment_clip.pt")
    torch.save({"state_dict": {}, "hyper": Namespace()}, own / "asuka_decoder.ckpt")
    torch.save(torch.full((1, 64, WIDTH), 0.2).bfloat16(), own / "txt_256.pt")
    torch.save(torch.full((1, POOLED), 0.3).bfloat16(), own / "vec.pt")
    return folder


FLUX_T5 = NARROW
FLUX_CLIP = Align(prior=12, width=POOLED, blocks=1, head=8, pooled=True)


def released(network):
    """An alignment's state dict as released: every block has a modulation that nothing uses."""
    tensors = dict(network.state_dict())
    for k in range(1, network.config.blocks + 1):
        tensors[f"{k}.modulation.lin.weight"] = torch.zeros(3, 3)
        tensors[f"{k}.modulation.lin.bias"] = torch.zeros(3)
    return tensors
