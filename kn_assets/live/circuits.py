"""Circuits of one's own sentences, and sets of units changed at will, live in float32.

The last pairs stay in memory with their gradients: first comes what the estimates tell, then single
effects, then any change of any set, each without running again what was run.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.errors import KnError
from kn_assets.knowledge.circuits import own_circuit
from kn_assets.knowledge.circuits.changing import changed
from kn_assets.knowledge.circuits.own import OwnPair, Typed, own_pair
from kn_assets.knowledge.circuits.own_circuit import Estimated
from kn_assets.knowledge.circuits.units import Unit
from kn_assets.lake import Lake
from kn_assets.lake import asked as of_demand
from kn_assets.lake import model as partition
from kn_assets.live.float32 import float32_model
from kn_assets.live.kept_circuit import keep_circuit, own_id
from kn_assets.live.model import valid
from kn_assets.live.numbers import to_json
from kn_assets.live.stored_pair import stored_pair
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel

_KEPT = 4  # sentences
_PARTS = 4  # of each: its pair, curves, effects, and the time they took


class LiveCircuits:
    """An atlas' model in float32; `kn_assets.live.process` runs it."""

    def __init__(self, lake: Lake, key: str, loaded: LoadedModel) -> None:
        """Raises KnError where attention of the model isn't understood."""
        from kn_assets.atlas.direct.layout import Layout

        self.lake, self.atlas, self.loaded = lake, partition(key), loaded
        self._layout = Layout.of(loaded.parts)
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    @classmethod
    def of(cls, lake: Lake, key: str, progress: Progress) -> LiveCircuits:
        """Load the model of an atlas. Raises KnError as `float32_model`."""
        return cls(lake, key, float32_model(lake, key, progress))

    def answer(self, asked: dict[str, Any], progress: Progress) -> bytes:
        """Do what `asked["do"]` says, screen, measure or change; JSON as UTF-8."""
        work = {"screen": self.circuit, "measure": self.circuit, "change": self.change}
        return to_json(work[asked["do"]](asked, progress)).encode()

    def circuit(self, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """The circuit of a prompt beside a contrast of one's own.

        asked: `text`, `contrast`, their `answer` and `contrast_answer` ("": the model's likeliest),
        and `longest`, tokens that are allowed. `do`: `screen` for estimates and curves alone,
        `measure` for the effects of the strongest units too; then `keep` says whether the lake gets
        it. The answer: the `prompt` with its tokens, what both answers are, `units`, `cells` and
        `curves` as rows, the `seconds` that were needed, the `fact_id` that the lake has it under,
        whether it was `kept`, and where it couldn't be, why. Raises KnError as `own_pair`.
        """
        began = time.perf_counter()
        made_of = of_demand.identity(self.lake, self.atlas)
        is_measured = asked["do"] == "measure"
        progress.say("patching the strongest units" if is_measured else "estimating all units")
        typed = _typed(asked)
        own, of = self._own(typed, asked["longest"])
        curves = self._once(("curves", typed), lambda: own_circuit.curve_rows(of))
        effects: dict[Unit, float] = {}
        if is_measured:
            effects = self._once(("effects", typed), lambda: _effects(of, progress))
        found = {
            **_about(own),
            "fact_id": own_id(typed),
            "n_units": len(of.circuit),
            "units": own_circuit.unit_rows(of, effects),
            "cells": own_circuit.cell_rows(of),
            "curves": curves,
            "is_measured": is_measured,
            "seconds": self._spent(typed, asked["do"], time.perf_counter() - began),
            "kept": False,
            "not_kept": None,
        }
        if is_measured and asked["keep"]:
            try:
                keep_circuit(self.lake, self.atlas, typed, own, found, made_of)
                found["kept"] = True
            except KnError as e:  # what was measured is shown all the same
                found["not_kept"] = str(e)
        return found

    def change(self, asked: dict[str, Any], progress: Progress) -> dict[str, Any]:
        """Give units other values, together and each alone, on the pair of one's own that `asked`
        names as in `circuit`, or on the first one that a `fact`'s circuit was chosen on.

        units: [kind, layer, position, unit] each; how: of `changing.HOW`. The answer is in logits.
        Raises KnError as `changed` and `stored_pair`.
        """
        began = time.perf_counter()
        progress.say("running the pair")
        if asked.get("fact") is not None:
            of = self._of_fact(int(asked["fact"]))
            pair, gradients = of.pair, of.gradients
        else:
            _, of = self._own(_typed(asked), asked["longest"])
            pair, gradients = of.pair, of.gradients
        units = [Unit(kind, layer, at, unit) for kind, layer, at, unit in asked["units"]]
        means = self._means() if asked["how"] == "mean" else None
        found = changed(pair, gradients, units, asked["how"], means, progress)
        told = {"how": asked["how"], "n_units": len(set(units)), **asdict(found)}
        return {**told, "lost": found.lost, "seconds": time.perf_counter() - began}

    def _spent(self, typed: Typed, part: str, seconds: float) -> float:
        """Seconds that all parts of a circuit took, each when it was first asked for."""
        spent: dict[str, float] = self._once(("spent", typed), dict)
        spent.setdefault(part, seconds)
        return sum(spent.values())

    def _own(self, typed: Typed, longest: int | None) -> tuple[OwnPair, Estimated]:
        def made() -> tuple[OwnPair, Estimated]:
            own = own_pair(self._layout, self.loaded.tokenizer, typed, longest)
            return own, Estimated.of(own.pair)

        return self._once(("own", typed, longest), made)

    def _of_fact(self, fact: int) -> Estimated:
        stamp = str(self.lake.meta(self.atlas, "contrasts"))
        return self._once(
            ("fact", fact, stamp),
            lambda: Estimated.of(
                stored_pair(self.lake, self.atlas, self._layout, self.loaded, fact)
            ),
        )

    def _means(self) -> np.ndarray:
        """Of each neuron over the corpus: float32 [L, N]."""
        if self.lake.meta(self.atlas, "neurons") is None:
            raise KnError("this atlas has no means of its neurons yet: ablate to zero")
        found = self.lake.read(self.atlas, "neurons", ["layer", "neuron", "mean"])
        parts = self.loaded.parts
        means = np.zeros((parts.n_layers, parts.n_neurons), np.float32)
        at = found["layer"].to_numpy(), found["neuron"].to_numpy()
        means[at] = found["mean"].to_numpy()
        return means

    def _once(self, name: Hashable, make: Callable[[], Any]) -> Any:
        """What was made under a name, made where it isn't kept."""
        if name not in self._kept:
            made = make()
            while len(self._kept) >= _KEPT * _PARTS:
                self._kept.popitem(last=False)
            self._kept[name] = made
        self._kept.move_to_end(name)
        return self._kept[name]


def _typed(asked: dict[str, Any]) -> Typed:
    names = ("text", "contrast", "answer", "contrast_answer")
    return Typed(**{name: valid(str(asked[name])) for name in names})


def _effects(of: Estimated, progress: Progress) -> dict[Unit, float]:
    some = of.strongest
    found = own_circuit.single_effects(of.pair, some, progress)
    return dict(zip(some, found.tolist(), strict=True))


def _about(own: OwnPair) -> dict[str, Any]:
    roles = own.roles
    return {
        "prompt": {
            "text": "".join(own.tokens),
            "difference": own.pair.difference,
            "roles": [roles.role(at) for at in range(roles.n)],
            "tokens": own.tokens,
        },
        "subject": own.subject,
        "other": own.other,
        "prefix": own.prefix,
        "answer": asdict(own.answer),
        "against": asdict(own.against),
    }
