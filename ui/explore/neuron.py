"""The right pane: what a neuron is, what fires it, and how attention weights it in a prompt."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from kn_assets.database.database import Database
from ui.pack import pack
from ui.rows import Answer, columns, missing_tables, rows, waits_for

TOP_PROMPTS = 10
SAMPLE_PROMPTS = 6
_COUNTRIES = """
SELECT value AS country, n_both AS n, share, corpus_share, lift, lift_low, lift_high
FROM neuron_lift($1, $2, $3)
WHERE attribute = 'country' AND lift_low > 1 AND n_both >= 2 LIMIT 4
"""
_EXAMPLES = "FROM neuron_examples($1, $2, $3, $4, $5) ORDER BY rank"
POOL = ThreadPoolExecutor(8, thread_name_prefix="view")


def neuron(database: Database, model: str, prompt: int | None, layer: int, neuron: int) -> Answer:
    """What a neuron is, the prompts that fire it, and the weights of attention in this prompt."""
    missing = {
        part: waits_for(database, model, names)
        for part, needs in (
            ("card", ("neurons",)),
            ("vocabulary", ("neuron_vocabulary",)),
            ("top", ("neuron_peaks", "activations_by_neuron")),
            ("sample", ("neuron_peaks", "activations_by_neuron")),
            ("attention", () if prompt is None else ("attention", "activations")),
        )
        if (names := missing_tables(database, model, *needs))
    }
    one = (model, layer, neuron)
    # Four small look-ups in different files: side by side they take half the time.
    card, countries, examples, weighted = (
        POOL.submit(_card, database, *one),
        POOL.submit(rows, database, _COUNTRIES, *one),
        POOL.submit(rows, database, _EXAMPLES, *one, TOP_PROMPTS, SAMPLE_PROMPTS),
        POOL.submit(_weighted, database, model, prompt, layer, neuron),
    )
    facts = card.result()
    shown = examples.result()
    return {
        "card": facts,
        "vocabulary": _vocabulary(facts) if facts and "vocabulary" not in missing else None,
        "countries": countries.result(),
        "top": [row for row in shown if not row["sampled"]],
        "sample": [row for row in shown if row["sampled"]],
        "attention": None if "attention" in missing else weighted.result(),
        "missing": missing,
    }


def _card(database: Database, model: str, layer: int, neuron: int) -> Answer | None:
    found = rows(database, "FROM neuron_card($1, $2, $3)", model, layer, neuron)
    return found[0] if found else None


def _vocabulary(card: Answer) -> Answer:
    def words(name: str) -> list[Answer]:
        tokens, scores = card.pop(name) or [], card.pop(f"{name}_scores") or []
        pairs = zip(tokens[:8], scores[:8], strict=True)
        return [{"token": token, "score": score} for token, score in pairs]

    return {"promotes": words("promoted"), "suppresses": words("suppressed")}


def _weighted(
    database: Database, model: str, prompt: int | None, layer: int, neuron: int
) -> Answer | None:
    """Attention of the layer as the rows of a lower triangle, and the activations it weights."""
    if prompt is None:
        return None
    found = columns(
        database,
        "SELECT position, source_position, attention, activation "
        "FROM attention_weighted($1, $2, $3, $4)",
        model,
        prompt,
        layer,
        neuron,
    )
    if not len(found["position"]):
        return None
    position = found["position"].astype(int)
    source = found["source_position"].astype(int)
    n = int(position.max()) + 1
    weights = np.zeros(n * (n + 1) // 2, dtype=np.float32)
    weights[position * (position + 1) // 2 + source] = found["attention"]
    activations = np.zeros(n)
    activations[source] = found["activation"]
    return {
        "weights": pack(weights, "f4"),
        "activations": [float(a) if a else None for a in activations],
    }
