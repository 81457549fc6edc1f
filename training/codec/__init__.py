"""The VQGAN, its training, and the latents that it makes of the images."""
