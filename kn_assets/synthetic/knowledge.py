"""Made-up facts and knowledge neurons for the made-up atlases.

Facts, refinement, effects and concepts are made by the real functions; what a model would say is
drawn: a fact's knowledge neurons lower its answer's probability, the controls hardly do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.knowledge import answers as model_answers
from kn_assets.knowledge import effects, facts, refine, verdict_tables
from kn_assets.knowledge.concepts import concepts
from kn_assets.knowledge.controls import same_subject
from kn_assets.lake import Lake, Partition
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.synthetic.text import vocabulary

_FACTS = 4  # of each relation
_NEURONS = 2_000  # of the atlas, whose concepts are made
_CONDITIONS = {
    "knowledge_neurons": 0.3,
    "random": 0.97,
    "activation_matched": 0.95,
    "other_fact": 0.98,
    "same_subject": 0.9,
}
_FINAL = {"final_checkpoint": 0.5}
_SETS = {"random": 3, "activation_matched": 2}  # of neurons


def add_facts(lake: Lake, corpus: Partition, fingerprint: str) -> None:
    """Write `facts` and `fact_prompts` of the corpus' own cities."""
    told, prompts = facts.tables(facts.from_cities(lake.read(corpus, "cities")))
    lake.write(corpus, "facts", told, fingerprint)
    lake.write(corpus, "fact_prompts", prompts, fingerprint)


def add_knowledge(
    lake: Lake,
    model: Partition,
    corpus: Partition,
    n_layers: int,
    n_neurons: int,
    fingerprint: str,
    seed: int = 0,
    final: bool = False,
) -> None:
    """Write all tables about facts for a model whose corpus has `facts`."""
    rng = np.random.default_rng([seed, 6])
    told = lake.read(corpus, "facts")
    some = set(facts.first_of_each(told, _FACTS))
    (fact_set,) = set(told["fact_set"].to_pylist())
    asked = [r for r in lake.read(corpus, "fact_prompts").to_pylist() if r["fact_id"] in some]
    answers = [_answer(row, rng) for row in asked]
    attributions = _attributions(asked, n_layers, n_neurons, rng)
    n_prompts: dict[int, int] = {}
    for row in asked:
        n_prompts[row["fact_id"]] = n_prompts.get(row["fact_id"], 0) + 1
    neurons, _ = refine.refine(attributions, told, n_prompts)
    conditions = {**_CONDITIONS, **(_FINAL if final else {})}
    interventions = _interventions(answers, neurons, told, conditions, rng)
    answered = _table("fact_answers", answers)
    judged = verdict_tables.tables(interventions, told, model_answers.known(answered))
    made = {
        "fact_answers": answered,
        "attributions": attributions,
        "attribution_error": _errors(asked, n_layers, rng),
        "knowledge_neurons": neurons,
        "interventions": interventions,
        "intervention_effects": effects.effects(interventions, told, seed, 200),
        **dict(zip(("fact_effects", "verdicts", "relation_verdicts"), judged, strict=True)),
        "neuron_concepts": _concepts(lake, model, corpus, n_neurons),
    }
    for name, table in made.items():
        lake.write(model, name, _of_set(table, fact_set), fingerprint)


def _answer(row: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    words = vocabulary(60)
    chances = -np.sort(-rng.dirichlet(np.full(5, 0.7)) * 0.95)
    known = row["fact_id"] % 2 == 0 and rng.random() < 0.9
    rank = 1 if known else int(rng.integers(1, 6))
    top = rng.choice(len(words), 5, replace=False)
    return {
        "fact_id": row["fact_id"],
        "prompt": row["prompt"],
        "answer_prefix": "",
        "position": len(row["text"].split()) - 1,
        "answer_token_id": int(top[rank - 1]),
        "answer_token": words[top[rank - 1]],
        "probability": float(chances[rank - 1]),
        "rank": rank,
        "top": [words[i] for i in top],
        "top_probabilities": chances.tolist(),
        "answer_tokens": 2 if ends_otherwise(row) else 1,
        "logprob": float(np.log(chances[rank - 1])) - ends_otherwise(row),
        "greedy": rank == 1 and not ends_otherwise(row),
    }


def _attributions(
    asked: list[dict[str, Any]], n_layers: int, n_neurons: int, rng: np.random.Generator
) -> pa.Table:
    """Three neurons that a fact's prompts share, and a few of each prompt's own."""
    shared: dict[int, list[int]] = {}
    rows = []
    for row in asked:
        n = n_layers * n_neurons
        own = shared.setdefault(row["fact_id"], rng.choice(n, 3, replace=False).tolist())
        scores = dict.fromkeys(rng.choice(n, 4, replace=False).tolist(), 0.02)
        scores |= {neuron: float(rng.uniform(0.05, 0.2)) for neuron in own}
        for neuron, score in sorted(scores.items()):
            place = {"layer": neuron // n_neurons, "neuron": neuron % n_neurons, "score": score}
            rows.append({**_key(row), **place})
    return _table("attributions", rows)


def _errors(asked: list[dict[str, Any]], n_layers: int, rng: np.random.Generator) -> pa.Table:
    rows = []
    for row in asked:
        for layer in range(n_layers):
            drop = float(rng.normal(0, 0.2))
            total = drop * (1 + float(rng.normal(0, 0.01)))
            error = {
                "layer": layer,
                "attribution_sum": total,
                "probability_drop": drop,
                "relative_error": abs(total - drop) / abs(drop),
            }
            rows.append({**_key(row), **error})
    return _table("attribution_error", rows)


def _interventions(
    answers: list[dict[str, Any]],
    neurons: pa.Table,
    told: pa.Table,
    conditions: dict[str, float],
    rng: np.random.Generator,
) -> pa.Table:
    count: dict[int, int] = {}
    for fact in neurons["fact_id"].to_pylist():
        count[fact] = count.get(fact, 0) + 1
    ids = sorted(count)
    by_fact: dict[int, list[dict[str, Any]]] = {}
    for row in answers:
        by_fact.setdefault(row["fact_id"], []).append(row)
    about = {row["fact_id"]: row for row in told.to_pylist()}
    rows = []
    for i, fact in enumerate(ids):
        known = {other: about[other] for other in ids}
        elsewhere = {
            "other_fact": [ids[(i + 1) % len(ids)]],
            "same_subject": same_subject(about[fact], known)[:1],
        }
        for kind, factor in (("suppress", 0.0), ("amplify", 2.0)):
            for condition, left in conditions.items():
                of = elsewhere.get(condition, [fact])
                for other, row in ((one, row) for one in of for row in by_fact[one]):
                    share = left if kind == "suppress" else 2 - left
                    for draw in range(_SETS.get(condition, 1)):
                        after = row["probability"] * share * rng.uniform(0.9, 1.1)
                        rows.append(
                            {
                                "fact_id": fact,
                                "prompt": row["prompt"],
                                "kind": kind,
                                "condition": condition,
                                "factor": factor,
                                "n_neurons": count[fact],
                                "draw": draw,
                                "prompt_fact_id": other,
                                "probability_before": row["probability"],
                                "probability_after": min(1.0, after),
                                "rank_before": row["rank"],
                                "rank_after": row["rank"] + (condition == "knowledge_neurons"),
                                "top_before": row["top"],
                                "top_after": row["top"][::-1],
                            }
                        )
    rows.sort(key=lambda r: (r["fact_id"], r["prompt"], r["kind"], r["condition"], r["draw"]))
    return _table("interventions", rows)


def _concepts(lake: Lake, model: Partition, corpus: Partition, n_neurons: int) -> pa.Table:
    """All pairs, significant or not: small atlases have few that are."""
    peaks = lake.read(model, "neuron_peaks", ["layer", "neuron", "prompt_id", "activation"])
    named = peaks["layer"].to_numpy().astype(np.int64) * n_neurons + peaks["neuron"].to_numpy()
    atlas = lake.read(model, "atlases").to_pylist()[0]
    prompts = lake.read(corpus, "prompts").to_pylist()[: atlas["n_prompts"]]
    city = {row["city_id"]: row for row in lake.read(corpus, "cities").to_pylist()}
    return concepts(
        peaks.filter(pa.array(named < _NEURONS)),
        [row["prompt_id"] for row in prompts],
        [city[row["city_id"]] for row in prompts],
        level=1.0,
    )


def ends_otherwise(row: dict[str, Any]) -> bool:
    """Whether the model begins the answer to a prompt rightly and goes on wrongly."""
    return (row["fact_id"] + row["prompt"]) % 5 == 0


def _of_set(table: pa.Table, fact_set: str) -> pa.Table:
    """With the set of facts that its rows are of, where it says one."""
    if "fact_set" not in table.column_names:
        return table
    field = table.schema.field("fact_set")
    of = pa.array([fact_set] * table.num_rows, field.type)
    return table.set_column(table.column_names.index("fact_set"), field, of)


def _key(row: dict[str, Any]) -> dict[str, Any]:
    return {"fact_id": row["fact_id"], "prompt": row["prompt"]}


def _table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=KNOWLEDGE[name].schema)
