"""Names for masks by CLIP (Radford et al. 2021) and AlphaCLIP (Sun et al. 2024), through the transformers package.

p = softmax(s cos(image, text)) over prompts "a photo of a NAME" with CLIP's own temperature s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from retouch.data.lcg.pretrained import from_folder, normalised, transformers
from retouch.features.transformer import CLIP
from retouch.mask.morphology import bounding_box
from retouch.weights import WeightsMissing

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from retouch.data.lcg.alpha import AlphaTower
    from retouch.methods.base import Masks

    Tokenise = Callable[[Sequence[str]], tuple[Tensor, Tensor]]

WHERE = "https://huggingface.co/openai/clip-vit-large-patch14 or another of its sizes"
PROMPT = "a photo of a {}"
CONTEXT = 0.1  # of a mask's box, kept around it on each side
GREY = tuple(round(255 * part) for part in CLIP.mean)


class ClipScorer:
    """CLIP as a `Scorer`: it looks at the mask's box as it is, and with everything but the mask greyed.

    Args:
        model: a CLIPModel of the transformers package.
        tokenise: from texts to ids and attention mask, [n, t] int64 each.
        alpha: AlphaCLIP's image tower, which sees the whole photo and the mask as a fourth channel; None: CLIP's own.
    """

    def __init__(self, model: Any, tokenise: Tokenise, alpha: AlphaTower | None = None) -> None:
        self.model, self.tokenise, self.alpha = model, tokenise, alpha
        self.name = "clip" if alpha is None else "alpha-clip"
        self._texts: dict[tuple[str, ...], Tensor] = {}

    def score(self, image: NDArray[np.uint8], mask: Masks, names: Sequence[str]) -> NDArray[np.float64]:
        """As `Scorer.score`; ValueError where the mask is empty."""
        import torch

        with torch.inference_mode():
            texts = self._embedded(tuple(names))  # [n, d]
            seen = self._crops(image, mask) if self.alpha is None else self._whole(image, mask)  # [d]
            logits = self.model.logit_scale.exp().double().cpu() * (texts @ seen)  # [n]
            probabilities: NDArray[np.float64] = logits.softmax(0).numpy()
        return probabilities

    def _embedded(self, names: tuple[str, ...]) -> Tensor:
        """[n, d] unit vectors of the prompts, kept for the next photo."""
        if names not in self._texts:
            ids, attention = self.tokenise([PROMPT.format(name) for name in names])  # [n, t], [n, t]
            device = self.model.device
            pooled = self.model.text_model(input_ids=ids.to(device), attention_mask=attention.to(device)).pooler_output
            self._texts[names] = _unit(self.model.text_projection(pooled))
        return self._texts[names]

    def _crops(self, image: NDArray[np.uint8], mask: Masks) -> Tensor:
        """[d] mean direction of the two views of the mask's box."""
        import torch

        x0, y0, x1, y1 = _surroundings(mask)
        crop = image[y0:y1, x0:x1]  # [h, w, 3]
        alone = np.where(mask[y0:y1, x0:x1, None], crop, np.array(GREY, np.uint8))  # [h, w, 3]
        pixels = torch.stack([self._prepared(crop), self._prepared(alone)]).to(self.model.device)  # [2, 3, S, S]
        features = self.model.visual_projection(self.model.vision_model(pixel_values=pixels).pooler_output)  # [2, d]
        return _unit(_unit(features).mean(0, keepdim=True))[0]

    def _whole(self, image: NDArray[np.uint8], mask: Masks) -> Tensor:
        """[d] direction of the whole photo with the mask in AlphaCLIP's fourth channel."""
        from retouch.data.lcg.alpha import with_alpha

        assert self.alpha is not None
        pixels = with_alpha(self._prepared(image), mask)[None].to(self.model.device)  # [1, 4, S, S]
        return _unit(self.alpha(pixels))[0]

    def _prepared(self, image: NDArray[np.uint8]) -> Tensor:
        """[3, S, S], squashed to a square: cutting off the sides would cut off parts of the mask."""
        side = int(self.model.config.vision_config.image_size)
        return normalised(image, (side, side), CLIP.mean, CLIP.deviation, Image.Resampling.BICUBIC)


def load_clip(folder: str | os.PathLike[str], device: str = "cpu") -> ClipScorer:
    """CLIP from a folder with config.json, model.safetensors and the tokeniser's files.

    Raises:
        ImportError: the extra is missing.
        WeightsMissing, ValueError: the folder does not hold CLIP.
    """
    model = from_folder("CLIPModel", folder, WHERE, device)
    return ClipScorer(model, _tokeniser(folder))


def load_alpha_clip(folder: str | os.PathLike[str], alpha: str | os.PathLike[str], device: str = "cpu") -> ClipScorer:
    """AlphaCLIP: the text tower of a CLIP model, and the image tower of AlphaCLIP's release for that model.

    Its weights are for research only; they are not fetched.

    Args:
        folder: of the CLIP model of the same size.
        alpha: AlphaCLIP's .pth file.
        device: where it runs.

    Raises:
        As `load_clip`; FileNotFoundError or ValueError: the file is missing, or of another CLIP model.
    """
    model = from_folder("CLIPModel", folder, WHERE, device)
    from retouch.data.lcg.alpha import alpha_tower  # needs torch: what is missing has been told by now

    return ClipScorer(model, _tokeniser(folder), alpha_tower(model, alpha))


def _tokeniser(folder: str | os.PathLike[str]) -> Tokenise:
    at = Path(folder)
    # Without its files the package would make a tokeniser that knows no word.
    if not ((at / "tokenizer.json").is_file() or all((at / name).is_file() for name in ("vocab.json", "merges.txt"))):
        raise WeightsMissing(
            f"clip: {str(at)!r} lacks tokenizer.json, or vocab.json and merges.txt; get them from {WHERE}"
        )
    try:
        words = transformers("clip").AutoTokenizer.from_pretrained(at, local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"clip: the tokeniser in {str(at)!r} cannot be read ({error})") from error

    def tokenise(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        found = words(list(texts), padding=True, return_tensors="pt")
        return found["input_ids"], found["attention_mask"]

    return tokenise


def _surroundings(mask: Masks) -> tuple[int, int, int, int]:
    """The mask's box with some context, inside the photo."""
    box = bounding_box(mask)
    if box is None:
        raise ValueError("mask: is empty; accepted: at least one True pixel")
    x0, y0, x1, y1 = box
    dx, dy = round((x1 - x0) * CONTEXT), round((y1 - y0) * CONTEXT)
    return max(0, x0 - dx), max(0, y0 - dy), min(mask.shape[1], x1 + dx), min(mask.shape[0], y1 + dy)


def _unit(x: Tensor) -> Tensor:
    """[n, d] with rows of length 1, float64 on the CPU."""
    wide = x.double().cpu()
    unit: Tensor = wide / wide.norm(dim=-1, keepdim=True)
    return unit
