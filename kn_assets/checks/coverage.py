"""Whether a table leaves nothing out: every prompt, every neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.checks.check import Check

if TYPE_CHECKING:
    from kn_assets.checks.check import Outcome
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table

# With a prompt's values expected to fire this often, that none does is no chance.
_SURELY_FIRES = 50


class EveryPrompt(Check):
    """Every prompt of the atlas has rows: those of `tokens`, else as many as the atlas counts.

    In `activations` a prompt may lack rows where little was to be expected: thresholds set by hand,
    or a density times its tokens' neurons below 50. Without `tokens`, `thresholds` and `atlases`
    that can't be told, and none is missed; nor is one in a table that is filled as prompts are
    opened.
    """

    name = "every_prompt"
    columns = ("prompt_id",)

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self._seen: set[int] = set()

    def look(self, rows: Rows) -> None:
        (ids,) = rows.without_nulls(("prompt_id",))
        if len(ids):
            self._seen.add(int(ids[0]))
            # Prompts stand together, so that only their first rows need be looked at.
            self._seen.update(ids[1:][ids[1:] != ids[:-1]].tolist())

    def outcome(self) -> Outcome:
        lengths = self.facts.lengths if self.table.name != "tokens" else None
        if self.facts.is_lazy:  # prompts come as they are opened
            return super().outcome()
        if lengths is not None:
            missing = [p for p in np.flatnonzero(lengths).tolist() if p not in self._seen]
            if self.table.name == "activations":
                missing = [p for p in missing if self._surely_fires(int(lengths[p]))]
            if missing:
                self.faults.count("prompts without rows", len(missing), f"prompt_id={missing[0]}")
        elif self.facts.atlas is not None and self.table.name != "activations":
            expected = self.facts.atlas["n_prompts"]
            if len(self._seen) != expected:
                kind = f"prompts more or less than the atlas' {expected:,}"
                self.faults.count(kind, abs(len(self._seen) - expected))
        return super().outcome()

    def _surely_fires(self, n_tokens: int) -> bool:
        atlas, density = self.facts.atlas, self.facts.density
        if atlas is None or density is None:
            return False
        return n_tokens * atlas["n_layers"] * atlas["n_neurons"] * density >= _SURELY_FIRES

    def not_compared(self) -> str:
        if self.facts.is_lazy:
            return "the atlas' prompts, whose rows come when they are opened"
        needed = {"tokens": ["atlases"], "activations": ["tokens", "atlases", "thresholds"]}
        tables = needed.get(self.table.name)
        if tables is None:
            tables = [] if self.facts.has("tokens") else ["atlases"]
        missing = [t for t in tables if not self.facts.has(t)]
        return f"{' and '.join(missing)} of the same run, which aren't there" if missing else ""


class EveryNeuron(Check):
    """Every neuron of every layer of the atlas has a row."""

    name = "every_neuron"
    columns = ("layer", "neuron")

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        atlas = facts.atlas
        self._seen = (
            None if atlas is None else np.zeros((atlas["n_layers"], atlas["n_neurons"]), bool)
        )

    def look(self, rows: Rows) -> None:
        if self._seen is None:
            return
        layer, neuron = rows.without_nulls(("layer", "neuron"))
        n_layers, n_neurons = self._seen.shape
        real = (layer >= 0) & (layer < n_layers) & (neuron >= 0) & (neuron < n_neurons)
        self._seen[layer[real], neuron[real]] = True

    def outcome(self) -> Outcome:
        if self._seen is not None and not self._seen.all():
            layer, neuron = (int(i[0]) for i in np.nonzero(~self._seen))
            n = int(np.count_nonzero(~self._seen))
            self.faults.count("neurons without a row", n, f"layer={layer}, neuron={neuron}")
        return super().outcome()

    def not_compared(self) -> str:
        return "" if self._seen is not None else "atlases of the same run, which isn't there"
