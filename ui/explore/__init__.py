"""Explore: a prompt, its fired neurons, and one of them."""
