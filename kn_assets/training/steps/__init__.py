"""A model through its training, from the atlases of its checkpoints."""

from kn_assets.training.steps.facts import fact_lens, fact_steps
from kn_assets.training.steps.maps import neuron_map_steps
from kn_assets.training.steps.neurons import ALIVE, layer_steps, neuron_steps

__all__ = ["ALIVE", "fact_lens", "fact_steps", "layer_steps", "neuron_map_steps", "neuron_steps"]
