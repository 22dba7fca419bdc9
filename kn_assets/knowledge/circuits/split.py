"""A pass in which every unit's output is cut: what one unit gives to another directly.

As in relevance patching norms' denominators, attention patterns and activation ratios are held. In
addition what each attention and each MLP adds to the stream is cut from what computed it. What a
unit takes in, and the logits, are then sums over the embedding, what each attention and MLP
before wrote, and biases: each part is a gradient times a value, and through no unit between
(direct logit attribution; Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").
A pattern is a leaf of its own: of what a head mixes, the part from each source token is the weight
times its gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from kn_assets.atlas.direct.held import Held
from kn_assets.knowledge.circuits.holding import Biases, capped, holding, of_unembedding
from kn_assets.knowledge.circuits.whole_prompt import Change, Seen, WholePrompt
from kn_assets.models.structure import input_major

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.knowledge.circuits.pair import Pair


@dataclass(eq=False)
class Split:
    """A prompt's pass, T tokens; what is named a leaf is one of autograd's.

    embedding: a leaf, [1, T, d_model]; seen: heads' and neurons' tensors as they were computed;
    attention[i], mlp[i]: what layer i's output projections gave, leaves, [..., d_model];
    patterns[i]: its softmax's results, leaves; streams[i]: what block i left, [1, T, d_model] or,
    of the last one, [1, d_model]; logits: [vocab_size]; both are part of the graph.
    """

    clean: WholePrompt
    embedding: Tensor
    seen: Seen = field(default_factory=Seen)
    biases: Biases = field(default_factory=Biases)
    attention: dict[int, Tensor] = field(default_factory=dict)
    mlp: dict[int, Tensor] = field(default_factory=dict)
    patterns: dict[int, list[Tensor]] = field(default_factory=dict)
    streams: dict[int, Tensor] = field(default_factory=dict)
    logits: Tensor = field(init=False)

    @classmethod
    def of(cls, clean: WholePrompt) -> Split:
        made = cls(clean, clean.values.inputs[0][None].detach().requires_grad_())
        kept: list[Tensor] = []
        held = holding(clean.layout, made.biases)
        with torch.enable_grad(), held, made._cutting(kept), Held(kept):
            last = clean.run(0, made.embedding, inputs=made._streams(), seen=made.seen)
            made.streams[clean.parts.n_layers - 1] = last
            made.logits = capped(clean.parts, last)[0]
        return made

    def _streams(self) -> dict[int, Change]:
        def note(layer: int) -> Change:
            def noted(values: Tensor) -> Tensor:
                self.streams[layer] = values
                return values

            return noted

        return {i + 1: note(i) for i in range(self.clean.parts.n_layers - 1)}

    @contextmanager
    def _cutting(self, kept: list[Tensor]) -> Iterator[None]:
        layout, handles, begun = self.clean.layout, [], [0]

        def cut(into: dict[int, Tensor], layer: int) -> Any:
            def hook(_module: Any, _args: Any, output: Tensor) -> Tensor:
                into[layer] = output.detach().requires_grad_()
                return into[layer].clone()  # what follows may change it in place

            return hook

        def entering(_module: Any, _args: Any) -> None:
            begun[0] = len(kept)

        def leaving(layer: int) -> Any:
            def hook(_module: Any, _args: Any, _output: Any) -> None:
                self.patterns[layer] = kept[begun[0] :]

            return hook

        try:
            for layer, attention in enumerate(layout.parts.attentions):
                handles.append(attention.register_forward_pre_hook(entering))
                handles.append(attention.register_forward_hook(leaving(layer)))
                for module, into in (
                    (layout.attention_outputs[layer], self.attention),
                    (layout.parts.mlp_outputs[layer], self.mlp),
                ):
                    handles.append(module.register_forward_hook(cut(into, layer)))
            yield
        finally:
            for handle in handles:
                handle.remove()

    def direct(self, pair: Pair) -> Direct:
        """What stands directly before the logit difference of a pair of this prompt."""
        n, layers = len(self.clean.ids), sorted(self.attention)
        leaves = [self.embedding, *(self.attention[i] for i in layers), *self._mlp()]
        wanted = [*leaves, *(output for output, _ in self.biases.added)]
        found = torch.autograd.grad(
            pair.metric(self.logits[None])[0], wanted, retain_graph=True, allow_unused=True
        )
        of_leaves = [
            (torch.zeros_like(w) if g is None else g).reshape(n, -1)
            for g, w in zip(found[: len(leaves)], leaves, strict=True)
        ]
        added = self.biases.sums(found[len(leaves) :])
        added += of_unembedding(self.clean.parts, pair.answer, pair.against)
        embedding, *written = of_leaves
        return Direct(self, embedding, written[: len(layers)], written[len(layers) :], added)

    def by_source(self, toward: Sequence[Tensor]) -> list[Tensor]:
        """What each head brings from each token: [H, T, T] by layer, query then source.

        toward: by layer a gradient of something by what the heads take to their output projection,
        [T, H * width]. A head's parts sum to its values times that gradient.
        """
        layers = sorted(self.attention)
        mixed = [self.seen.heads[i] for i in layers]
        patterns = [p for i in layers for p in self.patterns[i]]
        found = torch.autograd.grad(
            mixed,
            patterns,
            [g.reshape(m.shape) for g, m in zip(toward, mixed, strict=True)],
            retain_graph=True,
            allow_unused=True,
        )
        of = {id(p): g for p, g in zip(patterns, found, strict=True)}
        return [
            self._of_heads(
                [torch.zeros_like(p) if of[id(p)] is None else p * of[id(p)] for p in per_layer]
            )
            for per_layer in (self.patterns[i] for i in layers)
        ]

    def weights(self) -> list[Tensor]:
        """Attention weights: [H, T, T] by layer, query then source; of a head with several patterns
        their mean.
        """
        found = []
        for layer in sorted(self.attention):
            calls = len(self.patterns[layer])
            each = self._of_heads(self.patterns[layer])
            counts = each.new_tensor([calls * len(p) for p in self.clean.layout.patterns])
            found.append(each / counts[:, None, None])
        return found

    def _of_heads(self, of_patterns: Sequence[Tensor]) -> Tensor:
        """Summed over the patterns of each head, of all softmaxes of a layer; a sink beside the
        tokens is left out.
        """
        n = len(self.clean.ids)
        flat = sum(p.detach().reshape(-1, n, p.shape[-1])[:, :, :n] for p in of_patterns)
        assert isinstance(flat, torch.Tensor)  # every attention has a softmax
        return torch.stack([flat[list(of)].sum(0) for of in self.clean.layout.patterns])

    def _mlp(self) -> list[Tensor]:
        return [self.mlp[i] for i in sorted(self.mlp)]


@dataclass(frozen=True, eq=False)
class Direct:
    """The direct gradient of the logit difference. embedding: [T, d_model]; attention, mlp: by
    layer, by what the output projections gave, [T, d_model]; biases: what those outside sum to.
    """

    split: Split
    embedding: Tensor
    attention: list[Tensor]
    mlp: list[Tensor]
    biases: float

    def heads(self) -> list[Tensor]:
        """The gradient by what heads take to their output projection: [T, H * width] by layer."""
        outputs = self.split.clean.layout.attention_outputs
        return [g @ input_major(m).T for g, m in zip(self.attention, outputs, strict=True)]

    def neurons(self) -> list[Tensor]:
        """The gradient by neurons: [T, N] by layer."""
        outputs = self.split.clean.parts.mlp_outputs
        return [g @ input_major(m).T for g, m in zip(self.mlp, outputs, strict=True)]

    def total(self) -> float:
        """All direct contributions: the logit difference, where the model is understood."""
        split = self.split
        layers = sorted(split.attention)
        pairs = [
            (self.embedding, split.embedding),
            *((g, split.attention[i]) for i, g in zip(layers, self.attention, strict=True)),
            *((g, split.mlp[i]) for i, g in zip(layers, self.mlp, strict=True)),
        ]
        return self.biases + sum(
            float((g.double() * v.detach().reshape(g.shape).double()).sum()) for g, v in pairs
        )
