"""PixelHacker (Xu et al. 2025): latent diffusion that is told whether the hole is to be background or an object."""
