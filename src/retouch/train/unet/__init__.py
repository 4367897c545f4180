"""A small U-Net: trains on a laptop within minutes, and shows how a recipe is written."""
