"""The input gate: which latents look like those of the training images."""
