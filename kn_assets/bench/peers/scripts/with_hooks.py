"""Plain hooks and pandas: what one writes without any library."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import torch
from common import Run, serve
from neuron_tables import Fired, Rows
from transformers import AutoModelForCausalLM


def load(config: dict[str, Any]) -> Run:
    model = AutoModelForCausalLM.from_pretrained(
        config["model"], dtype=getattr(torch, config["dtype"])
    )
    model.eval()
    body = model.base_model  # without its head

    def run(
        batches: Iterator[tuple[torch.Tensor, Rows]], settings: dict[str, Any], fired: Fired
    ) -> None:
        seen: dict[int, torch.Tensor] = {}
        handles = [
            model.get_submodule(name).register_forward_pre_hook(
                lambda _module, args, layer=layer: seen.__setitem__(layer, args[0])
            )
            for layer, name in enumerate(config["projections"])
        ]
        for ids, rows in batches:
            body(input_ids=ids, use_cache=False)
            for layer, activations in seen.items():
                fired.add(layer, activations, rows)
        for handle in handles:
            handle.remove()

    return run


if __name__ == "__main__":
    serve("transformers", load, lambda columns, path: pd.DataFrame(columns).to_parquet(path))
