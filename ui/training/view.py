"""A model through training: the data of the Training tab, by the SQL macros.

Keyed by the model without its step. Where a table is not made yet the rest is answered, and
`missing` says by part which one it is and which command makes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.live.numbers import NOT_FINITE
from ui.pack import pack
from ui.rows import (
    Answer,
    columns,
    is_damaged,
    limit_option,
    made_of_other_facts,
    missing_tables,
    rows,
    waits_for,
)

_STORED = {
    "layers": "layer_steps",
    "neuron": "neuron_steps",
    "fact": "fact_steps",
    "map": "neuron_map_steps",
}


def base(model: str) -> str:
    """The model's name without a step."""
    return model.partition("@")[0]


def training(database: Database, model: str) -> Answer:
    """The steps of a model's training, its log, births and deaths by layer, and what is missing.

    `steps` are empty where the lake holds no atlas of a step of this model; `others` names an atlas
    at the last step of each model that has some.
    """
    found = rows(database, "SELECT model, step, corpus, n_layers FROM model_steps($1)", model)
    if not found:
        return {"name": base(model), "steps": [], "others": _others(database)}
    missing = {
        part: _command(database, model, found[0]["corpus"], table)
        for part, table in _STORED.items()
        if missing_tables(database, base(model), table)
    }
    missing |= _knowledge(database, found)
    others = made_of_other_facts(database, model)
    if "fact" not in missing and "fact_steps" in others:
        missing["fact"] = _other_facts(base(model), found[0]["corpus"])
    steps = [row["step"] for row in found]
    return {
        "name": base(model),
        "steps": steps,
        "models": [row["model"] for row in found],
        "layers": None if "layers" in missing else _layers(database, model, steps),
        "relations": [
            row["relation"]
            for row in rows(
                database,
                "SELECT DISTINCT e.relation FROM intervention_effects AS e "
                "SEMI JOIN model_steps($1) AS m ON m.model = e.model "
                "ORDER BY e.relation <> 'all', e.relation",
                model,
            )
        ],
        "log": rows(database, "FROM training_losses($1)", model),
        "missing": missing,
    }


def _others(database: Database) -> list[str]:
    """An atlas at the last step of each model that has steps."""
    found = rows(
        database,
        "SELECT arg_max(a.model, step_of(a.model)) AS model FROM atlases AS a "
        "WHERE step_of(a.model) IS NOT NULL GROUP BY split_part(a.model, '@', 1) ORDER BY 1",
    )
    return [row["model"] for row in found]


def _command(database: Database, model: str, corpus: str, table: str) -> str:
    name = base(model)
    make = f"`kn run --corpus {corpus} --model {name} --steps-of all`"
    return waits_for(database, name, [table], name, make)


def _other_facts(name: str, corpus: str) -> str:
    return (
        f"The corpus' facts were made again since the steps of {name} were asked: their answers "
        f"are not shown. `kn knowledge --corpus {corpus} --model {name} --steps-of all` asks these."
    )


def _knowledge(database: Database, found: list[Answer]) -> Answer:
    """Which steps lack what `kn knowledge` makes, in words by part."""
    there = {(name, key) for name, key, _ in database.stamp}
    corpus, name = found[0]["corpus"], base(found[0]["model"])
    missing = {}
    for part, table in (("knowledge", "interventions"), ("concepts", "neuron_concepts")):
        without = [r for r in found if (table, r["model"]) not in there]
        if not without:
            continue
        make = (
            f"`kn knowledge --corpus {corpus} --model {name}"
            f"{limit_option(database, found[0]['model'])} --steps-of all`"
        )
        spoilt = [r for r in without if is_damaged(database, r["model"], table)]
        absent = [r for r in without if r not in spoilt]
        told = []
        if len(absent) == len(found):
            told.append(f"No step has a table `{table}` yet: {make} makes it.")
        elif absent:
            told.append(f"{_steps(absent)} no table `{table}` yet: {make} makes it.")
        if spoilt:
            told.append(
                f"{_steps(spoilt)} damaged files in the table `{table}`: {make} makes it again."
            )
        missing[part] = " ".join(told)
    return missing


def _steps(found: list[Answer]) -> str:
    """Some steps that have something, as the beginning of a sentence."""
    steps = ", ".join(f"{row['step']:,}" for row in found[:6])
    more = " and others" if len(found) > 6 else ""
    return f"Step {steps}{more} {'has' if len(found) == 1 else 'have'}"


def _layers(database: Database, model: str, steps: list[int]) -> Answer:
    """Neurons alive, births and deaths: lists by layer, then by step; null at the first step."""
    found = rows(database, "FROM births_deaths($1)", model)
    n_layers = max((row["layer"] for row in found), default=-1) + 1
    place = {step: i for i, step in enumerate(steps)}
    answer: dict[str, list[list[Any]]] = {
        name: [[None] * len(steps) for _ in range(n_layers)]
        for name in ("n_alive", "births", "deaths", "mean_final_overlap")
    }
    for row in found:
        if row["step"] in place:
            for name, values in answer.items():
                values[row["layer"]][place[row["step"]]] = row[name]
    return answer


def story(database: Database, model: str, relation: str) -> Answer:
    """The table of checkpoints, of one relation or of all."""
    return {"rows": rows(database, "FROM training_by_step($1, relation := $2)", model, relation)}


def neuron(database: Database, model: str, layer: int, neuron: int) -> Answer:
    """A neuron through training, step by step."""
    return {"story": rows(database, "FROM neuron_by_step($1, $2, $3)", model, layer, neuron)}


def places(database: Database, model: str, step: int) -> Answer:
    """The map of one step: 16-bit fractions of a square that holds the maps of all steps.

    Neurons that hadn't fired at that step have no place and are counted as `silent`.
    """
    if missing_tables(database, base(model), "neuron_map_steps"):
        return {"n": 0}
    found = columns(
        database,
        "SELECT layer, neuron, x, y, x IS NULL AS silent FROM neuron_points_at_step($1, $2)",
        model,
        step,
    )
    (whole,) = rows(
        database,
        "SELECT min(x) AS left_, max(x) AS right_, min(y) AS top, max(y) AS bottom "
        "FROM neuron_map_steps WHERE model = $1 AND isfinite(x) AND isfinite(y)",
        base(model),
    )
    if not len(found["x"]):
        raise KnError(f"there is no map of step {step}")
    n_layers, n_neurons = (int(found[name].max()) + 1 for name in ("layer", "neuron"))
    fired = ~found["silent"].astype(bool)
    there = fired & np.isfinite(found["x"]) & np.isfinite(found["y"])
    if not there.any():
        raise KnError(f"no neuron has a finite place on the map of step {step}")
    lost = int((fired & ~there).sum())
    found = {name: column[there] for name, column in found.items()}
    width, height = whole["right_"] - whole["left_"], whole["bottom"] - whole["top"]
    size = max(width, height, 1e-9)
    left, top = whole["left_"] - (size - width) / 2, whole["top"] - (size - height) / 2
    return {
        "n": len(found["x"]),
        "n_neurons": n_neurons,
        "n_layers": n_layers,
        "silent": int((~fired).sum()),
        "layer": pack(found["layer"], "u2"),
        "neuron": pack(found["neuron"], "u4"),
        "x": pack(np.rint((found["x"] - left) / size * 65535), "u2"),
        "y": pack(np.rint((found["y"] - top) / size * 65535), "u2"),
        "extent": [width / size, height / size],
        **({NOT_FINITE: lost} if lost else {}),
    }
