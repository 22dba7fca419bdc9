"""Facts and their knowledge neurons: the data of the Knowledge tab, by the SQL macros."""

from __future__ import annotations

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from ui.rows import Answer, limit_option, made_of_other_facts, missing_tables, rows, waits_for

_SHOWN = 2_000  # neurons of the grid


def facts(database: Database, model: str, text: str, offset: int, limit: int) -> Answer:
    """The facts of a model's corpus that match a text, best first, a page of them."""
    there = {name for name, _, _ in database.stamp}
    if "facts" not in there:
        return {"rows": [], "total": 0, "missing": _command(database, model, "facts")}
    found = rows(
        database,
        "SELECT fact_id, relation, subject, object, n_prompts, n_correct, mean_probability, known, "
        "n_neurons, count(*) OVER () AS total FROM search_facts($1, $2) LIMIT $3 OFFSET $4",
        model,
        text,
        limit,
        offset,
    )
    total = found[0]["total"] if found else 0
    answer: Answer = {"rows": found, "total": total}
    if not total and not text.strip():
        answer["missing"] = _command(database, model, "facts")
    return answer


def fact(database: Database, model: str, fact: int) -> Answer:
    """One fact: its prompts with the model's answers, its neurons, and its interventions.

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
    lacking = missing_tables(database, model, "fact_answers", "attributions", "interventions")
    return {
        "fact": about[0],
        "prompts": rows(database, "FROM fact_prompt_answers($1, $2)", model, fact),
        "neurons": rows(database, "FROM fact_attributions($1, $2) LIMIT $3", model, fact, _SHOWN),
        "interventions": rows(database, "FROM fact_interventions($1, $2)", model, fact),
        "effects": rows(
            database,
            "SELECT kind, condition, n_facts, relative_change, ci_low, ci_high "
            "FROM intervention_effects "
            "WHERE model = $1 AND relation = $2",
            model,
            about[0]["relation"],
        ),
        "missing": _command(database, model, *lacking) if lacking else _others(database, model),
    }


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
