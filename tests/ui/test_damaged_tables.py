"""Where files of a table are damaged the app says so, and doesn't call the table one to come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kn_assets import lake as lakes
from kn_assets.database.database import Database
from kn_assets.lake import Lake, Partition
from kn_assets.synthetic import Shape
from tests.made import add_training, make_lake
from ui.api import Api
from ui.app import _empty
from ui.context import Context
from ui.explore import neuron, prompt
from ui.knowledge import view as knowledge
from ui.map import view as maps
from ui.training import view as training

TINY = lakes.model("tiny")


def cut(lake: Lake, partition: Partition, table: str) -> None:
    """Take the last byte of a file of a table."""
    file = lake.files(partition, table)[0]
    file.write_bytes(file.read_bytes()[:-1])


def lack(table: str) -> Callable[[Database], Any]:
    """The words of the pane that shows a table."""
    return {
        "activations": lambda d: prompt.prompt(d, "tiny", 0, Shape().n_layers)["missing"]["fired"],
        "neurons": lambda d: neuron.neuron(d, "tiny", None, 0, 0)["missing"]["card"],
        "neuron_map": lambda d: maps.points(d, "tiny", "neurons")["missing"],
        "interventions": lambda d: knowledge.fact(d, "tiny", 0)["missing"],
    }[table]


@pytest.mark.parametrize("table", ["activations", "neurons", "neuron_map", "interventions"])
def test_a_pane_says_that_its_table_is_damaged(tmp_path: Path, table: str) -> None:
    lake = make_lake(tmp_path)
    cut(lake, TINY, table)
    database = Database(lake)
    words = lack(table)(database)
    database.close()
    assert words.startswith(f"This atlas has damaged files in the table `{table}`: `kn ")
    assert words.endswith("makes it again.")
    assert "yet" not in words


def test_damaged_and_absent_tables_are_told_apart(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    cut(lake, TINY, "activations")
    cut(lake, TINY, "attention")
    lake.remove(TINY, "neuron_peaks")
    database = Database(lake)
    missing = neuron.neuron(database, "tiny", 0, 0, 0)["missing"]
    database.close()
    assert missing["attention"] == (
        "This atlas has damaged files in the tables `attention` and `activations`: `kn run` makes "
        "them again."
    )
    assert missing["top"] == "This atlas has no table `neuron_peaks` yet: `kn run` makes it."


def test_prompts_of_a_damaged_corpus_are_found_by_their_tokens(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    cut(lake, lakes.corpus("made"), "prompts")
    database = Database(lake)
    found = prompt.search(database, "tiny", "", 0, 3)
    database.close()
    assert len(found["rows"]) == 3
    assert found["missing"] == (
        "This lake has damaged files in the table `prompts`: `kn run` makes it again."
    )


def test_steps_with_damaged_tables_are_named(tmp_path: Path) -> None:
    lake = add_training(tmp_path, steps=(0, 4, 8))
    cut(lake, lakes.model("tiny@step4"), "interventions")
    lake.remove(lakes.model("tiny@step0"), "interventions")
    cut(lake, TINY, "layer_steps")
    database = Database(lake)
    missing = training.training(database, "tiny@step8")["missing"]
    database.close()
    make = "`kn knowledge --corpus made --model tiny --steps-of all`"
    assert missing["knowledge"] == (
        f"Step 0 has no table `interventions` yet: {make} makes it. "
        f"Step 4 has damaged files in the table `interventions`: {make} makes it again."
    )
    assert missing["layers"].startswith("tiny has damaged files in the table `layer_steps`: ")


def test_an_atlas_whose_tokens_are_damaged_is_named(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    cut(lake, TINY, "tokens")
    context = Context(lake)
    try:
        assert context.atlases() == []
        words = _empty(Api(context))
    finally:
        context.close()
    assert (
        "<p>Atlas tiny has damaged files in the table <code>tokens</code>: <code>kn run</code> "
        "makes it again.</p>" in words
    )
    assert "no atlas" not in words


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        (
            {"corpus": "geonames", "model": "m/x", "limit": 9},
            "--corpus geonames --model m/x --limit 9",
        ),
        ({"corpus": "geonames", "model": "{lake}/models/own"}, ""),
        ({"corpus": "/home/me/cities.csv", "model": "m"}, ""),
    ],
)
def test_the_command_makes_this_atlas_and_tells_no_path(
    tmp_path: Path, settings: dict[str, Any], command: str
) -> None:
    lake = make_lake(tmp_path)
    lake.note(TINY, "atlases", {"settings": settings})
    cut(lake, TINY, "neuron_map")
    words = maps.points(Database(lake), "tiny", "neurons")["missing"]
    said = f"`kn run {command}".strip()
    assert words.endswith(f"`neuron_map`: {said}` makes it again.")
