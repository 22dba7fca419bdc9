"""Writes the reference pages tables.md and commands.md, and the glossary as the app shows it.

    python docs/generate.py           writes them
    python docs/generate.py --check   exit code 1 if one is out of date

`make docs` runs the first; a test holds the committed pages against `pages()`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from kn_assets.cli import parser as cli
from kn_assets.database.sql_files import Definition, definitions
from kn_assets.lake.schema import (
    Table,
    asked,
    atlas,
    descriptions,
    knowledge,
    maps,
    steps,
    verdicts,
)

DOCS = Path(__file__).parent
MAKEFILE = DOCS.parent / "Makefile"
GLOSSARY = DOCS.parent / "ui" / "static" / "page" / "glossary.json"

GROUPS = (
    ("Corpora", [t for t in atlas.TABLES if t.kind == "corpus"]),
    ("Atlases", (*(t for t in atlas.TABLES if t.kind != "corpus"), *descriptions.TABLES)),
    ("Maps", maps.TABLES),
    ("Facts and knowledge neurons", (*knowledge.TABLES, *verdicts.TABLES)),
    ("Facts asked on demand", asked.TABLES),
    ("Training", steps.TABLES),
)

EXAMPLES = {
    "cities": "FROM cities WHERE country = 'Japan'",
    "pages": "SELECT status, count(*) FROM pages GROUP BY 1",
    "prompts": "FROM prompts LIMIT 5",
    "tokens": "FROM prompt_tokens('smollm2-135m', 0)",
    "activations": "FROM heatmap('smollm2-135m', 0)",
    "activations_by_neuron": "SELECT count(*) FROM activations_by_neuron",
    "neuron_peaks": "FROM neuron_ranks('smollm2-135m', 3, 123)",
    "neurons": "FROM neurons ORDER BY firing_rate DESC LIMIT 10",
    "neuron_top": "FROM neuron_top WHERE layer = 3 AND neuron = 123",
    "logit_lens": "FROM lens('smollm2-135m', 0)",
    "attention": "FROM attention_weighted('smollm2-135m', 0, 3, 123)",
    "thresholds": "FROM thresholds",
    "neuron_vocabulary": "FROM neurons_for_token('smollm2-135m', ' Japan', 10)",
    "atlases": "FROM atlases",
    "neuron_descriptions": "FROM search_descriptions('smollm2-135m', 'about Japan', 10)",
    "neuron_map": "FROM neuron_points('smollm2-135m')",
    "prompt_map": "FROM prompt_points('smollm2-135m')",
    "map_clusters": "FROM map_labels('smollm2-135m', 'neuron')",
    "facts": "SELECT relation, count(*) FROM facts GROUP BY 1",
    "fact_prompts": "FROM fact_prompts WHERE fact_id = 0",
    "fact_answers": "FROM model_facts('smollm2-135m')",
    "attributions": "FROM attributions ORDER BY score DESC LIMIT 10",
    "attribution_error": "FROM attribution_error LIMIT 10",
    "verdicts": "FROM fact_verdicts('smollm2-135m', 0)",
    "fact_effects": "FROM fact_effects WHERE fact_id = 0 AND kind = 'suppress'",
    "relation_verdicts": "FROM relation_verdicts WHERE claim = 'specific'",
    "knowledge_neurons": "FROM fact_neurons('smollm2-135m', 0)",
    "interventions": "FROM fact_interventions('smollm2-135m', 0)",
    "intervention_effects": "FROM intervention_effects WHERE relation = 'all'",
    "contrasts": "SELECT contrast_kind, count(*) FROM contrasts GROUP BY 1",
    "unit_attributions": "FROM fact_unit_attributions('smollm2-135m', 0) LIMIT 20",
    "circuit_units": "FROM fact_circuit('smollm2-135m', 0) LIMIT 30",
    "circuit_curves": "FROM circuit_effects('smollm2-135m') WHERE n_units = 30",
    "neuron_concepts": "FROM concept_neurons('smollm2-135m', 'Japan')",
    "asked_facts": "FROM asked_facts ORDER BY asked_at DESC LIMIT 10",
    "asked_answers": "FROM fact_prompt_answers('smollm2-135m', 0)",
    "asked_attributions": "FROM fact_attributions('smollm2-135m', 0)",
    "asked_attribution_error": "FROM asked_attribution_error LIMIT 10",
    "asked_neurons": "FROM fact_neurons('smollm2-135m', 0)",
    "asked_interventions": "FROM fact_interventions('smollm2-135m', 0)",
    "asked_effects": "FROM asked_effects LIMIT 10",
    "asked_verdicts": "FROM fact_verdicts('smollm2-135m', 0)",
    "fact_lens": "FROM fact_lens WHERE fact_id = 0",
    "fact_steps": "FROM fact_by_step('geo-gpt2', 0)",
    "neuron_steps": "FROM neuron_by_step('geo-gpt2', 3, 123)",
    "layer_steps": "FROM births_deaths('geo-gpt2')",
    "training_log": "FROM training_log",
    "neuron_map_steps": "FROM neuron_points_at_step('geo-gpt2', 512)",
}
"""A query on each table."""

VARIABLES = (
    ("KN_DATA", "folder of the lake; default `data`"),
    ("KN_CONTACT", "your e-mail or web address, sent to Wikipedia in the User-Agent"),
    (
        "KN_NICE",
        "priority of what is made while the app is open, from 0 to 19, the lowest; default 19",
    ),
    ("HF_ENDPOINT", "address of the model hub, where it is not Hugging Face's"),
    ("OMP_NUM_THREADS", "processors a run may use"),
    ("OMP_WAIT_POLICY", "`PASSIVE`: idle threads sleep, which frees the processor for others"),
)


def pages() -> dict[str, str]:
    """The text of each generated page, by file name."""
    return {"tables.md": tables_page(), "commands.md": commands_page()}


def glossary() -> str:
    """The terms of glossary.md with their meanings, as static/page/glossary.js shows them.

    A row that names several terms is there under each.
    """
    meanings: dict[str, str] = {}
    for line in (DOCS / "glossary.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 4 or cells[0] == "term" or set(cells[0]) == {"-"}:
            continue
        plain = cells[1].replace("`", "").replace("\\|", "|")
        for word in {cells[0], *cells[0].split(", ")}:
            meanings[word.lower()] = plain
    return json.dumps(dict(sorted(meanings.items())), indent=2, ensure_ascii=False) + "\n"


def tables_page() -> str:
    """All tables with their columns, then the other views and the macros."""
    public = definitions()
    lines = [
        "# Tables",
        "",
        _note("the schema and from `sql/`"),
        "",
        "Each table is a view of the same name with its partition as the first column: `corpus`",
        "or `model` (the key of the atlas). *Key* names the columns that identify a row within a",
        "partition. [SQL](sql.md) has worked questions.",
    ]
    for title, tables in GROUPS:
        lines += ["", f"## {title}"]
        for table in tables:
            lines += ["", *_table(table, public)]
    names = {t.name for _, tables in GROUPS for t in tables}
    views = [d for d in public if d.kind == "VIEW" and d.name not in names]
    lines += ["", "## Other views", "", *_definitions(views)]
    macros = [d for d in public if d.kind != "VIEW"]
    lines += ["", "## Macros", "", *_definitions(macros)]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """The `kn` commands with their options, the environment variables and the make targets."""
    parser = cli._parser([])
    commands = _subparsers(parser)
    lines = [
        "# Commands",
        "",
        _note("the parser of `kn` and from the Makefile"),
        "",
        "An interrupted command resumes when you run it again. `kn COMMAND --help` prints the same",
        "as this page.",
        "",
        *_rows(("command", "does"), ((f"[`kn {n}`](#kn-{n})", h) for n, h, _ in commands)),
        "",
        "Options of `kn` itself stand before the command:",
        "",
        *_options(parser._actions),
    ]
    shared: dict[str, list[argparse.Action]] = {}
    for name, help_text, command in commands:
        lines += ["", f"## kn {name}", "", f"{_sentence(help_text)}", ""]
        lines += _command(name, command, shared)
    for title, actions in shared.items():
        lines += ["", f"## Options of {title}", "", *_options(actions)]
    lines += ["", "## Environment variables", "", *_rows(("variable", "meaning"), _variables())]
    lines += ["", "## Make targets", "", *_rows(("target", "does"), _targets())]
    return "\n".join(lines) + "\n"


def _note(source: str) -> str:
    return (
        f"<!-- Written by docs/generate.py from {source}: change those, then run `make docs`. -->"
    )


def _table(table: Table, public: Iterable[Definition]) -> list[str]:
    key = ", ".join(f"`{name}`" for name in table.key) or "one row"
    # Macros about one fact ask views that hold the rows of two tables.
    every = [d.name for d in public if d.name.startswith("every_") and _reads(d, table.name)]
    read = (table.name, *every)
    macros = [d.name for d in public if d.kind != "VIEW" and any(_reads(d, n) for n in read)]
    used = ", ".join(f"`{name}`" for name in sorted(macros))
    partition = "corpus" if table.kind == "corpus" else "model"
    return [
        f"### {table.name}",
        "",
        table.meaning,
        "",
        f"Partition: `{partition}`. Key: {key}." + (f" Macros: {used}." if used else ""),
        "",
        *([f"Example: `{EXAMPLES[table.name]}`", ""] if table.name in EXAMPLES else []),
        *_rows(
            ("column", "type", "meaning"),
            ((f"`{c.name}`", _type(c.type), c.meaning) for c in table.columns),
        ),
    ]


def _reads(macro: Definition, table: str) -> bool:
    """Whether the statement has the table in a FROM or JOIN, and no subquery of that name."""
    source = re.search(rf"\b(?:FROM|JOIN) (?:lake\.)?{table}(?:_of)?\b", macro.statement)
    return bool(source) and not re.search(rf"\b{table} AS \(", macro.statement)


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type(kind.value_type)}"
    return "timestamp (UTC)" if pa.types.is_timestamp(kind) else str(kind)


def _definitions(public: Iterable[Definition]) -> list[str]:
    rows = (
        (f"`{d.name}`" if d.kind == "VIEW" else f"`{d.name}({', '.join(d.parameters)})`", d.meaning)
        for d in sorted(public, key=lambda d: d.name)
    )
    return _rows(("name", "meaning"), rows)


def _subparsers(parser: argparse.ArgumentParser) -> list[tuple[str, str, argparse.ArgumentParser]]:
    """(name, help, parser) of each command; none for a parser without commands."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {c.dest: c.help or "" for c in action._choices_actions}
            return [(name, texts.get(name, ""), p) for name, p in action.choices.items()]
    return []


def _command(
    name: str, command: argparse.ArgumentParser, shared: dict[str, list[argparse.Action]]
) -> Iterator[str]:
    """Usage and options; the settings groups, which several commands have, go to `shared`."""
    names = [a.metavar or a.dest.upper() for a in command._actions if not a.option_strings]
    yield from ("```text", " ".join(["kn", name, *map(str, names), "[options]"]), "```")
    if benchmarks := _subparsers(command):
        yield ""
        yield ", ".join(f"`{n}`" for n, _, _ in benchmarks) + ": see [Benchmarks](benchmarks.md)."
        command = benchmarks[0][2]
    own: list[argparse.Action] = []
    links: list[str] = []
    for group in command._action_groups:
        actions = [a for a in group._group_actions if a.option_strings and a.dest != "help"]
        if group.title in ("options", "positional arguments"):
            own += actions
        elif actions:
            shared[str(group.title)] = actions
            links.append(f"[{group.title}](#options-of-{str(group.title).replace(' ', '-')})")
    if links:
        yield ""
        yield f"Takes the options of {', '.join(links)}" + (", and:" if own else ".")
    if own:
        yield ""
        yield from _options(own)


def _options(actions: Iterable[argparse.Action]) -> list[str]:
    rows = []
    for action in actions:
        if not action.option_strings or action.dest == "help":
            continue
        value = "" if action.nargs == 0 else f" {_value(action)}"
        text, default = _default(action)
        rows.append((f"`{action.option_strings[-1]}{value}`", default, text))
    return _rows(("option", "default", "meaning"), rows)


def _value(action: argparse.Action) -> str:
    if action.choices:
        return "|".join(map(str, action.choices))
    types = {int: "N", float: "X"}
    return str(action.metavar or types.get(action.type, "TEXT"))  # type: ignore[call-overload]


def _default(action: argparse.Action) -> tuple[str, str]:
    """The help text without its default, and the default."""
    text = (action.help or "").replace("%%", "%")
    match = re.fullmatch(r"(.*?)(?:; |^)default ((?:(?!, ).)+)", text)
    if match:
        return match[1], f"`{match[2]}`"
    unset = action.default is None or action.default is False
    return text, "" if unset else f"`{action.default}`"


def _variables() -> Iterator[tuple[str, str]]:
    for name, meaning in VARIABLES:
        yield f"`{name}`", meaning


def _targets() -> Iterator[tuple[str, str]]:
    for name, meaning in re.findall(r"^([a-z-]+):.*?## *(.+)$", MAKEFILE.read_text(), re.M):
        yield f"`make {name}`", meaning


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A Markdown table."""
    cells = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def main() -> int:
    """Write the pages, or with --check say which are out of date."""
    stale = 0
    written = {DOCS / name: text for name, text in pages().items()} | {GLOSSARY: glossary()}
    for path, text in written.items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv[1:]:
            print(
                f"{path.relative_to(DOCS.parent)} is out of date: run `make docs`", file=sys.stderr
            )
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
