"""The last live runs, remembered on the server, and what the page is told of them.

A run stays under a name that can't be guessed, since attention of all layers is too much to send:
the page asks for that of the neuron it shows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from kn_assets.errors import KnError
from kn_assets.live.prompt import ATTENTION_GRID, LivePrompt
from ui.pack import pack, pack_fired, pack_lens
from ui.rows import Answer

REMEMBERED = 256 << 20  # bytes of runs kept


class LiveRuns:
    """Runs by name, the latest kept; safe to call from several threads."""

    def __init__(self, longest: int | None) -> None:
        self._longest = longest
        self._kept: OrderedDict[str, LivePrompt] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        return name in self._kept

    def keep(self, name: str, found: LivePrompt) -> None:
        """Remember a run, and forget the oldest where they grow too many."""
        with self._lock:
            self._kept[name] = found
            while len(self._kept) > 1 and sum(p.size for p in self._kept.values()) > REMEMBERED:
                self._kept.popitem(last=False)

    def _found(self, name: str) -> LivePrompt:
        with self._lock:
            if name not in self._kept:
                raise KnError("this run is no longer remembered: run the text again")
            self._kept.move_to_end(name)
            return self._kept[name]

    def fired(self, name: str) -> tuple[dict[str, np.ndarray], int]:
        """The columns of a run's fired neurons, as `pack_fired` takes them, and its tokens' number.

        Raises KnError.
        """
        found = self._found(name)
        return vars(found), len(found.tokens)

    def told(self, name: str) -> Answer:
        """A run as `ui.explore.prompt.prompt` gives a prompt, with its name in `live`.

        Raises KnError.
        """
        found = self._found(name)
        n_layers = len(found.thresholds)
        return {
            "prompt": {"prompt_id": None, "name": None, "live": name, "n_whole": found.n_whole},
            "tokens": found.tokens,
            "sinks": np.flatnonzero(found.sinks).tolist(),
            "n_layers": n_layers,
            "fired": pack_fired(vars(found), len(found.tokens), n_layers),
            "lens": pack_lens(
                found.words,
                found.lens_ids,
                found.lens_probabilities,
                found.next_probability,
                found.next_rank,
            ),
            "thresholds": found.thresholds.tolist(),
            "missing": self.missing(len(found.tokens), found.n_whole),
        }

    def missing(self, n: int, n_whole: int) -> dict[str, str]:
        """Why not all of a text was run, in words."""
        if n == n_whole:
            return {}
        first = f"Only the first {n:,} of this text's {n_whole:,} tokens were run: "
        if n == self._longest:
            return {"rest": first + "an app that others use too runs no more of a text."}
        return {
            "rest": first + "more are over the model's context, or the attention between them "
            "would take over 2 GB of memory."
        }

    def attention(self, name: str, layer: int, neuron: int) -> Answer:
        """Attention of a layer and a neuron's activations in a run, as `neuron_view` gives them.

        Raises KnError where the run isn't remembered.
        """
        found = self._found(name)
        activations: list[float | None] = [None] * len(found.tokens)
        for i in np.flatnonzero((found.layer == layer) & (found.neuron == neuron)).tolist():
            activations[int(found.position[i])] = float(found.activation[i])
        return {
            "weights": pack(found.attention[layer], "u2"),
            "unit": 1 / ATTENTION_GRID,
            "activations": activations,
        }
