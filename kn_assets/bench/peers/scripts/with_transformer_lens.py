"""TransformerLens: its cache of the neurons alone, or hooks on them, whichever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from common import Run, serve
from neuron_tables import Fired, Rows
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoTokenizer


def load(config: dict[str, Any]) -> Run:
    dtype = getattr(torch, config["dtype"])
    model = TransformerBridge.boot_transformers(
        config["model"],
        hf_model=AutoModelForCausalLM.from_pretrained(config["model"], dtype=dtype),
        tokenizer=AutoTokenizer.from_pretrained(config["model"]),
        device="cpu",
        dtype=dtype,
    )
    names = [f"blocks.{layer}.mlp.hook_post" for layer in range(len(config["projections"]))]
    # The unembedding can't be left out: one position's is the least that can be asked for.
    least = {"return_type": None, "logits_to_keep": 1, "use_cache": False}

    def run(
        batches: Iterator[tuple[torch.Tensor, Rows]], settings: dict[str, Any], fired: Fired
    ) -> None:
        for ids, rows in batches:
            if settings["by"] == "run_with_cache":
                _, cache = model.run_with_cache(ids, names_filter=names, **least)
                for layer, name in enumerate(names):
                    fired.add(layer, cache[name], rows)
            else:
                hooks = [
                    (name, lambda a, hook, layer=layer, rows=rows: fired.add(layer, a, rows))
                    for layer, name in enumerate(names)
                ]
                model.run_with_hooks(ids, fwd_hooks=hooks, **least)

    return run


if __name__ == "__main__":
    serve("transformer-lens", load)
