"""From prompts and a model to an atlas: one forward pass feeds every table."""
