"""The README stays true: its commands parse, its queries answer, its settings are the program's."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from kn_assets.atlas.settings import AtlasSettings
from kn_assets.cli import parser
from kn_assets.corpora import wikipedia
from kn_assets.database import database, query
from kn_assets.lake.schema import KNOWLEDGE, TABLES
from kn_assets.synthetic import make_lake

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
KEY = "smollm2-135m"


def commands(program: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`([^`\n]+)`", README)
    return [c for c in lines + inline if re.match(rf"{program}\b", c)]


@pytest.mark.parametrize("command", sorted(set(commands("kn")) - {"kn", "kn bench"}))
def test_commands_parse(command: str) -> None:
    bare = re.sub(r"\[([^\]]*)\]", r"\1", command)  # options in brackets are options all the same
    bare = (
        bare.replace("bench NAME", "bench query")
        .replace("NAME", "name")
        .replace(" N", " 3")
        .replace(" P ", " 7861 ")
    )
    words = shlex.split(bare)[1:]
    assert parser._parser(words).parse_args(words)


def test_targets_of_make_exist() -> None:
    made = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M)
    assert commands("make")
    for command in commands("make"):
        target = shlex.split(command)[1]
        assert target in made, command


def test_queries_answer(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, model=KEY, n_layers=4, n_neurons=130)
    table_queries = re.findall(r"^\| [a-z_, ]+ \| [^|]+ \| `([^`]+)` \|$", README, re.M)
    block_queries = "".join(re.findall(r"```sql\n(.*?)```", README, re.S)).split(";")
    asked = table_queries + [q for q in block_queries if q.strip()]
    assert len(asked) > 15
    with database.connect(lake) as connection:
        for sql in asked:
            assert query.run(connection, sql).columns, sql


def test_every_table_of_an_atlas_is_told_of() -> None:
    for name in {**TABLES, **KNOWLEDGE}:
        assert re.search(rf"^\|[a-z_, ]*\b{name}\b", README, re.M), name


def test_every_setting_is_told_of_with_its_default() -> None:
    for settings in (AtlasSettings, wikipedia.Settings):
        assert fields(settings)
        for f in fields(settings):
            option = f"--{f.name.replace('_', '-')}"
            row = re.search(rf"^\| `{option}` \| (.*?) \| (.*) \|$", README, re.M)
            assert row is not None, option
            assert row[1] == f"`{f.default}`" or f.default in (None, False), option


def test_files_and_pictures_it_names_exist() -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target
