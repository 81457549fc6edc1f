"""What is measured on models: AUROC with intervals, and the likeness of images."""
