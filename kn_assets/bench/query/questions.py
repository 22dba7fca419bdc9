"""A question to each macro, with arguments drawn by its parameters' names."""

from __future__ import annotations

import random

from kn_assets.bench.query.atlases import LAYERS, MODEL, NEURONS
from kn_assets.database import database

HELPERS = ("atlas_cities", "neuron_ranks", "prompt_tokens")
"""Macros that others stand on."""
LOOK_UPS = (
    *("heatmap", "lens", "neuron_prompts", "neuron_examples", "attention_weighted"),
    *("neuron_card", "neuron_countries", "prompt_neurons", "search_prompts"),
)
"""What the app asks at each click: the questions that stay quick at any size."""
WORDS = ("sao paulo", "łódź", "japan", "herat", "north of", "nothing like it", "")


def ask(n_prompts: int, rng: random.Random, macros: list[str] | None = None) -> dict[str, str]:
    """SQL by macro, of all but the helpers or of `macros`.

    Raises KeyError at a parameter that is new.
    """
    values = {
        "model": f"'{MODEL}'",
        "prompt": str(rng.randrange(n_prompts)),
        "layer": str(rng.randrange(LAYERS)),
        "neuron": str(rng.randrange(NEURONS)),
        "text": f"'{rng.choice(WORDS)}'",
        "country": "'Japan'",
        "value": "'Japan'",
        "token": "'Tokyo'",
        "kind": "'neuron'",
        "corners": "[[-10, -10], [20, -10], [0, 20]]",
        "relation": "'all'",
        "fact": "0",
        "step": "0",
        "n_top": "10",
        "n_sample": "6",
        "k": "20",
        "sign": "1",
        "words": "'Tokyo is in Japan'",
        "city": "0",
        "follows": "'Japan'",
        "layers": f"[{', '.join(str(i % LAYERS) for i in range(20))}]::SMALLINT[]",
        "neurons": f"[{', '.join(str(i % NEURONS) for i in range(20))}]::INTEGER[]",
        "activations": f"[{', '.join(['3.0'] * 20)}]::FLOAT[]",
    }
    found = {}
    for macro in database.macros():
        if macro.name not in HELPERS and (macros is None or macro.name in macros):
            given = [values[p] for p in macro.parameters if ":=" not in p]
            found[macro.name] = f"FROM {macro.name}({', '.join(given)})"
    return found
