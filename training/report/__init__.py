"""Every figure of the model card and of docs/results.md."""
