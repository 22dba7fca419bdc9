"""What is known about a city, and about a value such as a country: its neurons, prompts, facts."""

from __future__ import annotations

import json

from kn_assets.database.database import Database
from ui.ask.facts import fact_row, no_facts
from ui.ask.line import Line, call, literal, neuron_words, percent, plural, quoted, value_words
from ui.rows import Answer, missing_tables, rows

NEURONS, PROMPTS, FACTS = 5, 3, 4


def city_lines(
    database: Database, model: str, city: Answer, follows: str | None, quiet: bool = False
) -> list[Line]:
    """The lines of a city, a row of ask_cities.

    follows: the word before which its prompts are opened; the city's country where it is none.
    quiet: why there are no facts is said elsewhere.
    """
    lines = place_lines(database, model, city, follows or city["country"] or "")
    # a file's facts tell no city: the subject of that name is meant, unless it is a country
    of_file = "city_id IS NULL AND relation NOT LIKE 'country-%'"
    condition = f" AND (city_id = {int(city['city_id'])} OR {of_file})"
    lines += _facts(database, model, city["name"], condition, quiet)
    if city["country"]:
        lines.append(
            Line(f"What is known about {city['country']}", "", {"ask": city["country"]}, None)
        )
    return lines


def place_lines(database: Database, model: str, city: Answer, follows: str) -> list[Line]:
    """The prompts of a city, each opened at the token after which a word follows."""
    sql = call("ask_prompts", model, city["city_id"], follows)
    found = rows(database, f"{sql} LIMIT {PROMPTS}")
    if not found:
        (atlas,) = rows(database, f"SELECT n_prompts FROM atlases WHERE model = {literal(model)}")
        return [
            Line(
                f"No prompt of this atlas is about {city['name']}: its corpus has one, but the "
                f"atlas was made of {plural(atlas['n_prompts'], 'prompt')} of it.",
                "",
                None,
                f"FROM atlas_cities({literal(model)}) WHERE city_id = {int(city['city_id'])}",
            )
        ]
    return [
        Line(
            f"Prompt about {city['name']}"
            + (f", at the token before {quoted([row['next_token']])}" if row["next_token"] else ""),
            row["text"],
            prompt_leads(row),
            sql,
        )
        for row in found
    ]


def prompt_leads(row: Answer) -> Answer:
    """A prompt in Explore, at the token before the one that is its target."""
    leads: Answer = {"tab": "explore", "prompt": row["prompt_id"], "token": row["position"]}
    return {**leads, "target": target(row["next_token"])} if row["next_token"] else leads


def target(token: str) -> str:
    """A token as Explore's address takes its target: a text of JSON, whose quotes keep spaces."""
    return json.dumps(token, ensure_ascii=False)


def value_lines(
    database: Database,
    model: str,
    value: Answer,
    place: Answer | None = None,
    quiet: bool = False,
) -> list[Line]:
    """The lines of a country or another value, a row of ask_values.

    place: where Explore opens the neurons (see `prompt_leads`): a prompt of the city that was named
    with it; else one about the value. quiet: as in `city_lines`.
    """
    name, attribute = value["value"], value["attribute"]
    column = attribute if attribute in ("country", "continent") else None
    about = f"FROM atlas_prompts({literal(model)}) WHERE {column} = {literal(name)}"
    first = rows(database, f"SELECT prompt_id {about} LIMIT 1") if column else []
    at = place or ({"prompt": first[0]["prompt_id"], "token": None} if first else {})
    lines = _neurons(database, model, value, at)
    if first:
        opened = {"tab": "explore", "prompt": first[0]["prompt_id"], "token": None}
        words = f"{plural(value['n_prompts'], 'prompt')} of this atlas about {name}"
        lines.append(Line(words, "opens the first", opened, about))
    return [*lines, *_facts(database, model, name, "", quiet or attribute != "country")]


def _neurons(database: Database, model: str, value: Answer, at: Answer) -> list[Line]:
    attribute, n = value["attribute"], value["n_prompts"]
    name = value_words(attribute, value["value"])
    sql = call("concept_neurons", model, value["value"], attribute=attribute, k=NEURONS)
    found = rows(database, sql)
    if found:
        return [
            Line(
                f"Marks {name}: {neuron_words(row)}",
                f"AUROC {row['auroc']:.2f}, at least {row['auroc_low']:.2f} with 95 % confidence · "
                f"precision {percent(row['precision'])}, recall {percent(row['recall'])} · "
                f"n = {plural(row['n'], 'prompt')} about {name}",
                {"tab": "explore", **at, "layer": row["layer"], "neuron": row["neuron"]},
                sql,
            )
            for row in found
        ]
    if n < 2:
        held = "one prompt" if n else "no prompt"
        words = f"{held} of this atlas is about {name}: too few to tell which neurons mark it."
        return [Line(words[0].upper() + words[1:], "", None, sql)]
    lacking = missing_tables(database, model, "neuron_concepts")
    why = (
        f"This atlas has no table `{lacking[0]}` yet: `kn knowledge` makes it."
        if lacking
        else f"No neuron marks {name}: none was told from chance by {plural(n, 'prompt')}."
    )
    return [Line(why, "", None, sql), *_by_share(database, model, value, at)]


def _by_share(database: Database, model: str, value: Answer, at: Answer) -> list[Line]:
    """Where concepts are no help: neurons that fire more often in a country's prompts."""
    name = value["value"]
    if value["attribute"] != "country" or missing_tables(database, model, "neuron_peaks"):
        return []
    sql = call("neurons_for_country", model, name, NEURONS)
    return [
        Line(
            f"Fires more often for {name}: {neuron_words(row)}",
            f"in {percent(row['share'])} of its {plural(row['n_prompts'], 'prompt')}, elsewhere in "
            f"{percent(row['share_elsewhere'])}; the difference is at least "
            f"{percent(row['difference_low'])} of prompts with 95 % confidence",
            {"tab": "explore", **at, "layer": row["layer"], "neuron": row["neuron"]},
            sql,
        )
        for row in rows(database, sql)
    ]


def _facts(database: Database, model: str, subject: str, condition: str, quiet: bool) -> list[Line]:
    """The facts of a subject; why there are none, unless `quiet`."""
    sql = f"{call('search_facts', model, subject)} WHERE score = 6{condition}"
    found = rows(database, f"{sql} LIMIT {FACTS}")
    if found:
        return [fact_row(row, model) for row in found]
    missing = no_facts(database, model)
    words = missing or f"The corpus lists no fact about {subject}."
    return [] if quiet else [Line(words, "", None, sql)]
