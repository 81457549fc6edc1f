"""The ReLU network on pixels that the codec and the classifiers learn from."""
