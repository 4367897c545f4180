"""Blend: a small network that weighs several patchmatch fills and a smooth one against each other and corrects them."""
