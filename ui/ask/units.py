"""What is known about a neuron, about a token, and what can be done with a sentence."""

from __future__ import annotations

from kn_assets.database.database import Database
from ui.arguments import LONGEST_SEARCH
from ui.ask.described import rule_lines
from ui.ask.facts import ask_now, leads
from ui.ask.line import Line, call, literal, neuron_words, percent, plural, quoted, value_words
from ui.ask.places import target
from ui.rows import Answer, missing_tables, rows, waits_for

CONCEPTS, FACTS, NEURONS, PROMPTS = 3, 5, 5, 3
LOOKED = 400  # characters of a text in which names are looked for


def looked_at(text: str) -> str:
    """What of a text names are looked for in."""
    return text.strip()[:LOOKED].strip()


def neuron_lines(database: Database, atlas: Answer, layer: int, neuron: int) -> list[Line]:
    """The lines of a neuron: its card, what it marks, the facts it serves, its place on the map."""
    model = atlas["model"]
    if not atlas["n_layers"]:
        return [Line(waits_for(database, model, ["neurons"]))]
    if layer >= atlas["n_layers"] or neuron >= atlas["n_neurons"]:
        size = f"layers 0 to {atlas['n_layers'] - 1}, each with neurons 0 to "
        words = f"{model} has {size}{atlas['n_neurons'] - 1:,}: there is no neuron {neuron:,} in "
        return [Line(f"{words}layer {layer}.")]
    chosen = {"layer": layer, "neuron": neuron}
    lines = [_card(database, model, chosen), *rule_lines(database, model, layer, neuron)]
    concepts = (
        f"FROM neuron_concepts WHERE model = {literal(model)} AND layer = {layer} "
        f"AND neuron = {neuron} ORDER BY auroc_low DESC"
    )
    lines += [
        Line(
            f"Marks {value_words(row['attribute'], row['value'])}",
            f"AUROC {row['auroc']:.2f}, at least {row['auroc_low']:.2f} with 95 % confidence · "
            f"n = {plural(row['n'], 'prompt')}",
            {"ask": row["value"]},
            concepts,
        )
        for row in rows(database, f"{concepts} LIMIT {CONCEPTS}")
    ]
    facts = call("neuron_facts", model, layer, neuron)
    lines += [
        Line(
            f"Knowledge neuron of {row['subject']} → {row['object']}",
            f"{row['relation']} · in {percent(row['share'])} of its wordings",
            {**leads(row["fact_id"]), **chosen},
            facts,
        )
        for row in rows(database, f"{facts} LIMIT {FACTS}")
    ]
    if not missing_tables(database, model, "neuron_map"):
        place = call("neuron_points", model) + f" WHERE layer = {layer} AND neuron = {neuron}"
        placed = rows(database, f"{place} AND x IS NOT NULL")
        words = "Its place on the map" if placed else "It never fired: it has no place on the map"
        page = {"tab": "map", "map": "", **chosen} if placed else None
        lines.append(Line(words, "", page, place))
    return lines


def _card(database: Database, model: str, chosen: Answer) -> Line:
    sql = call("neuron_card", model, chosen["layer"], chosen["neuron"])
    if lacking := missing_tables(database, model, "neurons"):
        return Line(waits_for(database, model, lacking), "", {"tab": "explore", **chosen}, sql)
    (card,) = rows(database, sql)
    page = {"tab": "explore", **chosen}
    if not card["n_fired"]:
        return Line("It never fired at a token of this atlas", "", page, sql)
    rate = f"Fires at {percent(card['firing_rate'])} of tokens, in "
    words = f"{rate}{plural(card['n_prompts'], 'prompt')}"
    promoted = f" · promotes {quoted(card['promoted'])}" if card["promoted"] else ""
    top = f"strongest in {card['top_name']}" if card["top_name"] else "strongest"
    detail = f"{top} with {card['top_activation']:.3g}{promoted}"
    at = {"prompt": card["top_prompt_id"], "token": card["top_position"]}
    return Line(words, detail, {**page, **at}, sql)


def token_lines(database: Database, model: str, token: str) -> list[Line]:
    """The lines of a token: the neurons that promote it, and where the corpus has it."""
    neurons = call("neurons_for_token", model, token, NEURONS)
    found = rows(database, neurons)
    lines = [
        Line(
            f"Promotes {quoted([row['token']])}: {neuron_words(row)}",
            f"as number {row['rank']} of the tokens that its value vector promotes"
            + (
                f" · fires at {percent(row['firing_rate'])} of tokens" if row["firing_rate"] else ""
            ),
            {"tab": "explore", "layer": row["layer"], "neuron": row["neuron"]},
            neurons,
        )
        for row in found
    ]
    if not found:
        lacking = missing_tables(database, model, "neuron_vocabulary")
        none = f"No neuron has {quoted([token])} among the tokens that it promotes most."
        lines.append(
            Line(waits_for(database, model, lacking) if lacking else none, "", None, neurons)
        )
    places = call("token_prompts", model, token, PROMPTS)
    at = rows(database, places)
    if not at:
        words = f"No prompt of this atlas has {quoted([token])} as one token after another."
        return [*lines, Line(words, "", None, places)]
    return lines + [
        Line(
            f"The token before {quoted([row['next_token']])} in "
            + (f"the prompt about {row['name']}" if row["name"] else f"prompt {row['prompt_id']}"),
            f"{plural(row['n_total'], 'prompt')} of this atlas with the token",
            {
                "tab": "explore",
                "prompt": row["prompt_id"],
                "token": row["position"],
                "target": target(row["next_token"]),
            },
            places,
        )
        for row in at
    ]


def sentence_lines(
    database: Database, model: str, text: str, begin: str | None, answer: str, reason: str
) -> list[Line]:
    """The lines of a sentence: why no fact is it, and what can be run live.

    reason: the true reason why nothing is stored of it; "" where something is.
    """
    lines = [Line(reason, "", None, call("ask_facts", model, looked_at(text)))] if reason else []
    if begin:
        lines.append(ask_now(begin, answer))
    run = {"tab": "explore", "text": text.strip(), "prompt": None, "token": None}
    words = "Run it through the model in Explore"
    detail = "your own text: the neurons that fire at each of its tokens"
    found = call("search_prompts", model, text.strip()[:LONGEST_SEARCH].strip())
    lines.append(Line(words, detail, run, None, live=True))
    for row in rows(database, f"SELECT prompt_id, count(*) OVER () AS n {found} LIMIT 1"):
        opened = {"tab": "explore", "prompt": row["prompt_id"], "token": None}
        said = f"{plural(row['n'], 'prompt')} of this atlas with these words"
        lines.append(Line(said, "opens the first", opened, found))
    return lines
