"""Where a model holds its facts: attribution to neurons, and interventions with controls."""
