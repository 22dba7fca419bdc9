"""The answer to whatever was typed: each reading of it with its lines, best first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from kn_assets.database.database import Database
from ui.arguments import Checked
from ui.ask import described
from ui.ask.facts import fact_lines, no_facts
from ui.ask.line import Line, call, quoted, value_words
from ui.ask.places import city_lines, place_lines, value_lines
from ui.ask.readings import Names, Reading, readings
from ui.ask.units import looked_at, neuron_lines, sentence_lines, token_lines
from ui.context import Context
from ui.rows import Answer, rows

LONGEST = 4_000  # characters of a text
_POOL = ThreadPoolExecutor(8, thread_name_prefix="ask")


def sheet(context: Context, given: Checked) -> Answer:
    """The question `ask_sheet`: `readings`, each with its `kind`, `title` and `lines`."""
    return asked(context.database, given.atlas, given.text("text", LONGEST))


def asked(database: Database, atlas: Answer, text: str) -> Answer:
    """What is known about a text in an atlas (a row of `ui.rows.atlases`)."""
    names = _names(database, atlas["model"], text)
    found = readings(text, names)
    work = [_POOL.submit(_lines, database, atlas, text, names, reading) for reading in found]
    return {
        "readings": [
            {
                "kind": reading.kind,
                "title": _title(reading, text),
                "lines": [line.told() for line in lines.result()],
            }
            for reading, lines in zip(found, work, strict=True)
        ]
    }


def _names(database: Database, model: str, text: str) -> Names:
    looked = looked_at(text)
    if not looked:
        return Names()
    macros = ("ask_facts", "ask_cities", "ask_values")
    queries = [*(call(macro, model, looked) for macro in macros), described.search(model, looked)]
    found = [_POOL.submit(rows, database, sql) for sql in queries]
    return Names(*(rows_of.result() for rows_of in found))


def _lines(
    database: Database, atlas: Answer, text: str, names: Names, reading: Reading
) -> list[Line]:
    model, about = atlas["model"], reading.about
    follows = _follows(names, about)
    is_sentence = reading.kind in ("city", "value") and not about["whole"]
    by_kind: dict[str, Callable[[], list[Line]]] = {
        "neuron": lambda: neuron_lines(database, atlas, about["layer"], about["neuron"]),
        "fact": lambda: fact_lines(database, model, about),
        "city": lambda: city_lines(database, model, about, follows, is_sentence),
        "value": lambda: value_lines(
            database, model, about, _place(database, model, names, about), is_sentence
        ),
        "token": lambda: token_lines(database, model, about["token"]),
        "description": lambda: described.described_lines(model, looked_at(text), about["rows"]),
        "sentence": lambda: sentence_lines(
            database, model, text, about["begin"], about["answer"], _reason(database, model, names)
        ),
    }
    return by_kind[reading.kind]()


def _follows(names: Names, city: Answer) -> str | None:
    """What a text says about a city: the value that it names besides."""
    values = [row["value"] for row in names.values if not row["whole"]]
    return next((value for value in values if value != city.get("name")), None)


def _place(database: Database, model: str, names: Names, value: Answer) -> Answer | None:
    """The prompt of the city that was named with a value, at the token before the value."""
    for city in names.cities:
        if city["n_prompts"] and not city["whole"]:
            line = place_lines(database, model, city, value["value"])[0]
            return {k: v for k, v in (line.leads or {}).items() if k != "tab"}
    return None


def _reason(database: Database, model: str, names: Names) -> str:
    if names.facts:
        return ""
    missing = no_facts(database, model)
    return missing or "The corpus lists no fact whose subject and object are both named here."


def _title(reading: Reading, text: str) -> str:
    about = reading.about
    if reading.kind == "neuron":
        return f"Neuron: layer {about['layer']} · neuron {about['neuron']}"
    if reading.kind == "fact":
        return f"Fact: {about['subject']} → {about['object']} ({about['relation']})"
    if reading.kind == "city":
        other = f", found as {about['found_as']}" if about["found_as"] else ""
        country = f" ({about['country']})" if about["country"] else ""
        return f"City: {about['name']}{country}{other}"
    if reading.kind == "value":
        return (
            f"{about['attribute'].capitalize()}: {value_words(about['attribute'], about['value'])}"
        )
    if reading.kind == "token":
        return f"Token: {quoted([about['token']])}"
    said = f"{text.strip()[:80]}{'…' if len(text.strip()) > 80 else ''}"
    return (
        f"Neurons described by “{said}”" if reading.kind == "description" else f"Sentence: {said}"
    )
