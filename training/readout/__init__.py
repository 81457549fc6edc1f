"""The yardstick: what is read from a codec, or from the pixels, without a network."""
