"""What each table of the one pass needs of the model's forward pass."""

FIRED, LENS, ATTENTION, SINKS = "fired", "lens", "attention", "sinks"

NEEDS = {
    "atlases": None,
    "thresholds": None,
    "tokens": SINKS,
    "activations": FIRED,
    "activations_by_neuron": FIRED,
    "neuron_peaks": FIRED,
    "neurons": FIRED,
    "neuron_top": FIRED,
    "logit_lens": LENS,
    "attention": ATTENTION,
}
"""The tables of the one pass, in the order they are written, and what each needs of it."""
