"""Is this sentence supported by these words? The checker's data, training and card."""
