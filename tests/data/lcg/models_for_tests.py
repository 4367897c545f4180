"""Tiny SAM and CLIP models with random weights, and folders and files in the layouts of their releases."""

import json
from pathlib import Path

import torch

WORDS = ("a", "photo", "of", "dog", "sky", "tree", "wooden", "floor")
START, END = len(WORDS), len(WORDS) + 1


def seeded(make):
    """What make() gives, with weights drawn from seed 0; torch's own generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().eval().requires_grad_(False)


def tiny_sam():
    from transformers import SamConfig, SamModel

    config = SamConfig(
        vision_config={
            **{"hidden_size": 16, "output_channels": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
            **{"image_size": 64, "patch_size": 8, "window_size": 4, "global_attn_indexes": [0], "num_pos_feats": 8},
            "initializer_range": 0.5,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 8, "mask_input_channels": 4},
        mask_decoder_config={"hidden_size": 16, "mlp_dim": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        | {"iou_head_depth": 2, "iou_head_hidden_dim": 16},
        initializer_range=0.5,
    )
    return seeded(lambda: SamModel(config))


def tiny_clip():
    from transformers import CLIPConfig, CLIPModel

    config = CLIPConfig(
        text_config={
            **{"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2},
            **{"vocab_size": len(WORDS) + 2, "max_position_embeddings": 16, "bos_token_id": START, "eos_token_id": END},
        },
        vision_config={
            **{"hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
            **{"image_size": 32, "patch_size": 8},
        },
        projection_dim=12,
    )
    return seeded(lambda: CLIPModel(config))


def tokenise(texts):
    """Every known word is one token; the end is repeated as padding."""
    rows = [[START, *(WORDS.index(word) for word in text.split() if word in WORDS), END] for text in texts]
    longest = max(map(len, rows))
    ids = torch.tensor([row + [END] * (longest - len(row)) for row in rows])
    return ids, torch.tensor([[k < len(row) for k in range(longest)] for row in rows]).long()


def clip_folder(folder: Path):
    """A tiny CLIP with a tokeniser of single letters, as the hub holds them."""
    tiny_clip().save_pretrained(folder)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = {word: k for k, word in enumerate(["<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary | {f"{x}</w>": 2 + k for k, x in enumerate(letters[:8])}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    return folder


def released_alpha(clip):
    """The image tower of a CLIP model under AlphaCLIP's names, with random weights for the fourth channel."""
    vision, tensors = clip.vision_model, {}
    state = vision.state_dict()
    embeddings = "embeddings."
    tensors["class_embedding"] = state[f"{embeddings}class_embedding"]
    tensors["positional_embedding"] = state[f"{embeddings}position_embedding.weight"]
    tensors["conv1.weight"] = state[f"{embeddings}patch_embedding.weight"]
    tensors["conv1_alpha.weight"] = torch.randn(16, 1, 8, 8, generator=torch.Generator().manual_seed(1)) / 4
    tensors["proj"] = clip.visual_projection.weight.T
    for kind in ("weight", "bias"):
        tensors[f"ln_pre.{kind}"] = state[f"pre_layrnorm.{kind}"]
        tensors[f"ln_post.{kind}"] = state[f"post_layernorm.{kind}"]
        for k in range(2):
            ours, theirs = f"encoder.layers.{k}", f"transformer.resblocks.{k}"
            parts = [state[f"{ours}.self_attn.{name}_proj.{kind}"] for name in "qkv"]
            tensors[f"{theirs}.attn.in_proj.{kind}"] = torch.cat(parts)
            tensors[f"{theirs}.attn.out_proj.{kind}"] = state[f"{ours}.self_attn.out_proj.{kind}"]
            tensors[f"{theirs}.ln_1.{kind}"] = state[f"{ours}.layer_norm1.{kind}"]
            tensors[f"{theirs}.ln_2.{kind}"] = state[f"{ours}.layer_norm2.{kind}"]
            tensors[f"{theirs}.mlp.c_fc.{kind}"] = state[f"{ours}.mlp.fc1.{kind}"]
            tensors[f"{theirs}.mlp.c_proj.{kind}"] = state[f"{ours}.mlp.fc2.{kind}"]
    return {key: value.detach().clone() for key, value in tensors.items()}
