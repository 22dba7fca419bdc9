"""The parts of a language model that the explorer reads, found by module structure.

A neuron's activation is its value at the input of the MLP's output projection. Of which class a
model is doesn't matter: what matters is that its blocks hold such a projection under one of the
names in `structure.MLP_OUTPUTS`, and that the model's own logits follow from the last block's
output through final norm and unembedding. `Parts.check` makes sure of the latter on the loaded
weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kn_assets.errors import KnError
from kn_assets.models import structure

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

_PROBED = 12


@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of one causal language model.

    `blocks[i]`: transformer block i. Its output, the residual stream after the block, is what a
        forward hook gets, here and there in a tuple or list: `block_output` unwraps it. This holds
        for parallel blocks (GPT-NeoX, Phi, GPT-J: attention and MLP read the same input) as for
        sequential ones. In post-norm OPT (350m) the block's output is already normed.
    `mlp_outputs[i]`: the MLP's output projection; the first input of a forward pre-hook is the
        activations, [batch, position, n_neurons] (OPT: [batch * position, n_neurons]). Gemma 2
        and 3 and OLMo 2 norm its output once more before adding it to the stream.
    `attentions[i]`: the attention module. Loaded with attention="eager", a forward hook gets a
        tuple whose item 1 is the weights after softmax, [batch, heads, position, source position].
        With "sdpa" item 1 is None. No `output_attentions` is needed.
    `body`: all but the head. `body(input_ids=..., attention_mask=...)` runs blocks and final norm
        and spares the unembedding; its `last_hidden_state` is already normed.
    `final_norm`: an identity where the architecture has none.
    `unembedding`: the head, [vocab_size, d_model] (after `project_out`, where there is one).
    `context`: most tokens in a sequence, `structure.NO_LIMIT` where positions have none.
    """

    body: nn.Module
    blocks: list[nn.Module]
    mlp_outputs: list[nn.Module]
    attentions: list[nn.Module]
    final_norm: nn.Module
    project_out: nn.Module
    unembedding: nn.Module
    mlp_output_path: str
    n_layers: int
    n_neurons: int
    d_model: int
    vocab_size: int
    context: int
    logit_scale: float = 1.0
    logit_cap: float | None = None

    @staticmethod
    def block_output(output: Any) -> Tensor:
        """The hidden states in what a block returned: [batch, position, d_model]."""
        return output[0] if isinstance(output, tuple | list) else output

    def value_vectors(self, layer: int) -> Tensor:
        """Each neuron's value vector, what it adds to the stream at activation 1.

        [n_neurons, d_model] in the model's dtype, a view of the weights: MLP output = activations
        @ value_vectors + bias. Conv1D stores them as rows, nn.Linear as columns.
        """
        return structure.input_major(self.mlp_outputs[layer])

    def logits(self, hidden: Tensor, normed: bool = False) -> Tensor:
        """[..., vocab_size] logits that the model would give from [..., d_model] hidden states.

        The logit lens (nostalgebraist 2020): unembedding(final_norm(hidden)) with all that the
        architecture adds behind it. `normed` says that `hidden` is the body's last_hidden_state,
        which has passed final norm (and `project_out`) already.
        """
        if not normed:
            hidden = self.project_out(self.final_norm(hidden))
        logits = self.unembedding(hidden)
        if self.logit_scale != 1.0:
            logits = logits * self.logit_scale
        if self.logit_cap is not None:
            logits = (logits / self.logit_cap).tanh() * self.logit_cap
        return logits

    def vocabulary_scores(self, vectors: Tensor) -> Tensor:
        """W_U v, raw, for [..., d_model] vectors: [..., vocab_size] (Geva et al. 2022).

        No norm, bias, scale or cap: the directions themselves.
        """
        from torch.nn.functional import linear

        return linear(self.project_out(vectors), self.unembedding.weight)  # type: ignore[arg-type]

    def probe(self) -> Tensor:
        """A few ids from all over the vocabulary, [1, n], to try the model on."""
        import torch

        n = min(_PROBED, self.context)
        device = self.unembedding.weight.device
        return torch.linspace(0, self.vocab_size - 1, n, device=device).long()[None]  # type: ignore[arg-type]

    def check(self, model: PreTrainedModel) -> None:
        """Make sure that the lens on the last block's output gives the model's own logits.

        Raises KnError where it doesn't: then the architecture does something between its last
        block and its logits that this module doesn't know of. NaN agrees with nothing.
        """
        import torch

        seen: list[Tensor] = []
        hook = self.blocks[-1].register_forward_hook(
            lambda module, inputs, output: seen.append(self.block_output(output))
        )
        try:
            with torch.no_grad():
                wanted = model(input_ids=self.probe(), use_cache=False).logits.float()
                shape = seen[0].shape if seen else ()
                found = self.logits(seen[0]).float() if shape[-1:] == (self.d_model,) else None
        finally:
            hook.remove()
        tolerance = 1e-4 if next(model.parameters()).dtype == torch.float32 else 2e-2
        bound = tolerance * max(1.0, float(wanted.abs().max()))
        agree = found is not None and found.shape == wanted.shape
        if found is None or not agree or not (found - wanted).abs().max() <= bound:
            raise KnError(
                f"{type(model).__name__} is not supported: final norm and unembedding of its last "
                "block's output don't reproduce its logits"
            )


def find_parts(model: PreTrainedModel) -> Parts:
    """Find the parts of a Hugging Face causal language model.

    Raises KnError that names the paths which were looked for where an architecture is unknown, and
    plainly refuses mixtures of experts and models whose layers have different numbers of neurons.
    """
    from torch import nn

    title = type(model).__name__
    experts = [n for n, _ in model.named_modules() if n.rsplit(".", 1)[-1] in structure.EXPERTS]
    if experts:
        raise KnError(
            f"{title} is a mixture of experts ({experts[0]}), which is not supported: "
            "choose a dense model"
        )
    body, head = model.base_model, model.get_output_embeddings()
    if body is model or not isinstance(head, nn.Linear):
        raise KnError(f"{title} is no causal language model with an unembedding (lm_head)")

    holder, blocks, path = structure.find_blocks(body, title)
    mlp_outputs = [b.get_submodule(path) for b in blocks]
    sizes = [tuple(structure.input_major(m).shape) for m in mlp_outputs]
    if len(set(sizes)) > 1:
        raise KnError(
            f"the layers of {title} have different numbers of neurons "
            f"({', '.join(str(n) for n in sorted({s[0] for s in sizes}))}), which is not supported"
        )
    n_neurons, d_model = sizes[0]
    config = model.config.get_text_config()
    return Parts(
        body=body,
        blocks=blocks,
        mlp_outputs=mlp_outputs,
        attentions=[
            structure.child_among(b, structure.ATTENTIONS, f"attention of {title}'s blocks")
            for b in blocks
        ],
        final_norm=structure.first_child(holder, structure.FINAL_NORMS) or nn.Identity(),
        project_out=structure.first_child(holder, ("project_out",)) or nn.Identity(),
        unembedding=head,
        mlp_output_path=path,
        n_layers=len(blocks),
        n_neurons=n_neurons,
        d_model=d_model,
        vocab_size=head.out_features,
        context=structure.context_length(config),
        logit_scale=structure.logit_scale(config),
        logit_cap=getattr(config, "final_logit_softcapping", None),
    )
