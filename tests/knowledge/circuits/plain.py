"""The same with plain hooks on Hugging Face's own model: nothing is shared with what is tested."""

from __future__ import annotations

from typing import Any

import torch

IDS = (11, 40, 71, 22, 5, 93, 17)
OTHER = (11, 40, 150, 201, 5, 93, 17)
ANSWER, AGAINST = 30, 60


def projections(model: Any) -> tuple[list[Any], list[Any]]:
    """Output projections of attentions and of MLPs by layer, by their names."""
    attention, mlp = [], []
    for name, module in model.named_modules():
        tail = ".".join(name.split(".")[-2:])
        if tail in (
            "attn.c_proj", "self_attn.o_proj", "self_attn.dense", "self_attn.out_proj",
            "attention.dense", "attention.out_proj", "attn.out_proj", "self_attention.dense",
        ):  # fmt: skip
            attention.append(module)
        if tail in (
            "mlp.c_proj", "mlp.down_proj", "mlp.dense_4h_to_h", "mlp.fc2", "mlp.fc_out",
        ) or name.endswith(".fc2"):  # fmt: skip
            mlp.append(module)
    return attention, mlp


def values(model: Any, ids: tuple[int, ...]) -> tuple[list[Any], list[Any], Any]:
    """Inputs of both kinds of projections by layer, [T, width], and the logits at the end."""
    attention, mlp = projections(model)
    kept: dict[Any, Any] = {}
    handles = [
        m.register_forward_pre_hook(lambda m, args: kept.__setitem__(m, args[0].detach().clone()))
        for m in [*attention, *mlp]
    ]
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([ids])).logits[0, -1]
    for handle in handles:
        handle.remove()
    n = len(ids)
    heads = [kept[m].reshape(n, -1) for m in attention]
    return heads, [kept[m].reshape(n, -1) for m in mlp], logits


def difference(logits: Any) -> float:
    return float(logits[ANSWER] - logits[AGAINST])


def patched(model: Any, changes: list[tuple[Any, int, slice, Any]]) -> float:
    """The logit difference with (module, position, columns, values) put into modules' inputs."""
    handles = []
    for module, position, columns, new in changes:

        def hook(
            _m: Any, args: Any, position: int = position, columns: slice = columns, new: Any = new
        ) -> Any:
            changed = args[0].clone()
            changed.reshape(len(IDS), -1)[position, columns] = new
            return (changed, *args[1:])

        handles.append(module.register_forward_pre_hook(hook))
    with torch.no_grad():
        found = difference(model(input_ids=torch.tensor([IDS])).logits[0, -1])
    for handle in handles:
        handle.remove()
    return found
