"""The story of a fact through a model's training: the data of its pane, by the SQL macros."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from ui.rows import Answer, limit_option, rows

_NEAR = 8  # facts named as near
_SHARING = 3  # that share neurons: two are named, a third says that there are others
# Look-ups over the files of all steps: side by side they take half the time.
_POOL = ThreadPoolExecutor(6, thread_name_prefix="story")
_QUERIES = {
    "prompts": "FROM fact_prompts_by_step($1, $2)",
    "milestones": "FROM fact_milestones($1) WHERE fact_id = $2",
    "neurons": "FROM fact_neurons_by_step($1, $2)",
    "effects": "FROM fact_log_odds_by_step($1, $2)",
}
_OF_LAST_STEP = {
    "verdicts": "FROM fact_verdicts($1, $2)",
    "near": f"FROM facts_near($1, $2) LIMIT {_NEAR}",
    "sharing": "FROM facts_near($1, $2) WHERE n_shared > 0 "
    f"ORDER BY n_shared DESC, fact_id LIMIT {_SHARING}",
}
_ATTRIBUTED = """
SELECT m.step
FROM model_steps($1) AS m
JOIN every_attribution_error AS e ON e.model = m.model
WHERE e.fact_id = $2
GROUP BY m.step
ORDER BY m.step
"""
_ON_DEMAND = """
SELECT DISTINCT s.step FROM every_fact_step AS s
WHERE s.model = split_part($1, '@', 1) AND s.fact_id = $2 AND s.on_demand
ORDER BY s.step
"""


def fact(database: Database, model: str, fact: int) -> Answer:
    """A fact through training: its prompts, milestones, neurons and effects by step, and the
    verdicts of the last step, with the facts near it and, most first, those that share neurons.

    `attributed` are the steps at which it was attributed, `on_demand` those at which it was asked
    on demand; `command` is what asks and attributes more facts. Raises KnError for a fact that the
    corpus doesn't have.
    """
    about = rows(
        database,
        "SELECT f.fact_id, f.relation, f.subject, f.object FROM facts AS f "
        "WHERE f.fact_id = $2 AND f.corpus = (SELECT any_value(corpus) FROM model_steps($1))",
        model,
        fact,
    )
    if not about:
        raise KnError(f"there is no fact {fact} in this corpus")
    steps = rows(database, "SELECT model, step, corpus FROM model_steps($1)", model)
    last = steps[-1]
    found = {
        name: _POOL.submit(rows, database, sql, of, fact)
        for of, queries in ((model, _QUERIES), (last["model"], _OF_LAST_STEP))
        for name, sql in queries.items()
    }
    attributed = _POOL.submit(rows, database, _ATTRIBUTED, model, fact)
    on_demand = _POOL.submit(rows, database, _ON_DEMAND, model, fact)
    answer: Answer = {name: future.result() for name, future in found.items()}
    return {
        **answer,
        "fact": about[0],
        "milestones": answer["milestones"][0] if answer["milestones"] else None,
        "attributed": [row["step"] for row in attributed.result()],
        "on_demand": [row["step"] for row in on_demand.result()],
        "command": f"kn knowledge --corpus {last['corpus']} --model {model.partition('@')[0]}"
        f"{limit_option(database, last['model'])} --steps-of all",
    }
