"""Which units, at which tokens, carry an answer: attribution, patching, circuits and their
price."""
