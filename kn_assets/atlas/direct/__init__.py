"""Direct contributions: what each unit adds to a logit, and what a neuron reads."""
