"""Language models: what a name means, where the weights come from, and which parts they have."""
