"""A fact's circuit: the data of the Circuit tab, by the SQL macros."""

from __future__ import annotations

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from ui.circuit.connections import connections
from ui.rows import Answer, limit_option, made_of_other_facts, missing_tables, rows, waits_for

TABLES = ("contrasts", "unit_attributions", "circuit_units", "circuit_curves")
CIRCUITS = ("all", "specific")
DRAWN = 300
"""Units of a circuit that the picture draws, the strongest."""
LISTED = 30

_ABOUT = """
SELECT f.fact_id, f.relation, f.subject, f.object
FROM facts AS f JOIN atlases AS a ON a.corpus = f.corpus
WHERE a.model = $1 AND f.fact_id = $2
"""
_PROMPTS = """
SELECT c.prompt, c.purpose, any_value(p.text) AS text, avg(c.difference) AS difference,
    count(*) AS n
FROM contrasts AS c
JOIN atlases AS a ON a.model = c.model
JOIN fact_prompts AS p ON p.corpus = a.corpus AND p.fact_id = c.fact_id AND p.prompt = c.prompt
WHERE c.model = $1 AND c.fact_id = $2 AND c.prompt_fact_id = $2
GROUP BY ALL ORDER BY ALL
"""
_AGAINST = """
SELECT c.prompt, c.contrast, c.purpose, c.contrast_kind, c.n_prompts, c.difference, f.subject,
    f.object
FROM contrasts AS c
JOIN atlases AS a ON a.model = c.model
LEFT JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = c.contrast_fact_id
WHERE c.model = $1 AND c.fact_id = $2 AND c.prompt_fact_id = $2
ORDER BY c.purpose, c.prompt, c.contrast
"""
_TOKENS = """
SELECT DISTINCT position, token, role FROM unit_attributions
WHERE model = $1 AND fact_id = $2 AND kind = 'embedding' ORDER BY position
"""
_OTHERS = """
SELECT DISTINCT f.fact_id, f.relation, f.object
FROM circuit_curves AS c
JOIN atlases AS a ON a.model = c.model
JOIN facts AS f ON f.corpus = a.corpus AND f.fact_id = c.prompt_fact_id
WHERE c.model = $1 AND c.fact_id = $2 AND c.prompt_fact_id <> $2 ORDER BY f.fact_id
"""
_CARRIED = "FROM fact_circuit($1, $2) WHERE carries IS NOT NULL"
_OF_PLACE = ("kind", "layer", "unit", "role", "subject_offset")
_MEASURED = (
    *("effect", "effect_subject", "effect_answer", "effect_relation", "effect_frame"),
    "carries",
)


def circuit(database: Database, model: str, fact: int, which: str) -> Answer:
    """A fact's circuit: the prompt that it was chosen on with its tokens, the `units` of its
    picture, sums of a layer's MLP and attention at each token as `cells`, what its units buy as
    `curves`, its strongest units as `listed`, and over a training's steps its `dates`.

    which: of `CIRCUITS`. Where there is none, `missing` says why and `has` which there are. Raises
    KnError for a fact that the corpus doesn't have.
    """
    about = rows(database, _ABOUT, model, fact)
    if not about:
        raise KnError(f"there is no fact {fact} in this corpus")
    answer: Answer = {"fact": about[0], "has": []}
    if lacking := missing_tables(database, model, *TABLES):
        made = waits_for(database, model, lacking, make=command(database, model))
        return {**answer, "missing": made}
    counts = rows(
        database,
        "SELECT circuit, count(*) AS n FROM circuit_units WHERE model = $1 AND fact_id = $2 "
        "GROUP BY circuit ORDER BY circuit",
        model,
        fact,
    )
    if not counts:
        return {**answer, "missing": _why_none(database, model, fact)}
    tokens = rows(database, _TOKENS, model, fact)
    if any(row["token"] is None for row in tokens):
        told = (
            f"An earlier version made these circuits: {command(database, model)} makes them anew."
        )
        return {**answer, "missing": told}
    answer["has"] = [row["circuit"] for row in counts]
    if which not in answer["has"]:
        return {**answer, "missing": _no_specific(about[0])}
    sizes = {row["circuit"]: row["n"] for row in counts}
    return {**answer, "n_units": sizes[which], **_made(database, model, about[0], which, tokens)}


def _made(
    database: Database, model: str, about: Answer, which: str, tokens: list[Answer]
) -> Answer:
    fact = about["fact_id"]
    prompts = {row["purpose"]: row for row in rows(database, _PROMPTS, model, fact)}
    chosen = prompts["choose"]
    roles = [row["role"] for row in tokens]
    own = rows(database, "FROM fact_circuit($1, $2, circuit := $3)", model, fact, which)
    estimates = rows(database, "FROM fact_unit_attributions($1, $2)", model, fact)
    carried = rows(database, _CARRIED, model, fact)
    cells = [row for row in estimates if row["kind"] in ("mlp", "attention", "embedding")]
    single = [row for row in estimates if row["kind"] in ("neuron", "head")]
    return {
        "prompt": {
            "text": chosen["text"],
            "difference": chosen["difference"],
            "roles": roles,
            "tokens": [row["token"] for row in tokens],
        },
        "measured": prompts.get("measure"),
        "against": rows(database, _AGAINST, model, fact),
        "units": _units(single, own[:DRAWN], roles, carried, which),
        "cells": [_plain(row) for row in cells],
        "listed": _listed(own[:LISTED], roles, carried),
        "curves": rows(database, "FROM fact_circuit_curves($1, $2)", model, fact),
        "others": rows(database, _OTHERS, model, fact),
        "dates": rows(database, "FROM circuit_dates($1) WHERE fact_id = $2", model, fact),
        **connections(database, model, fact),
    }


def _units(
    single: list[Answer], own: list[Answer], roles: list[str], carried: list[Answer], which: str
) -> list[Answer]:
    """The measured units and those of the circuit, each once; `rank` is null where it isn't of it.

    The score of the specific circuit is a share, not logits: a unit of it without an estimate of
    its own has none.
    """
    found: dict[tuple[object, ...], Answer] = {}
    for row in single:
        key = (row["kind"], row["layer"], row["unit"], row["position"])
        found[key] = {**_plain(row), "rank": None, "carries": None}
    for row in own:
        position = _position(row, roles)
        if position is None:
            continue
        key = (row["kind"], row["layer"], row["unit"], position)
        estimate = row["score"] if which == "all" else None
        new = {"position": position, "estimate": estimate, "effect": None, "carries": None}
        there = found.setdefault(key, {k: row[k] for k in ("kind", "layer", "unit")} | new)
        there["rank"] = row["rank"]
    for row in carried:
        key = (row["kind"], row["layer"], row["unit"], _position(row, roles))
        if key in found:
            found[key]["carries"] = row["carries"]
    return list(found.values())


def _listed(own: list[Answer], roles: list[str], carried: list[Answer]) -> list[Answer]:
    """Units of a circuit with what they carry, which was measured for those of the whole one."""
    of_place = {tuple(row[n] for n in _OF_PLACE): row for row in carried}
    found = []
    for row in own:
        measured = of_place.get(tuple(row[n] for n in _OF_PLACE), {})
        told = {name: measured.get(name) for name in _MEASURED}
        found.append({**row, **told, "position": _position(row, roles)})
    return found


def _plain(row: Answer) -> Answer:
    return {name: row[name] for name in ("kind", "layer", "unit", "position", "estimate", "effect")}


def _position(row: Answer, roles: list[str]) -> int | None:
    """Where a unit's place is in the prompt; None where the subject has fewer tokens."""
    if row["role"] == "last":
        return len(roles) - 1
    ends = [i for i, role in enumerate(roles) if role.startswith("subject")]
    at = (ends[-1] if ends else -1) - row["subject_offset"]
    return at if at in ends else None


def _why_none(database: Database, model: str, fact: int) -> str:
    """Why a fact of an atlas that has circuits has none."""
    make = command(database, model)
    if "circuit_units" in made_of_other_facts(database, model):
        return (
            "The corpus' facts were made again since circuits were: theirs are of other facts and "
            f"aren't shown. {make} makes them of these."
        )
    found = rows(
        database,
        "SELECT n_prompts, n_correct, known FROM search_facts($1, '') WHERE fact_id = $2",
        model,
        fact,
    )
    n = rows(
        database, "SELECT count(DISTINCT fact_id) AS n FROM circuit_units WHERE model = $1", model
    )[0]["n"]
    if found and found[0]["n_prompts"] and not found[0]["known"]:
        correct, of = found[0]["n_correct"], found[0]["n_prompts"]
        return (
            f"No circuit was made of this fact: the model doesn't know it (correct in {correct} of "
            f"{of} prompts), so that there is no answer to carry. Circuits are of known facts: "
            f"{n} here have one."
        )
    return (
        f"No circuit was made of this fact: {n} have one, the first known ones of each relation. "
        f"Of up to 50 of each: {make[:-1]} --known 50`."
    )


def _no_specific(about: Answer) -> str:
    return (
        f"There is no specific circuit: the model knows no other fact about {about['subject']}, so "
        "that nothing tells units of this fact from units of its subject. Choose “all”."
    )


def first(database: Database, model: str) -> int | None:
    """The first fact that has a circuit."""
    if missing_tables(database, model, *TABLES):
        return None
    found = rows(
        database, "SELECT min(fact_id) AS fact_id FROM circuit_units WHERE model = $1", model
    )
    fact: int | None = found[0]["fact_id"]
    return fact


def command(database: Database, model: str) -> str:
    """The command that makes an atlas' circuits, as code."""
    found = rows(database, "SELECT corpus FROM atlases WHERE model = $1", model)
    corpus = found[0]["corpus"] if found else "CORPUS"
    return f"`kn circuits --corpus {corpus} --model {model}{limit_option(database, model)}`"
