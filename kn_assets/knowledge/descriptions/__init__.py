"""When a neuron fires, described by a rule whose precision and recall come from other prompts."""
