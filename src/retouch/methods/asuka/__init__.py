"""ASUKA: a masked autoencoder's prior steers a frozen diffusion model, a decoder harmonises what it makes."""
