"""The commands, queries and code of the documents work; the README stays short."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.cli import parser
from kn_assets.corpora import wikipedia
from kn_assets.database import database, query
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.settings import KnowledgeSettings
from kn_assets.lake.schema import ALL
from tests.docs.pages import ROOT, TEXTS, blocks, code_spans
from tests.made import add_circuits, add_training, make_lake

KEY = "smollm2-135m"
ELSEWHERE = {
    "corpus wikipedia": ("limit",),
    "facts": ("seed", "like"),
    "circuits": ("seed", "like"),
}  # with an atlas, or unasked
NAMES = re.findall(r"^## kn (\w+)$", TEXTS["docs/commands.md"], re.M)


def commands(program: str) -> list[str]:
    """The commands of all documents, without the comments behind them."""
    found = set()
    for text in TEXTS.values():
        lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
        for line in lines + code_spans(text):
            words = shlex.split(line, comments=True) if re.match(rf"{program}\b", line) else []
            if len(words) > 1 and words[0] == program:
                found.add(shlex.join(words))
    return sorted(found)


def filled(command: str) -> list[str]:
    """A command's words, with values in the place of names such as N or NAME."""
    plain = re.sub(r"\[([^\]]*)\]", r"\1", command)  # options in brackets are options all the same
    values = {"COMMAND": "run", "NAME": "query", "N": "3", "P": "7861", "TABLE": "prompts"}
    return [values.get(word, word) for word in shlex.split(plain)[1:]]


def mentions(command: str) -> bool:
    """Whether a document only names the command, as a heading does."""
    return len(command.split()) == 2 and command.split()[1] in NAMES


WHOLE = [c for c in commands("kn") if not mentions(c)]


@pytest.mark.parametrize("command", [c for c in WHOLE if "--help" not in c])
def test_commands_parse(command: str) -> None:
    words = filled(command)
    assert parser._parser(words).parse_args(words).call


@pytest.mark.parametrize("command", [c for c in WHOLE if "--help" in c])
def test_help_is_printed(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = filled(command)
    with pytest.raises(SystemExit) as end:
        parser._parser(words).parse_args(words)
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: kn")


@pytest.mark.parametrize("command", commands("make"))
def test_targets_of_make_exist(command: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert shlex.split(command)[1] in targets


def test_the_documents_have_commands() -> None:
    assert len(WHOLE) > 20
    assert len(commands("make")) > 5


def test_queries_answer(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, model=KEY, n_layers=4, n_neurons=130)
    add_training(tmp_path, model="geo-gpt2")
    add_circuits(tmp_path, KEY)
    examples = re.findall(r"^Example: `(.*)`$", TEXTS["docs/tables.md"], re.M)
    in_readme = "".join(blocks(TEXTS["README.md"], "sql")).split(";")
    asked = examples + [q for q in in_readme if re.sub("--.*", "", q).strip()]
    assert len(asked) > len(ALL)
    with database.connect(lake) as connection:
        for sql in asked:
            assert query.run(connection, sql).columns, sql


def test_every_table_has_its_section_with_an_example() -> None:
    sections = dict(
        re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", TEXTS["docs/tables.md"], re.M | re.S)
    )
    for table in ALL.values():
        assert table.meaning in sections[table.name]
        assert "Example: `" in sections[table.name], table.name
        for column in table.columns:
            assert f"| `{column.name}` |" in sections[table.name]


@pytest.mark.parametrize(
    ("title", "settings"),
    [
        ("atlas", AtlasSettings),
        ("corpus wikipedia", wikipedia.Settings),
        ("facts", KnowledgeSettings),
        ("circuits", CircuitSettings),
    ],
)
def test_every_setting_is_listed_with_its_default(title: str, settings: type) -> None:
    _, _, section = TEXTS["docs/commands.md"].partition(f"## Options of {title}\n")
    rows = re.findall(r"^\| `--([a-z-]+)(?: [^`]+)?` \| (.*?) \| .+ \|$", section, re.M)
    defaults = {name.replace("-", "_"): default for name, default in reversed(rows)}
    wanted = {f.name: f.default for f in fields(settings) if f.name not in ELSEWHERE.get(title, ())}
    assert wanted.keys() <= defaults.keys()
    told = {name: f"`{d}`" for name, d in wanted.items() if d not in (None, False)}
    assert {name: defaults[name] for name in told} == told


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= 120
