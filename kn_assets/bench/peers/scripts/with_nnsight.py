"""nnsight: a trace of the model without its head, thresholding inside it or after it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

import nnsight
import torch
from common import Run, serve
from neuron_tables import Fired, Rows
from transformers import AutoModelForCausalLM


def load(config: dict[str, Any]) -> Run:
    whole = AutoModelForCausalLM.from_pretrained(
        config["model"], dtype=getattr(torch, config["dtype"])
    )
    whole.eval()
    model = nnsight.NNsight(whole.base_model)
    prefix = whole.base_model_prefix + "."
    projections = [
        reduce(
            lambda at, step: at[int(step)] if step.isdigit() else getattr(at, step),
            name.removeprefix(prefix).split("."),
            model,
        )
        for name in config["projections"]
    ]

    def run(
        batches: Iterator[tuple[torch.Tensor, Rows]], settings: dict[str, Any], fired: Fired
    ) -> None:
        for ids, rows in batches:
            if settings["by"] == "save":
                with model.trace(input_ids=ids, use_cache=False):
                    seen = nnsight.save([p.input for p in projections])
                for layer, activations in enumerate(seen):
                    fired.add(layer, activations, rows)
            else:
                with model.trace(input_ids=ids, use_cache=False):
                    for layer, projection in enumerate(projections):
                        fired.add(layer, projection.input, rows)

    return run


if __name__ == "__main__":
    serve("nnsight", load)
