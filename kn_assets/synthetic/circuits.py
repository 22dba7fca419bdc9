"""Made-up circuits of the made-up facts: of units at tokens, with effects that fall with rank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.knowledge.circuits.carrying import carries
from kn_assets.knowledge.circuits.curves import MEASURES
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import CIRCUITS

_TOKENS, _START, _END = 8, 2, 4  # of a prompt, and its subject's
_UNITS, _SPECIFIC = 40, 12
_SIZES = (1, 3, 10, 30)
_CONDITIONS = {
    "circuit": 0.9,
    "specific": 0.5,
    "random": 0.0,
    "activation_matched": 0.02,
    "largest_change": 0.05,
    "other_fact": 0.06,
}
_OTHER = {"subject": 0.7, "answer": 0.4, "relation": 0.2, "grammar": 0.1}
Row = dict[str, Any]


def add_circuits(
    lake: Lake, model: Partition, corpus: Partition, shape: tuple[int, int], fingerprint: str
) -> None:
    """Write the tables about circuits for a model that has `fact_answers`. shape: layers, neurons.

    Every other fact asked has a circuit; in wording 0 it is chosen, in wording 1 measured.
    """
    asked = sorted(set(lake.read(model, "fact_answers", ["fact_id"])["fact_id"].to_pylist()))[::2]
    told = {r["fact_id"]: r for r in lake.read(corpus, "facts").to_pylist()}
    rows: dict[str, list[Row]] = {name: [] for name in CIRCUITS}
    for fact in asked:
        others = [i for i in asked if told[i]["subject"] == told[fact]["subject"] and i != fact]
        rng = np.random.default_rng([fact, 7])
        contrast = asked[(asked.index(fact) + 1) % len(asked)]
        rows["contrasts"] += _contrasts(fact, contrast, others)
        rows["unit_attributions"] += _attributions(fact, shape, rng)
        rows["circuit_units"] += _units(fact, shape, rng)
        rows["circuit_curves"] += _curves(fact, others, rng)
    for name, table in CIRCUITS.items():
        made = [{**row, "fact_set": told[row["fact_id"]]["fact_set"]} for row in rows[name]]
        by_key = [(column, "ascending") for column in table.key]
        written = pa.Table.from_pylist(made, table.schema).sort_by(by_key)
        lake.write(model, name, written, fingerprint)


def _contrasts(fact: int, contrast: int, others: list[int]) -> list[Row]:
    common = {"contrast_kind": "pair", "contrast_fact_id": contrast, "n_prompts": 1}
    common |= {"answer_token_id": 1, "against_token_id": 2, "difference": 5.0}
    purposes = [
        (fact, "choose", 0, 3),
        (fact, "measure", 1, 2),
        *((o, "measure", 1, 2) for o in others),
    ]
    return [
        {"fact_id": fact, "prompt_fact_id": of, "prompt": prompt, "contrast": i, "purpose": purpose}
        | common
        for of, purpose, prompt, n in purposes
        for i in range(n)
    ]


def _attributions(fact: int, shape: tuple[int, int], rng: np.random.Generator) -> list[Row]:
    layers, neurons = shape
    places = {
        (int(rng.integers(layers)), int(rng.integers(neurons)), int(rng.integers(_START, _TOKENS)))
        for _ in range(_UNITS)
    }
    rows = []
    for rank, (layer, unit, position) in enumerate(sorted(places)):
        score = float((-1) ** (rank % 5 == 4) * rng.uniform(0.05, 1.0))
        one = {"kind": "head" if unit == 0 else "neuron", "layer": layer, "unit": unit}
        one |= {"fact_id": fact, "prompt": 0, "position": position, "role": _role(position)}
        rows.append({**one, "contrast": -1, "method": "integrated", "score": score})
        rows.append({**one, "contrast": 0, "method": "patching", "score": score * 0.9})
    for kind in ("mlp", "attention"):
        for layer in range(layers):
            for position in range(_TOKENS):
                cell = {"kind": kind, "layer": layer, "unit": -1, "position": position}
                cell |= {"fact_id": fact, "prompt": 0, "role": _role(position), "contrast": -1}
                rows.append({**cell, "method": "integrated", "score": float(rng.normal(0, 0.3))})
    return rows


def _units(fact: int, shape: tuple[int, int], rng: np.random.Generator) -> list[Row]:
    layers, neurons = shape
    rows = []
    for circuit, n in (("all", _UNITS), ("specific", _SPECIFIC)):
        for rank in range(1, n + 1):
            at_end = bool(rank % 3)
            row = {"fact_id": fact, "circuit": circuit, "rank": rank, "kind": "neuron"}
            row |= {"layer": int(rng.integers(layers)), "unit": int(rng.integers(neurons))}
            row |= {"role": "last" if at_end else "subject last", "subject_offset": 0}
            row["score"] = 1.0 / rank
            if circuit == "all" and rank <= 30:
                row |= _effects(0.3 / rank, rng)
            rows.append(row)
    return rows


def _effects(own: float, rng: np.random.Generator) -> Row:
    others = {kind: own * share * float(rng.uniform(0, 2)) for kind, share in _OTHER.items()}
    return {
        "effect": own,
        "effect_subject": others["subject"],
        "effect_answer": others["answer"],
        "effect_relation": others["relation"],
        "effect_frame": others["grammar"],
        "carries": carries(own, others),
    }


def _curves(fact: int, others: list[int], rng: np.random.Generator) -> list[Row]:
    rows = []
    for of in (fact, *others):
        for condition, most in _CONDITIONS.items():
            if of != fact and condition not in ("circuit", "specific"):
                continue
            for contrast in range(2):
                for measure in MEASURES if of == fact else MEASURES[:1]:
                    for n in _SIZES:
                        share = most * n / (n + 6) + float(rng.normal(0, 0.01))
                        row = {"fact_id": fact, "condition": condition, "prompt_fact_id": of}
                        row |= {"prompt": 1, "contrast": contrast, "measure": measure, "n_units": n}
                        after = 5 * (1 - share if measure == "lost" else share)
                        row |= {"difference_before": 5.0, "difference_after": after, "share": share}
                        rows.append(row)
    return rows


def _role(position: int) -> str:
    if position == _TOKENS - 1:
        return "last"
    if position < _START:
        return "before"
    return "relation" if position >= _END else "subject last" if position == _END - 1 else "subject"
