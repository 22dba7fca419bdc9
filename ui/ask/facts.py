"""What is known about a fact: whether the model knows it, in which neurons, and why not."""

from __future__ import annotations

from kn_assets.database.database import Database
from ui.ask.line import Line, call, literal, neuron_words, percent, plural, quoted
from ui.knowledge import view
from ui.rows import Answer, missing_tables, rows

NEURONS = 5


def fact_lines(database: Database, model: str, fact: Answer) -> list[Line]:
    """The lines of one fact, a row of ask_facts: its standing, its neurons, its way to them."""
    page = leads(fact["fact_id"])
    lines = [_standing(database, model, fact, page)]
    lines += _neurons(database, model, fact, page)
    lines += _steps(database, model, fact)
    wordings = call("fact_prompt_answers", model, fact["fact_id"])
    first = rows(database, f"SELECT text {wordings} ORDER BY prompt LIMIT 1")
    if first:
        lines.append(ask_now(first[0]["text"], fact["object"], f"{wordings} ORDER BY prompt"))
    return lines


def leads(fact: int) -> Answer:
    """The page of a fact in Knowledge."""
    return {"tab": "knowledge", "fact": str(fact), "sentence": "", "answer": ""}


def ask_now(begin: str, answer: str, sql: str | None = None) -> Line:
    """A line that asks the model a sentence now, and attributes its answer."""
    return Line(
        f"Ask the model now: “{begin} …”, answer “{answer}”",
        "runs the model: its probability, and the neurons that the answer is attributed to",
        {"tab": "knowledge", "fact": "", "sentence": begin, "answer": answer},
        sql,
        live=True,
    )


def fact_row(row: Answer, model: str) -> Line:
    """A line of a list of facts, a row of search_facts."""
    return Line(
        f"{row['subject']} → {row['object']}",
        f"{row['relation']} · {standing_words(row)}",
        leads(row["fact_id"]),
        call("fact_prompt_answers", model, row["fact_id"]),
        asks=row["n_prompts"] is None,
    )


def standing_words(row: Answer) -> str:
    """How the model stands to a fact, in words."""
    if row["n_prompts"] is None:
        return "not asked"
    known = "known" if row["known"] else "not known"
    held = f", {plural(row['n_neurons'], 'knowledge neuron')}" if row["n_neurons"] else ""
    asked = plural(row["n_prompts"], "wording")
    return f"{known}: the whole answer in {row['n_correct']} of {asked}{held}"


def no_facts(database: Database, model: str) -> str | None:
    """Why this corpus has no facts to list; none where it has."""
    missing = view.facts(database, model, "", 0, 1).get("missing")
    return str(missing) if missing else None


def _standing(database: Database, model: str, fact: Answer, page: Answer) -> Line:
    sql = call("fact_prompt_answers", model, fact["fact_id"])
    if fact["n_prompts"] is None:
        counted = (
            "SELECT count(*) AS listed, count(k.fact_id) AS asked\nFROM facts AS f\n"
            "JOIN atlases AS a ON a.corpus = f.corpus\n"
            f"LEFT JOIN model_facts({literal(model)}) AS k ON k.fact_id = f.fact_id\n"
            f"WHERE a.model = {literal(model)}"
        )
        (n,) = rows(database, counted)
        asked = f"{n['asked']:,} of the {n['listed']:,} facts of its corpus" if n["asked"] else "no"
        words = f"The model was not asked this fact: it was asked {asked}"
        told = f"{words} fact yet." if not n["asked"] else f"{words}."
        return Line(told, "", page, counted, asks=True)
    mean = f"mean probability of the answer {fact['mean_probability']:.2f}"
    verb = "The model knows it" if fact["known"] else "The model doesn't know it"
    of = f"{fact['n_correct']} of {plural(fact['n_prompts'], 'wording')}"
    return Line(f"{verb}: it says the whole answer in {of}", mean, page, sql)


def _neurons(database: Database, model: str, fact: Answer, page: Answer) -> list[Line]:
    sql = call("fact_neurons", model, fact["fact_id"])
    if not fact["n_neurons"]:
        return [Line(_no_neurons(database, model, fact), "", None, sql)]
    found = rows(database, f"{sql} LIMIT {NEURONS}")
    lines = [
        Line(
            f"Knowledge neuron: {neuron_words(row)}",
            f"in {percent(row['share'])} of the wordings"
            + (f" · promotes {quoted(row['promotes'])}" if row["promotes"] else ""),
            {**page, "layer": row["layer"], "neuron": row["neuron"]},
            sql,
        )
        for row in found
    ]
    if (more := fact["n_neurons"] - len(found)) > 0:
        lines.append(Line(f"{plural(more, 'more knowledge neuron')}", "", page, sql))
    return lines


def _no_neurons(database: Database, model: str, fact: Answer) -> str:
    """The true reason why a fact has no knowledge neurons."""
    if fact["n_prompts"] is None:
        return "No knowledge neurons are stored, since the model was not asked."
    if lacking := missing_tables(database, model, "attributions", "knowledge_neurons"):
        return f"No knowledge neurons yet: this atlas has no table {' and '.join(lacking)}."
    tried = rows(
        database,
        f"SELECT count(*) AS n FROM attribution_error WHERE model = {literal(model)} "
        f"AND fact_id = {int(fact['fact_id'])}",
    )[0]["n"]
    if tried:
        return "Its answer was attributed, but no neuron is shared by enough of its wordings."
    if fact["known"]:
        return "Its answer was not attributed: that is done for some known facts of each relation."
    return "Its answer was not attributed: that is done for facts that the model knows."


def _steps(database: Database, model: str, fact: Answer) -> list[Line]:
    """Its story through training, where the model has one in the lake."""
    steps = rows(database, f"SELECT count(*) AS n {call('model_steps', model)}")[0]["n"]
    sql = call("fact_by_step", model, fact["fact_id"])
    if steps < 2:
        return []
    page = {"tab": "training", "fact": str(fact["fact_id"])}
    return [Line("When the model learned it", f"over {steps} steps of training", page, sql)]
