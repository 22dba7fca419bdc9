"""Made-up circuits for the made-up atlases: of the first known facts, two of each relation.

Each word of a prompt is a token. What units do is drawn, their shares are as they are found: the
circuit loses much and its controls little; of every second fact the same units lose as much of the
same subject's other facts, so that they say which subject it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets import lake as lakes
from kn_assets.knowledge import answers as model_answers
from kn_assets.knowledge.circuits.carrying import carries
from kn_assets.knowledge.circuits.curves import SIZES
from kn_assets.knowledge.circuits.measuring import CONTROLS
from kn_assets.knowledge.circuits.roles import Roles
from kn_assets.knowledge.controls import same_subject
from kn_assets.lake import Lake
from kn_assets.lake.schema import CIRCUITS
from kn_assets.synthetic.connections import connections
from kn_assets.synthetic.dense import FINGERPRINT
from kn_assets.synthetic.scorecards import add_scorecards

_EACH = 2  # facts of each relation
_UNITS = 40  # of a circuit
_HEADS = 4  # of a layer
_CONTRASTS = 2
_DIFFERENCE = 5.0  # logits
Row = dict[str, Any]


def add_circuits(root: str | Path, model: str = "tiny", seed: int = 0) -> Lake:
    """Write the tables about circuits for an atlas whose facts were asked."""
    lake = Lake(root)
    where = lakes.model(model)
    (atlas,) = lake.read(where, "atlases").to_pylist()
    corpus = lakes.corpus(atlas["corpus"])
    about = {row["fact_id"]: row for row in lake.read(corpus, "facts").to_pylist()}
    texts: dict[int, list[Row]] = {}
    for row in lake.read(corpus, "fact_prompts").to_pylist():
        texts.setdefault(row["fact_id"], []).append(row)
    known = model_answers.known(lake.read(where, "fact_answers"))
    made: dict[str, list[Row]] = {name: [] for name in CIRCUITS}
    for i, fact in enumerate(_some(about, known)):
        rng = np.random.default_rng([seed, 9, fact])
        told = about[fact]
        same = same_subject(told, {k: about[k] for k in known if k != fact})[:1]
        rivals = [k for k in known if about[k]["relation"] == told["relation"] and k != fact]
        for name, rows in _of_fact(told, texts[fact], same, rivals, i, atlas, rng).items():
            made[name] += rows
    add_scorecards(lake, where, made, lake.read(corpus, "facts"), known)
    fact_set = next(iter(about.values()))["fact_set"]
    for name, rows in made.items():
        full = [{**row, "fact_set": fact_set} for row in rows]
        table = pa.Table.from_pylist(full, schema=CIRCUITS[name].schema)
        order = [(column, "ascending") for column in CIRCUITS[name].key]
        lake.write(where, name, table.sort_by(order), FINGERPRINT)
    return lake


def _some(about: dict[int, Row], known: list[int] | set[int]) -> list[int]:
    """The first known facts of each relation."""
    found: dict[str, list[int]] = {}
    for fact in sorted(known):
        found.setdefault(about[fact]["relation"], []).append(fact)
    return [fact for facts in found.values() for fact in facts[:_EACH]]


def _of_fact(
    told: Row,
    texts: list[Row],
    same: list[int],
    rivals: list[int],
    i: int,
    atlas: Row,
    rng: np.random.Generator,
) -> dict[str, list[Row]]:
    chosen, measured = texts[0], texts[1]
    roles = _roles(chosen["text"], told["subject"])
    attributions, units = _attributions(told, chosen, roles, atlas, rng)
    (apart,) = rng.spawn(1)
    together = connections(attributions, roles, atlas["n_layers"], _DIFFERENCE, apart)
    return {
        **together,
        "contrasts": [
            *_contrasts(told, chosen, rivals, "choose"),
            *_contrasts(told, measured, rivals, "measure"),
        ],
        "unit_attributions": attributions,
        "circuit_units": _circuit(told, units, roles, bool(same), rng),
        "circuit_curves": _curves(told, measured, same, 0.8 if i % 2 else 0.2, rng),
    }


def _roles(text: str, subject: str) -> Roles:
    """Of a prompt whose tokens are its words."""
    at = text.find(subject)
    start = len(text[:at].split())
    return Roles(len(text.split()), start, start + len(subject.split()))


def _contrasts(told: Row, prompt: Row, rivals: list[int], purpose: str) -> list[Row]:
    return [
        {
            "fact_id": told["fact_id"],
            "prompt_fact_id": told["fact_id"],
            "prompt": prompt["prompt"],
            "contrast": i,
            "purpose": purpose,
            "contrast_kind": "pair" if i < len(rivals) else "mean",
            "contrast_fact_id": rivals[i] if i < len(rivals) else None,
            "n_prompts": 1 if i < len(rivals) else 4,
            "answer_token_id": 1,
            "against_token_id": 2 + i,
            "difference": _DIFFERENCE + i,
        }
        for i in range(_CONTRASTS)
    ]


def _attributions(
    told: Row, prompt: Row, roles: Roles, atlas: Row, rng: np.random.Generator
) -> tuple[list[Row], list[tuple[float, int, int, int]]]:
    """Rows, and the neurons that are for the answer: estimate, layer, unit, position."""
    n_layers, n_neurons = atlas["n_layers"], atlas["n_neurons"]
    base = {"fact_id": told["fact_id"], "prompt": prompt["prompt"]}
    places = [roles.end - 1, roles.n - 1]
    tokens = [f" {word}" for word in prompt["text"].split()]
    rows, units = [], []

    def add(kind: str, layer: int, unit: int, at: int, score: float, single: bool) -> None:
        place = {"kind": kind, "layer": layer, "unit": unit, "position": at}
        row = {**base, **place, "token": tokens[at], "role": roles.role(at)}
        rows.append({**row, "contrast": -1, "method": "integrated", "score": score})
        if single:
            effect = score * float(rng.uniform(0.8, 1.2))
            rows.append({**row, "contrast": 0, "method": "patching", "score": effect})

    n = n_layers * n_neurons
    for at in dict.fromkeys(places):
        for one in rng.choice(n, min(_UNITS, n), replace=False).tolist():
            layer, unit = divmod(one, n_neurons)
            score = float(rng.normal(0.05, 0.3))
            add("neuron", layer, unit, at, score, True)
            if score > 0:
                units.append((score, layer, unit, at))
    for layer in range(n_layers):
        add("head", layer, int(rng.integers(_HEADS)), roles.n - 1, float(rng.normal(0, 1)), True)
        for at in range(roles.n):
            for kind in ("mlp", "attention"):
                add(kind, layer, -1, at, float(rng.normal(0, 0.5)), False)
    for at in range(roles.n):
        add("embedding", 0, -1, at, float(rng.normal(0, 0.5)), False)
    return rows, sorted(units, reverse=True)[:_UNITS]


def _circuit(
    told: Row,
    units: list[tuple[float, int, int, int]],
    roles: Roles,
    has_same: bool,
    rng: np.random.Generator,
) -> list[Row]:
    rows = []
    circuits = {"all": units, **({"specific": units[::3]} if has_same else {})}
    for circuit, some in circuits.items():
        for rank, (score, layer, unit, at) in enumerate(some, 1):
            place = roles.place(at)
            assert place is not None  # the subject's end and the last token have one
            row = {
                "fact_id": told["fact_id"],
                "circuit": circuit,
                "rank": rank,
                "kind": "neuron",
                "layer": layer,
                "unit": unit,
                "role": place.role,
                "subject_offset": place.offset,
                "score": score if circuit == "all" else score / _DIFFERENCE,
            }
            measured = _measured(rank, has_same, rng) if circuit == "all" and rank <= 30 else {}
            rows.append({**row, **measured})
    return rows


def _measured(rank: int, has_same: bool, rng: np.random.Generator) -> Row:
    own = float(rng.uniform(0, 0.3) / rank)
    shares = {name: own * float(rng.uniform(0, 0.8)) for name in ("subject", "answer", "relation")}
    shares["grammar"] = 0.0
    if not has_same:
        shares["subject"] = float("nan")
    columns = {"grammar": "effect_frame"}
    effects = {columns.get(k, f"effect_{k}"): None if np.isnan(v) else v for k, v in shares.items()}
    return {"effect": own, **effects, "carries": carries(own, shares)}


def _curves(
    told: Row, prompt: Row, same: list[int], as_much: float, rng: np.random.Generator
) -> list[Row]:
    """as_much: of what the fact loses, the share that the subject's other facts lose."""
    rows = []

    def add(condition: str, fact: int, measure: str, most: float, limit: int) -> None:
        for n in SIZES[measure]:  # type: ignore[index]
            if n > limit:
                continue
            for contrast in range(_CONTRASTS):
                before = _DIFFERENCE + contrast
                share = most * float(np.log(n + 1) / np.log(301) * (1 + 0.05 * contrast))
                after = before * (1 - share if measure == "lost" else share)
                rows.append(
                    {
                        "fact_id": told["fact_id"],
                        "condition": condition,
                        "prompt_fact_id": fact,
                        "prompt": prompt["prompt"],
                        "contrast": contrast,
                        "measure": measure,
                        "n_units": n,
                        "difference_before": before,
                        "difference_after": after,
                        "share": share,
                    }
                )

    own = {"circuit": 0.9, **({"specific": 0.5} if same else {})}
    for condition, most in own.items():
        for measure in SIZES:
            add(condition, told["fact_id"], measure, most, 300 if condition == "specific" else 3000)
        for fact in same:
            add(condition, fact, "lost", most * as_much, 300)
    for condition in (*CONTROLS, "other_fact"):
        limit = CONTROLS.get(condition, 3000)
        for measure in SIZES:
            add(condition, told["fact_id"], measure, float(rng.uniform(0.01, 0.1)), limit)
    return rows
