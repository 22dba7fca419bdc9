"""Whether ids, positions and other numbers lie where they can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kn_assets.checks.check import Check

if TYPE_CHECKING:
    from kn_assets.checks.rows import Rows
    from kn_assets.checks.run_facts import RunFacts
    from kn_assets.lake.schema import Table

Bounds = tuple[float, float]

_ANY = float("inf")
_FIXED: dict[str, Bounds] = {
    "city_id": (0, _ANY),
    "population": (0, _ANY),
    "latitude": (-90, 90),
    "longitude": (-180, 180),
    "status": (0, 599),
    "prompt_id": (0, _ANY),
    "position": (0, _ANY),
    "source_position": (0, _ANY),
    "token_id": (0, _ANY),
    "sign": (-1, 1),
    "next_rank": (1, _ANY),
    "n_fired": (0, _ANY),
    "firing_rate": (0, 1),
    "std": (0, _ANY),
    "top_prompt_id": (0, _ANY),
    "top_position": (0, _ANY),
    "threshold": (0, _ANY),
    "median_norm": (0, _ANY),
    "sink_norm": (0, _ANY),
    "target_density": (0, 1),
    "cluster": (-1, _ANY),
    "n_prompts": (1, _ANY),
    "n_layers": (1, _ANY),
    "n_neurons": (1, _ANY),
    "step": (0, _ANY),
    "saturation_layer": (0, _ANY),
    "n_alive": (0, _ANY),
    "births": (0, _ANY),
    "deaths": (0, _ANY),
    "final_overlap": (0, 1),
    "mean_final_overlap": (0, 1),
    "dimension": (-1, _ANY),
    "kl_median": (0, _ANY),
    "top1_agreement": (0, 1),
    "ridge": (0, _ANY),
    "precision": (0, 1),
    "recall": (0, 1),
    "base_rate": (0, 1),
}
_LENS_RANKS = 5  # the schema's five likeliest
_RANKS_SETTING = {
    "neuron_top": "top_k",
    "neuron_vocabulary": "vocabulary_k",
    "neuron_vocabulary_linear": "vocabulary_k",
}
_WITHOUT_SINKS = ("neuron_peaks", "neuron_top", "neurons")
_TOKENS = (("prompt_id", "position"), ("top_prompt_id", "top_position"))


class InRange(Check):
    """No null in the key, and every number within its bounds.

    Layers and neurons are bounded by the atlas, ranks by the atlas' settings, prompts and positions
    by the tokens, which tell attention sinks too; without those tables only from below. Nulls
    outside of the key are no fault.
    """

    name = "in_range"

    def __init__(self, table: Table, facts: RunFacts) -> None:
        super().__init__(table, facts)
        self._bounds = {c: b for c in table.names if (b := self._bounds_of(c)) is not None}
        of_prompts = {"prompt_id", "top_prompt_id"} & set(self._bounds)
        self._lengths = facts.lengths if of_prompts else None
        self.columns = tuple({*table.key, *self._bounds}) or (table.names[0],)

    def _bounds_of(self, column: str) -> Bounds | None:
        atlas = self.facts.atlas or {}
        if column in ("layer", "neuron"):
            size = atlas.get(f"n_{column}s")
            return (0, _ANY if size is None else size - 1)
        if column == "rank":
            if self.table.name in ("logit_lens", "lens_readings"):
                return (1, _LENS_RANKS)
            setting = _RANKS_SETTING.get(self.table.name, "")  # an answer's rank has no upper bound
            return (1, atlas.get("settings", {}).get(setting, _ANY))
        return _FIXED.get(column)

    def look(self, rows: Rows) -> None:
        for column in self.table.key:
            if (nulls := rows.nulls(column)) is not None:
                self.faults.note(f"null {column}", nulls, rows, self.table.key)
        for column, (least, most) in self._bounds.items():
            values = rows[column]
            # Two passes over the cache tell that all is well, as nearly always it is.
            if len(values) and not (np.min(values) >= least and np.max(values) <= most):
                outside = f"under {least}" if most == _ANY else f"outside {least} to {most}"
                self._note(f"{column} {outside}", (values < least) | (values > most), rows, column)
        if "sign" in self._bounds:
            self._note("sign 0", rows["sign"] == 0, rows, "sign")
        if "source_position" in self._bounds:
            later = rows["source_position"] > rows["position"]
            self._note("source_position after position", later, rows, "source_position", "position")
        self._look_at_tokens(rows)

    def _look_at_tokens(self, rows: Rows) -> None:
        """Each prompt is one of the atlas, each position one of its tokens, none a sink where
        sinks are left out.
        """
        if self._lengths is None:
            return
        for prompt, position in _TOKENS:
            if prompt not in self._bounds:
                continue
            ids = rows[prompt]
            known = (ids >= 0) & (ids < len(self._lengths))
            length = np.where(known, self._lengths.take(ids, mode="clip"), 0)
            absent = (length == 0) & (ids >= 0)
            self._note(f"{prompt} that the atlas lacks", absent, rows, prompt)
            if position in self._bounds:
                past = (rows[position] >= length) & (length > 0)
                self._note(f"{position} past the prompt's tokens", past, rows, prompt, position)
                if self.table.name in _WITHOUT_SINKS and self.facts.sinks is not None:
                    sinks = self.facts.sinks.at(ids, rows[position])
                    self._note(f"{position} of an attention sink", sinks, rows, prompt, position)

    def _note(self, kind: str, wrong: np.ndarray, rows: Rows, *columns: str) -> None:
        for column in columns:
            if (nulls := rows.nulls(column)) is not None:
                wrong = wrong & ~nulls
        self.faults.note(kind, wrong, rows, tuple(dict.fromkeys((*self.table.key, *columns))))

    def not_compared(self) -> str:
        if self.table.kind == "corpus" or self.table.name == "atlases":
            return ""
        missing = []
        if self.facts.atlas is None and {"layer", "neuron"} & set(self._bounds):
            missing.append("atlases")
        if self._lengths is None and {"prompt_id", "top_prompt_id"} & set(self._bounds):
            missing.append("tokens")
        return f"{' and '.join(missing)} of the same run, which aren't there" if missing else ""
