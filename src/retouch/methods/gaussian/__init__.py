"""2D Gaussian Splatting with Semantic Alignment for Image Inpainting (Li et al. 2025, arXiv 2509.01964)."""
