"""A neuron's whole page: its descriptions, histogram, both halves, lift, concepts and facts.

All of it comes from macros over one neuron, asked side by side. The nearest neurons are a question
of their own, since the peaks of all neurons are read for them.
"""

from __future__ import annotations

from kn_assets.database.database import Database
from ui.explore.neuron import POOL
from ui.rows import Answer, limit_option, missing_tables, rows, waits_for

EXAMPLES, SAMPLE, TOKENS, LIFTS, CONCEPTS, FACTS, NEAR = 6, 4, 8, 12, 8, 12, 8
_FIRED = ("activations_by_neuron", "thresholds")
_OF_KNOWLEDGE = ("concepts", "facts", "verdicts")
_NEEDS = {
    "rules": ("neuron_descriptions",),
    "histogram": _FIRED,
    "halves": _FIRED,
    "promotes": ("neuron_vocabulary",),
    "lift": _FIRED,
    "concepts": ("neuron_concepts",),
    "facts": ("knowledge_neurons",),
    "verdicts": ("verdicts",),
    "alike": ("neuron_peaks",),
}
_CARD = "SELECT n_fired, firing_rate, mean, std, min, max, threshold FROM neuron_card($1, $2, $3)"
_SURE = "lift_low > 1 AND n_both >= 2"
"""What is more than chance by the interval, and not of one prompt or token alone."""


def page(database: Database, model: str, layer: int, neuron: int) -> Answer:
    """All that is quickly told of a neuron; `missing` says why a section has nothing."""
    one = (model, layer, neuron)

    def asked(sql: str, *more: object) -> list[Answer]:
        return rows(database, sql, *one, *more)

    work = {
        "card": POOL.submit(asked, _CARD),
        "rules": POOL.submit(asked, "FROM neuron_rules($1, $2, $3)"),
        "histogram": POOL.submit(asked, "FROM neuron_histogram($1, $2, $3)"),
        "halves": POOL.submit(asked, "FROM neuron_halves($1, $2, $3)"),
        "lift": POOL.submit(asked, f"FROM neuron_lift($1, $2, $3) WHERE {_SURE} LIMIT {LIFTS}"),
        "concepts": POOL.submit(asked, f"FROM neuron_marks($1, $2, $3) LIMIT {CONCEPTS}"),
        "facts": POOL.submit(
            asked,
            "SELECT *, count(*) OVER () AS total FROM neuron_facts($1, $2, $3) "
            f"ORDER BY score DESC, fact_id LIMIT {FACTS}",
        ),
    }
    halves = {
        (sign, part): POOL.submit(asked, sql, sign)
        for sign in (1, -1)
        for part, sql in (
            ("examples", f"FROM neuron_half_examples($1, $2, $3, $4, {EXAMPLES}, {SAMPLE})"),
            ("at", f"FROM neuron_tokens($1, $2, $3, $4) WHERE {_SURE} LIMIT {TOKENS}"),
            (
                "follows",
                f"FROM neuron_tokens($1, $2, $3, $4, shift := 1) WHERE {_SURE} LIMIT {TOKENS}",
            ),
        )
    }
    found: Answer = {name: asking.result() for name, asking in work.items()}
    for half in found["halves"]:
        for part in ("examples", "at", "follows"):
            half[part] = halves[half["sign"], part].result()
        half["rules"] = [rule for rule in found["rules"] if rule["sign"] == half["sign"]]
    del found["rules"]
    cards = found.pop("card")
    return {**found, "card": cards[0] if cards else None, "missing": _missing(database, model)}


def near(database: Database, model: str, layer: int, neuron: int) -> Answer:
    """The neurons nearest to one: in behaviour by their peaks, and by what they promote."""
    one = (model, layer, neuron, NEAR)
    alike = POOL.submit(rows, database, "FROM neurons_alike($1, $2, $3, k := $4)", *one)
    promoting = POOL.submit(
        rows, database, "FROM neurons_promoting_alike($1, $2, $3, k := $4)", *one
    )
    missing = _missing(database, model)
    return {
        "alike": alike.result(),
        "promoting": promoting.result(),
        "missing": {part: missing[part] for part in ("alike", "promotes") if part in missing},
    }


def _missing(database: Database, model: str) -> dict[str, str]:
    """Why a section has nothing, by section, for those whose tables aren't there."""
    lacks = {
        part: names
        for part, needs in _NEEDS.items()
        if (names := missing_tables(database, model, *needs))
    }
    return {
        part: waits_for(database, model, names, make=_knowledge(database, model))
        if part in _OF_KNOWLEDGE
        else waits_for(database, model, names)
        for part, names in lacks.items()
    }


def _knowledge(database: Database, model: str) -> str:
    found = rows(database, "SELECT corpus FROM atlases WHERE model = $1", model)
    corpus = found[0]["corpus"] if found else "CORPUS"
    return f"`kn knowledge --corpus {corpus} --model {model}{limit_option(database, model)}`"
