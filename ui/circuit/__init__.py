"""Circuit: the units that carry an answer, at which tokens, and what each further one buys."""
