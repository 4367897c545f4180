"""PSM, the pixel spread model (Li et al. 2022): the hole is filled in a few iterations, the surest pixels first."""
