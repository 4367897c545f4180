"""Networks that judge whether an image is real: PatchGAN and StyleGAN2's."""
