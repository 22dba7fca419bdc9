"""Made-up connections of a made-up circuit: what its heads bring from where, and knockouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kn_assets.knowledge.circuits.attended import windows_of
from kn_assets.knowledge.circuits.roles import Roles

_EDGES, _MEASURED = 120, 20
Row = dict[str, Any]


def connections(
    attributions: Sequence[Row],
    roles: Roles,
    n_layers: int,
    difference: float,
    rng: np.random.Generator,
) -> dict[str, list[Row]]:
    """Rows by table of one fact. attributions: its rows of `unit_attributions`."""
    tokens = {r["position"]: r["token"] for r in attributions}
    means = [r for r in attributions if r["contrast"] == -1]
    base = {name: attributions[0][name] for name in ("fact_id", "prompt")}
    heads = [r for r in means if r["kind"] == "head"]
    rows = {
        "circuit_heads": [row for one in heads for row in _head(one, roles, tokens, rng)],
        "attention_knockout": _knockouts(heads, roles, n_layers, difference, rng),
        "circuit_edges": _edges(means, roles, n_layers, rng),
    }
    return {name: [{**base, **row} for row in of_table] for name, of_table in rows.items()}


def _head(one: Row, roles: Roles, tokens: dict[int, str], rng: np.random.Generator) -> list[Row]:
    """Half of its attention lies on the subject's last token, where that comes before."""
    n = one["position"] + 1
    weights = rng.dirichlet(np.ones(n)) / 2
    weights[min(roles.end - 1, n - 1)] += 0.5
    parts = weights * one["score"]
    is_last = n == roles.n
    return [
        {
            "layer": one["layer"],
            "head": one["unit"],
            "position": one["position"],
            "source_position": i,
            "source_token": tokens[i],
            "weight": float(weights[i]),
            "direct": float(parts[i] / 2) if is_last else 0.0,
            "relevance": float(parts[i]),
        }
        for i in range(n)
    ]


def _knockouts(
    heads: Sequence[Row], roles: Roles, n_layers: int, difference: float, rng: np.random.Generator
) -> list[Row]:
    windows = windows_of(n_layers)

    def row(first: int, last: int, head: int, at: int, to: str, lost: float) -> Row:
        return {
            "first_layer": first,
            "last_layer": last,
            "head": head,
            "position": at,
            "from_role": roles.role(at),
            "to_role": to,
            "difference_before": difference,
            "difference_after": difference * (1 - lost),
            "lost": lost,
        }

    end, found = roles.n - 1, []
    for to, most in (("subject", 0.6), ("other", 0.1)):
        some = dict.fromkeys([*windows, (0, n_layers - 1)])
        found += [row(*w, -1, end, to, most * float(rng.uniform(0.3, 1))) for w in some]
    for one in heads:
        layer, at = one["layer"], one["position"]
        if at >= roles.end:
            lost = abs(one["score"]) / 10
            found.append(row(layer, layer, one["unit"], at, "subject", lost))
    return found


def _edges(
    means: Sequence[Row], roles: Roles, n_layers: int, rng: np.random.Generator
) -> list[Row]:
    """Between neurons and heads of one token, and through heads from the subject to the last."""
    units = [r for r in means if r["kind"] in ("neuron", "head") and r["score"] > 0]
    found: list[tuple[Row, Row | None, float]] = []
    for one in units:
        for other in units:
            comes = one["layer"] < other["layer"]
            reads = other["kind"] == "head" and one["position"] < other["position"]
            if comes and (reads or one["position"] == other["position"]):
                found.append((one, other, min(one["score"], other["score"]) * float(rng.uniform())))
        if one["position"] == roles.n - 1:
            found.append((one, None, one["score"] * float(rng.uniform())))
    found.sort(key=lambda edge: -edge[2])
    return [
        {
            "rank": rank,
            **_end("earlier", one, n_layers, roles),
            **_end("later", other, n_layers, roles),
            "score": score,
            "effect": score * float(rng.uniform(0.7, 1.3)) if rank <= _MEASURED else None,
        }
        for rank, (one, other, score) in enumerate(found[:_EDGES], 1)
    ]


def _end(name: str, one: Row | None, n_layers: int, roles: Roles) -> Row:
    if one is None:
        one = {"kind": "answer", "layer": n_layers, "unit": -1, "position": roles.n - 1}
    return {f"{name}_{key}": one[key] for key in ("kind", "layer", "unit", "position")}
