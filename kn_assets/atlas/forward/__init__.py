"""The one forward pass: prompts as batches, and what is captured of them."""
