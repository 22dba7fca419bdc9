"""Any text through an atlas' model, seen as the atlas sees the prompts of its corpus.

The same tokens, dtype, thresholds, lens and grid of attention as in the shards that made the atlas:
so a text of the corpus gives the atlas' own rows. Nothing is written.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.activations.packed import rounded
from kn_assets.atlas.activations.sieve import passing
from kn_assets.atlas.activations.sinks import Norms, are_sinks
from kn_assets.atlas.forward.capture import capturing, forward
from kn_assets.atlas.forward.tokens import TokenizedPrompts, pieces, tokenize, vocabulary
from kn_assets.atlas.lens.rows import LensRows
from kn_assets.atlas.loaded import load_model
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.live.prompt import ATTENTION_GRID, LivePrompt
from kn_assets.models import embedded
from kn_assets.models.available import available
from kn_assets.models.config import config_of, number
from kn_assets.progress import Bar, Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.models.load import LoadedModel

LONGEST_TEXT = 200_000  # characters
_ATTENTION_BYTES = 1 << 31  # of all heads of a layer, with what eager attention copies of them


def plan_of(lake: Lake, key: str) -> AtlasPlan:
    """The plan of an atlas in the dtype it was made in. Cheap: doesn't import torch.

    Raises KnError, saying what to do, where the model isn't on this machine, its weights aren't
    those that the atlas was made of, or the atlas has no thresholds yet.
    """
    try:
        plan = AtlasPlan.of(lake, key)
    except KnError as e:
        raise KnError(f"no text can be run through the model of atlas {key}: {e}") from e
    if lake.meta(plan.model, "thresholds") is None:
        raise KnError(
            f"atlas {key} has no table `thresholds` yet, which says what fired means: `kn run` "
            "makes it"
        )
    if not _is_here(plan):
        raise KnError(
            f"the model of atlas {key} is not on this machine, so nothing can be run through it: "
            f"`kn run --model {plan.source}` gets it"
        )
    if (lake.meta(plan.model, "atlases") or {}).get("weights") not in (None, plan.weights):
        raise KnError(
            f"the files of {plan.source} were changed since atlas {key} was made of them: what "
            "runs now wouldn't fit it. `kn run` makes it again, or put the files back"
        )
    return AtlasPlan(lake, replace(plan.settings, dtype=_made_in(lake, key) or plan.settings.dtype))


def n_heads(plan: AtlasPlan) -> int | None:
    """Attention heads of a layer by the model's configuration file; None where it has none."""
    config = config_of(plan.source, plan.lake)
    return number(config, "num_attention_heads", "n_head", "num_heads") if config else None


def _is_here(plan: AtlasPlan) -> bool:
    if plan.source.kind == "embedded":
        return embedded.is_acquired(plan.lake)
    if plan.source.kind == "hub":
        return any(a.source == plan.source for a in available(plan.lake))
    return True  # a folder or a file: it was just found there


def _made_in(lake: Lake, key: str) -> str | None:
    """The dtype that `auto` meant when the atlas was made."""
    if lake.meta(partition(key), "atlases") is None:
        return None
    (settings,) = lake.read(partition(key), "atlases", ["settings"])["settings"].to_pylist()
    found = json.loads(settings).get("dtype")
    return str(found) if found else None


class LiveModel:
    """An atlas' loaded model with its thresholds, for one text after another.

    thresholds, sink_norms: float32 [layers], the columns of `thresholds`.
    """

    def __init__(self, loaded: LoadedModel, thresholds: np.ndarray, sink_norms: np.ndarray) -> None:
        self.loaded = loaded
        self.thresholds = thresholds
        self.sink_norms = sink_norms
        self.words = vocabulary(loaded.tokenizer, loaded.parts.vocab_size)

    @classmethod
    def of(cls, lake: Lake, key: str, progress: Progress) -> LiveModel:
        """Load the model of an atlas. Raises KnError as `plan_of`, and where it can't be read."""
        plan = plan_of(lake, key)
        found = lake.read(plan.model, "thresholds").sort_by("layer")
        loaded = load_model(plan, progress)
        thresholds, sink_norms = (
            found[name].to_numpy().astype(np.float32) for name in ("threshold", "sink_norm")
        )
        if len(thresholds) != loaded.parts.n_layers:
            raise KnError(f"atlas {key} and its model have different layers: make the atlas again")
        return cls(loaded, thresholds, sink_norms)

    @property
    def longest(self) -> int:
        """Most tokens of a run: the model's context, or less where attention would take 2 GB."""
        bytes_per_pair = self.n_heads * 4 * 3 + self.loaded.parts.n_layers
        return min(self.loaded.parts.context, int((_ATTENTION_BYTES / bytes_per_pair) ** 0.5))

    def answer(self, asked: dict[str, Any], progress: Progress) -> bytes:
        """What `kn_assets.live.process` is asked: `run` with `text` and `longest`, as bytes."""
        return self.run(asked["text"], progress, asked["longest"]).to_bytes()

    @property
    def n_heads(self) -> int:
        """Attention heads of a layer."""
        return int(self.loaded.model.config.get_text_config().num_attention_heads)  # type: ignore[operator,union-attr]

    def ids_of(self, text: str, longest: int | None = None) -> tuple[np.ndarray, int]:
        """The tokens that are run of a text, int32 [T], and how many the whole text has.

        Raises KnError where the text holds no token or over LONGEST_TEXT characters.
        """
        if len(text) > LONGEST_TEXT:
            raise KnError(f"this text has {len(text):,} characters: give {LONGEST_TEXT:,} or fewer")
        whole = tokenize(self.loaded.tokenizer, np.zeros(1), [valid(text)], LONGEST_TEXT).ids
        if not len(whole):
            raise KnError("there is no text: write some words first")
        return whole[: min(self.longest, longest or self.longest)], len(whole)

    def run(self, text: str, progress: Progress, longest: int | None = None) -> LivePrompt:
        """Run the model over the first `longest` tokens of a text, at most `self.longest`.

        Raises KnError where the text holds no token or over LONGEST_TEXT characters.
        """
        import torch

        parts, tokenizer = self.loaded.parts, self.loaded.tokenizer
        ids, n_whole = self.ids_of(text, longest)
        with progress.bar("model", parts.n_layers, "layers") as bar, torch.inference_mode():
            harvest = _Harvest(self, ids, bar)
            with capturing(
                parts, harvest.take_activations, harvest.take_residuals, harvest.take_attention
            ):
                forward(self.loaded, ids[None].astype(np.int64))
        found, places = np.unique(harvest.lens.ids, return_inverse=True)
        return LivePrompt(
            tokens=pieces(tokenizer, ids.tolist()),
            n_whole=n_whole,
            words=[self.words[i] for i in found.tolist()],
            **harvest.fired(),
            thresholds=self.thresholds,
            sinks=harvest.sinks(),
            lens_ids=places.reshape(harvest.lens.ids.shape).astype(np.int32),
            lens_probabilities=harvest.lens.probabilities,
            next_probability=harvest.lens.next_probability,
            next_rank=harvest.lens.next_rank,
            attention=harvest.attention,
        )


def valid(text: str) -> str:
    """The text with what is no character (half of a surrogate pair) as U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class _Harvest:
    """What is kept of one forward pass over one prompt."""

    def __init__(self, model: LiveModel, ids: np.ndarray, bar: Bar) -> None:

        self.parts, self.thresholds, self.bar = model.loaded.parts, model.thresholds, bar
        self.bars, self.norms = model.sink_norms, Norms()
        n, layers = len(ids), self.parts.n_layers
        prompt = TokenizedPrompts(np.zeros(1, np.int32), np.array([n], np.int32), ids)
        self.lens, self.index = LensRows(prompt, layers), np.arange(n)[None]
        self.found: list[tuple[np.ndarray, ...]] = []
        self.triangle = np.tril_indices(n)
        self.attention = np.zeros((layers, len(self.triangle[0])), np.uint16)

    def take_activations(self, layer: int, activations: Tensor) -> None:
        found = passing(activations.reshape(-1, self.parts.n_neurons), self.thresholds[layer])
        self.found.append(
            (
                found.tokens,
                np.full(len(found), layer, np.int16),
                found.neurons,
                rounded(found.values, self.thresholds[layer]),
            )
        )

    def take_residuals(self, layer: int, residuals: Tensor) -> None:
        self.norms.take(residuals)
        self.lens.take(self.parts, layer, residuals, self.index)
        self.bar.advance()

    def take_attention(self, layer: int, weights: Tensor) -> None:
        mean = weights[0].float().mean(0).cpu().numpy()[self.triangle]
        codes = np.rint(mean * np.float32(ATTENTION_GRID)).clip(0, ATTENTION_GRID - 1)
        self.attention[layer] = codes.astype(np.uint16)

    def sinks(self) -> np.ndarray:
        """Which tokens are attention sinks, bool [T]: as the atlas tells them."""
        return are_sinks(self.norms.found(), self.bars)

    def fired(self) -> dict[str, np.ndarray]:
        """The columns of `activations`, in its order."""
        position, layer, neuron, activation = (
            np.concatenate(c) for c in zip(*self.found, strict=True)
        )
        order = np.lexsort((neuron, layer, position))
        return {
            "position": position[order].astype(np.int16),
            "layer": layer[order],
            "neuron": neuron[order],
            "activation": activation[order],
        }
