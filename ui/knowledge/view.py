"""Facts and their knowledge neurons: the data of the Knowledge tab, by the SQL macros."""

from __future__ import annotations

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from ui.rows import Answer, limit_option, made_of_other_facts, missing_tables, rows, waits_for

_SHOWN = 2_000  # neurons of the grid


KNOWN = {
    "": "true",
    "neurons": "s.n_neurons > 0",
    "known": "s.known",
    "not known": "NOT s.known",
    "not asked": "s.n_prompts IS NULL",
}
"""What the list of facts can be narrowed to, each with its condition."""


def facts(
    database: Database,
    model: str,
    text: str,
    offset: int,
    limit: int,
    relation: str = "",
    known: str = "",
    learned: int | None = None,
    first: str = "",
) -> Answer:
    """The facts of a model's corpus that match a text, best first, a page of them.

    relation, known (of `KNOWN`) and learned narrow them: learned is the step of the checkpoint from
    which on the model knew them, -1 for those that it knew and forgot: in the prompts of the
    training text where `of_trained`, while `known` is of all prompts. `relations` are those of the
    corpus, `learned_at` the steps at which facts were learned, -1 where some were forgotten; both
    come with the first page of an empty text. first: "circuits" puts the facts that have a circuit
    first; `circuit` tells them.
    """
    there = {name for name, _, _ in database.stamp}
    if "facts" not in there:
        return {"rows": [], "total": 0, "missing": _command(database, model, "facts")}
    of_steps = _has_steps(database, model)
    when = "true"
    if learned is not None:
        when = "l.forgotten IS NOT NULL" if learned < 0 else f"l.stable = {int(learned)}"
    found = rows(
        database,
        "SELECT s.fact_id, s.relation, s.subject, s.object, s.n_prompts, s.n_correct, "
        "s.mean_probability, s.known, s.n_neurons, s.on_demand, l.stable, l.before_stable, "
        "l.forgotten, coalesce(l.n_held_out > 0, false) AS of_trained, "
        "c.fact_id IS NOT NULL AS circuit, "
        "count(*) OVER () AS total FROM search_facts($1, $2) AS s "
        f"LEFT JOIN {_LEARNED if of_steps else _NOT_LEARNED} AS l ON l.fact_id = s.fact_id "
        f"LEFT JOIN {_CIRCUITS if 'circuit_units' in there else _NO_CIRCUITS} AS c "
        "ON c.fact_id = s.fact_id "
        f"WHERE ($5 = '' OR s.relation = $5) AND ({KNOWN[known]}) AND ({when}) "
        f"ORDER BY {'c.fact_id IS NULL, ' if first else ''}s.score DESC, s.n_neurons = 0, "
        "NOT coalesce(s.known, false), "
        "s.n_prompts IS NULL, s.fact_id LIMIT $3 OFFSET $4",
        *(model, text, limit, offset, relation),
    )
    total = found[0]["total"] if found else 0
    answer: Answer = {"rows": found, "total": total}
    if not text.strip() and not offset:
        answer |= _filters(database, model, of_steps)
    if not total and not text.strip() and not relation and not known and learned is None:
        answer["missing"] = _command(database, model, "facts")
    return answer


def _has_steps(database: Database, model: str) -> bool:
    """Whether facts were asked at steps of the model's training: else there is no milestone."""
    training = model.partition("@")[0]
    return any(
        key == training if table == "fact_steps" else key.startswith(f"{training}@")
        for table, key, _ in database.stamp
        if table in ("fact_steps", "asked_answers")
    )


_LEARNED = "(FROM fact_milestones($1))"
_NOT_LEARNED = (
    "(SELECT -1 AS fact_id, NULL::INT AS stable, NULL::INT AS before_stable, "
    "NULL::INT AS forgotten, NULL::INT AS n_held_out)"
)

_CIRCUITS = (
    "(SELECT u.fact_id FROM circuit_units AS u "
    "WHERE u.model = $1 AND u.circuit = 'all' AND u.rank = 1)"
)
_NO_CIRCUITS = "(SELECT -1 AS fact_id)"


def _filters(database: Database, model: str, of_steps: bool) -> Answer:
    """The relations of the corpus, and the steps at which facts were learned."""
    relations = rows(
        database,
        "SELECT DISTINCT f.relation FROM facts AS f JOIN atlases AS a ON a.corpus = f.corpus "
        "WHERE a.model = $1 ORDER BY 1",
        model,
    )
    learned: list[int] = []
    if of_steps:
        found = rows(
            database,
            "SELECT DISTINCT CASE WHEN l.forgotten IS NOT NULL THEN -1 ELSE l.stable END AS step "
            "FROM fact_milestones($1) AS l ORDER BY 1",
            model,
        )
        learned = [row["step"] for row in found if row["step"] is not None]
    return {"relations": [row["relation"] for row in relations], "learned_at": learned}


def fact(database: Database, model: str, fact: int) -> Answer:
    """One fact: its prompts with the model's answers, its neurons, and its interventions; in
    `circuit` those on its circuit's neurons, each where it was attributed, and in `asked` how it
    was asked on demand, if it was.

    Raises KnError for a fact that the corpus doesn't have.
    """
    about = rows(
        database,
        "SELECT f.fact_id, f.relation, f.subject, f.object FROM facts AS f "
        "JOIN atlases AS a ON a.corpus = f.corpus WHERE a.model = $1 AND f.fact_id = $2",
        model,
        fact,
    )
    if not about:
        raise KnError(f"there is no fact {fact} in this corpus")
    asked = rows(
        database,
        "SELECT what, share, share_of, attributed FROM asked_facts "
        "WHERE model = $1 AND fact_id = $2",
        model,
        fact,
    )
    lacking = missing_tables(database, model, "fact_answers", "attributions", "interventions")
    return {
        "fact": about[0],
        "prompts": rows(database, "FROM fact_prompt_answers($1, $2)", model, fact),
        "neurons": rows(database, "FROM fact_attributions($1, $2) LIMIT $3", model, fact, _SHOWN),
        "interventions": rows(database, "FROM fact_interventions($1, $2)", model, fact),
        "own_effects": rows(
            database, "FROM every_effect WHERE model = $1 AND fact_id = $2", model, fact
        ),
        "circuit": _at_places(database, model, fact),
        "asked": asked[0] if asked else None,
        "verdicts": rows(database, "FROM fact_verdicts($1, $2)", model, fact),
        "effects": rows(
            database,
            "SELECT kind, condition, n_facts, relative_change, ci_low, ci_high "
            "FROM intervention_effects "
            "WHERE model = $1 AND relation = $2",
            model,
            about[0]["relation"],
        ),
        "missing": _missing(database, model, lacking) if not asked else None,
    }


def _at_places(database: Database, model: str, fact: int) -> Answer:
    return {
        "interventions": rows(
            database, "FROM fact_interventions($1, $2, positions := 'circuit')", model, fact
        ),
        "own_effects": rows(
            database, "FROM circuit_fact_effects WHERE model = $1 AND fact_id = $2", model, fact
        ),
        "verdicts": rows(
            database, "FROM fact_verdicts($1, $2, positions := 'circuit')", model, fact
        ),
    }


def _missing(database: Database, model: str, lacking: list[str]) -> str | None:
    return _command(database, model, *lacking) if lacking else _others(database, model)


def shared(database: Database, model: str, layer: int, neuron: int) -> Answer:
    """The facts that a knowledge neuron belongs to."""
    return {"rows": rows(database, "FROM neuron_facts($1, $2, $3)", model, layer, neuron)}


def _others(database: Database, model: str) -> str | None:
    """That the model's answers are to other facts, where they are."""
    if "fact_answers" not in made_of_other_facts(database, model):
        return None
    return (
        "The corpus' facts were made again since this model was asked: its answers, which are to "
        f"other facts, are not shown. {_make(database, model)} asks these."
    )


def _make(database: Database, model: str) -> str:
    corpus = rows(database, "SELECT corpus FROM atlases WHERE model = $1", model)
    name = corpus[0]["corpus"] if corpus else "CORPUS"
    limit = limit_option(database, model)
    return f"`kn knowledge --corpus {name} --model {model}{limit}`"


def _command(database: Database, model: str, *tables: str) -> str:
    return waits_for(database, model, list(tables), make=_make(database, model))
