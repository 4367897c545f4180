"""Stable Diffusion's inpainting and FLUX.1-Fill at toy size with random weights, and priors that fit them."""

import torch
from diffusers import AutoencoderKL, DDIMScheduler, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel

from retouch.methods.asuka.config import Align
from retouch.methods.asuka.flux import FLOW
from retouch.methods.asuka.pipeline import AsukaPipeline
from retouch.methods.asuka.prior import Embedding, make_prior
from retouch.methods.asuka.sample import NOISE
from retouch.train.seeds import seeded

from .tiny_decoder import TINY as DECODER
from .tiny_decoder import autoencoder
from .tiny_mae import alignment, mae

WIDTH = 24  # of embeddings
POOLED = 16


def unet(seed=0, channels=9):
    with seeded(seed):
        return UNet2DConditionModel(
            sample_size=64,
            in_channels=channels,
            block_out_channels=(16, 32),
            layers_per_block=1,
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=WIDTH,
            attention_head_dim=4,
            norm_num_groups=8,
            out_channels=(channels - 1) // 2,
        ).eval()


def vae(seed=1, latent=4, **more):
    with seeded(seed):
        return AutoencoderKL(
            block_out_channels=(8, 8, 8, 8),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=latent,
            norm_num_groups=4,
            **more,
        ).eval()


def sure(vae):
    """The same autoencoder with a posterior of no width, so that nothing of an encoding is random."""
    with torch.no_grad():
        half = vae.config.latent_channels
        vae.encoder.conv_out.weight[half:] = 0
        vae.encoder.conv_out.bias[half:] = -60
        if vae.quant_conv is not None:
            torch.nn.init.dirac_(vae.quant_conv.weight)
            vae.quant_conv.bias.zero_()
    return vae


def conditioned(seed=2):
    """With ASUKA's decoder."""
    with seeded(seed):
        return autoencoder(DECODER).eval()


def transformer(seed=0, latent=4):
    with seeded(seed):
        return FluxTransformer2DModel(
            in_channels=4 * (2 * latent + 64),
            out_channels=4 * latent,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=WIDTH,
            pooled_projection_dim=POOLED,
            guidance_embeds=True,
            axes_dims_rope=(4, 4, 8),
        ).eval()


def sd(with_prior=True, decoder=True):
    """An `AsukaPipeline` over Stable Diffusion's inpainting."""
    prior = make_prior(mae(), alignment()) if with_prior else None
    return AsukaPipeline(unet(), conditioned() if decoder else vae(), DDIMScheduler.from_config(NOISE), prior)


def flux(weight=0.5):
    """An `AsukaPipeline` over FLUX.1-Fill."""
    empty = Embedding(torch.full((1, 64, WIDTH), 0.2), torch.full((1, POOLED), -0.3))
    pooled = alignment(Align(prior=12, width=POOLED, blocks=1, head=8, pooled=True))
    prior = make_prior(mae(), alignment(), pooled, empty, weight)
    codec = vae(scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False)
    return AsukaPipeline(transformer(), codec, FlowMatchEulerDiscreteScheduler.from_config(FLOW), prior)


def photos(count=2, height=32, width=48, seed=0):
    """[B, 3, H, W] in [0, 1] and holes [B, 1, H, W] that no grid of 8 fits."""
    images = torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed))
    holes = torch.zeros(count, 1, height, width)
    holes[:1, :, 5:19, 10:31] = 1
    holes[1:, :, 11:30, 3:20] = 1
    return images, holes
