"""Direct contributions to a target, and what a neuron reads, live in float32.

The last prompts' passes stay in memory, with what their units write: another target costs little
more than one product, another neuron a pass backward.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.direct.targets import Target, against, target
from kn_assets.atlas.forward.tokens import texts, tokenize
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.live.arrays import to_bytes
from kn_assets.live.float32 import float32_model
from kn_assets.live.model import LONGEST_TEXT, valid
from kn_assets.live.numbers import to_json
from kn_assets.live.target import LiveTarget
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.direct.contributions import Contributions
    from kn_assets.atlas.direct.held_pass import HeldPass
    from kn_assets.atlas.direct.ranks import LensLogits
    from kn_assets.atlas.direct.written import Written
    from kn_assets.models.load import LoadedModel

_KEPT_BYTES = 1 << 30


class LiveDirect:
    """An atlas' model in float32; `kn_assets.live.process` runs it."""

    def __init__(self, lake: Lake, key: str, loaded: LoadedModel) -> None:
        """Raises KnError where attention of the model isn't understood."""
        from kn_assets.atlas.direct.layout import Layout

        self.lake, self.atlas, self.loaded = lake, partition(key), loaded
        self._layout = Layout.of(loaded.parts)
        self._passes: OrderedDict[bytes, HeldPass] = OrderedDict()
        self._lenses: dict[bytes, LensLogits] = {}
        self._written: dict[bytes, Written] = {}

    @classmethod
    def of(cls, lake: Lake, key: str, progress: Progress) -> LiveDirect:
        """Load the model of an atlas. Raises KnError as `float32_model`."""
        return cls(lake, key, float32_model(lake, key, progress))

    def answer(self, asked: dict[str, Any], progress: Progress) -> bytes:
        """Do what `asked["do"]` names, for a `prompt` of the atlas or the first `longest` tokens of
        a `text`.

        `target`: `target` and `against` as `targets` reads them, and the neurons `fired`, see
        `packed`; whether the `lens` is wanted, which takes longest the first time; the bytes of a
        `LiveTarget`. `reads`: `layer`, `neuron`, `position`, and the
        target of what is carried on; JSON as UTF-8.
        """
        ids = self._ids(asked)
        if asked["do"] == "target":
            return to_bytes(self.target(ids, asked, progress))
        return to_json(self.reads(ids, asked, progress)).encode()

    def target(self, ids: np.ndarray, asked: dict[str, Any], progress: Progress) -> LiveTarget:
        """Contributions to a target at all positions of a prompt, int [T]."""
        found = self._pass(ids, progress)
        wanted, other = self._targets(asked)
        lens = self._lens(found)
        at, held_against = self._ids_of(found, wanted, other, lens.answers)
        told = self._units(found, *unpacked(asked["fired"])).contributions(at, held_against)
        end, layers = lens.at_end(at), lens.ranks(at, progress) if asked["lens"] else None
        self._forget()
        return LiveTarget(
            target_words=self._words(at),
            target_ids=at,
            against_words=None if held_against is None else self._words(held_against),
            logit=told.logit,
            probability=end.probability,
            rank=end.rank,
            lens_rank=None if layers is None else layers.rank,
            lens_probability=None if layers is None else layers.probability,
            text_log_probability=lens.following,
            fired=told.fired,
            mlp=told.mlp,
            attention=told.attention,
            heads=told.heads,
            embedding=told.embedding,
            biases=told.biases,
        )

    def contributions(
        self, ids: np.ndarray, wanted: object, other: object, progress: Progress
    ) -> Contributions:
        """All contributions to a target as `target`, of all units, without ranks."""
        from kn_assets.atlas.direct.contributions import contributions

        found = self._pass(ids, progress)
        targets = self._targets({"target": wanted, "against": other})
        return contributions(found, *self._ids_of(found, *targets, None))

    def reads(self, ids: np.ndarray, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """What a neuron reads at a position, and which later heads carry its output on.

        Where the latter can't be told, `later` is empty and `later_refused` says why.
        """
        from kn_assets.atlas.direct.later import later
        from kn_assets.atlas.direct.reads import reads

        found = self._pass(ids, progress)
        where = int(asked["layer"]), int(asked["neuron"]), int(asked["position"])
        told = reads(found, *where)
        at, held_against = self._ids_of(found, *self._targets(asked), None)
        carried, refused = [], None
        try:
            carried = later(found, *where, at, held_against)
        except KnError as e:
            refused = str(e)
        return {
            "parts": [
                {
                    **asdict(part),
                    "sources": part.heads.sum(0, dtype=np.float64).tolist(),
                    "heads": part.heads.tolist(),
                }
                for part in told.parts
            ],
            "activation": told.activation,
            "parallel": told.parallel,
            "later": [asdict(c) for c in carried],
            "later_refused": refused,
        }

    # -- what is asked about ---------------------------------------------------------------------

    def _ids(self, asked: dict[str, Any]) -> np.ndarray:
        if asked.get("text") is None:
            return lazy_lens.prompt_of(self.lake, self.atlas, asked["prompt"]).ids
        text = valid(str(asked["text"]))
        longest = min(self.loaded.parts.context, int(asked["longest"] or LONGEST_TEXT))
        ids = tokenize(self.loaded.tokenizer, np.zeros(1), [text], longest).ids
        if not len(ids):
            raise KnError("there is no text: write some words first")
        return ids

    def _targets(self, asked: dict[str, Any]) -> tuple[Target, Target | None]:
        of = self.loaded.tokenizer, self.loaded.parts.vocab_size
        return target(asked["target"], *of), against(asked["against"], *of)

    def _ids_of(
        self, found: HeldPass, wanted: Target, other: Target | None, said: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        from kn_assets.atlas.direct.ranks import answers

        if said is None and "answer" in (wanted.kind, other.kind if other else ""):
            said = answers(found.parts, found.outputs[-1])
        told = np.empty(0, np.int64) if said is None else said
        at = wanted.ids(found.ids, told)
        if other is None:
            return at, None
        return at, np.where(at < 0, at, other.ids(found.ids, told))

    def _words(self, ids: np.ndarray) -> list[str | None]:
        told = iter(texts(self.loaded.tokenizer, ids[ids >= 0].tolist()))
        return [next(told) if i >= 0 else None for i in ids.tolist()]

    # -- what is kept ----------------------------------------------------------------------------

    def _units(self, found: HeldPass, place: np.ndarray, neuron: np.ndarray) -> Written:
        """What the prompt's heads and these fired neurons write."""
        from kn_assets.atlas.direct.written import Written

        name = found.ids.tobytes()
        if name not in self._written or not self._written[name].is_of(place, neuron):
            self._written[name] = Written(found, place, neuron)
        return self._written[name]

    def _pass(self, ids: np.ndarray, progress: Progress) -> HeldPass:
        from kn_assets.atlas.direct.held_pass import HeldPass

        name = ids.astype(np.int64).tobytes()
        if name not in self._passes:
            with progress.bar("model", self.loaded.parts.n_layers, "layers") as bar:
                self._passes[name] = HeldPass.of(self._layout, ids, bar)
        self._passes.move_to_end(name)
        self._forget()
        return self._passes[name]

    def _lens(self, found: HeldPass) -> LensLogits:
        from kn_assets.atlas.direct.ranks import LensLogits

        name = found.ids.tobytes()
        if name not in self._lenses:
            self._lenses[name] = LensLogits(found.parts, found.outputs, found.ids)
        return self._lenses[name]

    def _forget(self) -> None:
        """Let go of the oldest where they take too much memory, but for the last."""
        kept = sum(p.size for p in self._passes.values())
        kept += sum(lens.size for lens in self._lenses.values())
        kept += sum(units.size for units in self._written.values())
        if len(self._passes) > 1 and kept > _KEPT_BYTES:
            name, _ = self._passes.popitem(last=False)
            self._lenses.pop(name, None)
            self._written.pop(name, None)
            self._forget()


def packed(place: np.ndarray, neuron: np.ndarray) -> dict[str, str]:
    """Neurons by place (position * layers + layer) and number as JSON can hold them."""
    both = {"place": place, "neuron": neuron}
    return {k: base64.b64encode(v.astype("<u4").tobytes()).decode() for k, v in both.items()}


def unpacked(told: dict[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """The places and numbers again, int64 [n] each."""
    place, neuron = (
        np.frombuffer(base64.b64decode(told[k]), "<u4").astype(np.int64)
        for k in ("place", "neuron")
    )
    return place, neuron
