"""What every training run needs: flags, seeds, batches, loss, learning rate and checkpoints."""
