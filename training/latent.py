"""The latent's shape at every compression factor: what codec and classifier agree on."""

# Latent [channels, side] of each factor.
LATENTS = {2: (2, 128), 4: (3, 64), 8: (4, 32), 16: (8, 16)}
LATENT_LIMIT = 8.0  # the exported encoder clamps the normalised latent to +- this (about 1 in 10^4)
