"""Training: everything above against the training step."""
