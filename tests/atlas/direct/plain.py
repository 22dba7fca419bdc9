"""A model run by transformers, with plain hooks that freeze parts of it and change others.

Nothing of what is tested is used here: projections are found by their names, norms are held by what
they answer to a few vectors, attention patterns by handing out those of the first run again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.models import families

Change = Callable[[str, int, Tensor, Tensor], Tensor]
"""What stands at a site (stream: before a block; heads, neurons: before an output projection) of a
layer, by what stood there in the first run and what would stand there now."""

_OUTPUTS = ("o_proj", "out_proj", "c_proj", "dense", "attention.out_proj")
_ATTENTIONS = ("attn", "self_attn", "attention", "self_attention")
_GATED = ("mlp.gate_proj", "mlp.up_proj")
_FUSED = "mlp.gate_up_proj"
_PLAIN = (
    "mlp.c_fc", "mlp.fc_in", "mlp.fc1", "mlp.dense_h_to_4h", "mlp.up_proj", "ffn.up_proj", "fc1",
)  # fmt: skip


def frozen(_site: str, _layer: int, kept: Tensor, now: Tensor) -> Tensor:
    """All as in the first run, but what is computed between the sites."""
    return now if _site == "stream" else kept


class Plain:
    """A random model of a family on one prompt, int [T]."""

    def __init__(self, model: Any, family: str, ids: np.ndarray) -> None:
        places, path = families.PLACES[family]
        self.model, self.ids = model, torch.from_numpy(ids)[None]
        self.blocks = list(model.get_submodule(places))
        self.mlp_outputs = [b.get_submodule(path) for b in self.blocks]
        self.attention_outputs = [_attention_output(b) for b in self.blocks]
        self.norms = [
            m
            for m in model.modules()
            if "norm" in type(m).__name__.lower() and not list(m.children())
        ]
        self._kept: dict[tuple[str, int], Tensor] = {}
        self._patterns: list[Tensor] = []
        self._normed: dict[nn.Module, list[tuple[Tensor, Tensor]]] = defaultdict(list)
        self._recording = True
        self.logits = self.run(lambda _site, _layer, _kept, now: now)
        self._recording = False

    def run(self, change: Change) -> Tensor:
        """Logits [T, vocabulary] before a final softcap. `pre_activations` are those of this run,
        by layer and name, [T, neurons].
        """
        self._change = change
        self._calls: dict[nn.Module, int] = defaultdict(int)
        self._softmaxes = 0
        self.pre_activations: dict[tuple[int, str], Tensor] = {}
        hooks = [m.register_forward_hook(self._norm) for m in self.norms]
        for layer, block in enumerate(self.blocks):
            hooks.append(
                block.register_forward_pre_hook(self._site("stream", layer), with_kwargs=True)
            )
            for site, module in (
                ("heads", self.attention_outputs[layer]),
                ("neurons", self.mlp_outputs[layer]),
            ):
                hooks.append(
                    module.register_forward_pre_hook(self._site(site, layer), with_kwargs=True)
                )
            hooks += self._watched(layer, block)
        real = nn.functional.softmax
        try:
            with torch.no_grad(), pytest.MonkeyPatch.context() as patch:
                patch.setattr(nn.functional, "softmax", self._softmax(real))
                logits = self.model(self.ids, use_cache=False).logits[0]
        finally:
            for hook in hooks:
                hook.remove()
        cap = getattr(self.model.config, "final_logit_softcapping", None)
        return torch.atanh(logits / cap) * cap if cap else logits

    def _softmax(self, real: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def softmax(*args: Any, **named: Any) -> Tensor:
            self._softmaxes += 1
            if self._recording:
                self._patterns.append(real(*args, **named))
            return self._patterns[self._softmaxes - 1]

        return softmax

    def _site(self, site: str, layer: int) -> Any:
        def hook(_module: Any, args: Any, named: dict[str, Any]) -> Any:
            now = args[0] if args else named["hidden_states"]
            if self._recording:
                self._kept[site, layer] = now.clone()
            changed = self._change(site, layer, self._kept[site, layer], now)
            if args:
                return (changed, *args[1:]), named
            return args, {**named, "hidden_states": changed}

        return hook

    def _norm(self, module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor | None:
        """Its output with the scale of the first run: gain * (x - mean) / scale + bias."""
        if self._recording:
            self._normed[module].append((args[0].clone(), output.clone()))
            return None
        values, normed = self._normed[module][self._calls[module]]
        self._calls[module] += 1
        gain, bias, centred = _probed(module, values)
        before = values - centred * values.mean(-1, keepdim=True)
        apart = args[0] - values
        apart = apart - centred * apart.mean(-1, keepdim=True)
        inverse = ((normed - bias) * gain * before).sum(-1, keepdim=True) / (
            (gain * before) ** 2
        ).sum(-1, keepdim=True)
        torch.testing.assert_close(gain * before * inverse + bias, normed, rtol=1e-4, atol=1e-4)
        return normed + gain * apart * inverse

    def _watched(self, layer: int, block: nn.Module) -> list[Any]:
        """Hooks that keep pre-activations."""
        names = [name for name, _ in block.named_modules()]

        def kept(*parts: str) -> Any:
            def hook(_module: Any, _args: Any, output: Tensor) -> None:
                flat = output.reshape(self.ids.shape[1], -1)
                for part, values in zip(parts, flat.chunk(len(parts), -1), strict=True):
                    self.pre_activations[layer, part] = values

            return hook

        told: dict[str, tuple[str, ...]]
        if _GATED[0] in names:
            told = {_GATED[0]: ("gate",), _GATED[1]: ("up",)}
        elif _FUSED in names:
            told = {_FUSED: ("gate", "up")}
        else:
            told = {next(n for n in _PLAIN if n in names): ("input",)}
        return [block.get_submodule(n).register_forward_hook(kept(*p)) for n, p in told.items()]


def _attention_output(block: nn.Module) -> nn.Module:
    attention = next(m for n, m in block.named_children() if n in _ATTENTIONS)
    names = dict(attention.named_modules())
    return next(names[name] for name in _OUTPUTS if name in names)


def _probed(module: nn.Module, like: Tensor) -> tuple[Tensor, Tensor, float]:
    """A norm's gain, its bias, and 1.0 where it takes the mean off: by what it gives for zeros, for
    equal numbers and for numbers of alternating sign.
    """
    size = like.shape[-1]
    signs = torch.ones(size)
    signs[1::2] = -1
    zero, equal, alternating = (
        module.forward(v.expand(like.shape).clone())
        for v in (torch.zeros(size), torch.full((size,), 1e4), 1e4 * signs)
    )
    centred = float((equal - zero).abs().max() < 1e-2 * (alternating - zero).abs().max())
    return (alternating - zero) * signs, zero, centred
