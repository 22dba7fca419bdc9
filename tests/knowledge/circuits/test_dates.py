"""When circuits came to carry their answers, against a plain reading of the curves."""

from __future__ import annotations

from statistics import median
from typing import Any

import pyarrow as pa
import pytest

from kn_assets import lake as lakes
from kn_assets.database import database
from kn_assets.lake import Lake
from kn_assets.lake.schema import CIRCUITS
from tests.made import add_training

STEPS = (0, 1, 8, 64)
DIFFERENCES = {  # of the logits, by step
    0: [0.1, 0.2, 3.0, 4.0],
    1: [2.5, 2.6, 3.0, 4.0],
    2: [0.1, 0.2, 3.0, 4.0],
    3: [1.0, 1.0, -1.0, -2.0],
    4: [4.0, 4.0, 4.0, 4.0],
}
SHARES = {  # lost by 30 units
    0: [0.9, 0.9, 0.6, 0.9],
    1: [0.1, 0.5, 0.2, 0.9],
    2: [0.9, 0.9, 0.4, 0.4],
    3: [0.9, 0.9, 0.9, 0.9],
}
WANTED = {  # step, the one before, why none
    0: (8, 1, None),
    1: (1, 0, None),
    2: (None, None, "never"),
    3: (None, None, "no difference"),
    4: (None, None, "not measured"),
}


def curves(i: int) -> list[dict[str, Any]]:
    """Of the i-th step: two contrasts about each share; others' rows that mustn't count."""
    rows = []
    for fact, shares in SHARES.items():
        for contrast, by in enumerate((-0.05, 0.05)):
            row = {
                "fact_id": fact,
                "condition": "circuit",
                "prompt_fact_id": fact,
                "prompt": 0,
                "contrast": contrast,
                "measure": "lost",
                "n_units": 30,
                "difference_before": DIFFERENCES[fact][i],
                "difference_after": 0.0,
                "share": shares[i] + by,
                "fact_set": None,
            }
            other = {"condition": "other_fact", "share": 9.0}
            rows += [row, row | other, row | {"n_units": 100, "share": 9.0}]
            rows.append(row | {"prompt_fact_id": fact + 50, "share": 9.0})
    return rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = add_training(tmp_path_factory.mktemp("dates"), "tiny", STEPS)
    (fact_set,) = set(lake.read(lakes.corpus("made"), "facts")["fact_set"].to_pylist())
    for i, step in enumerate(STEPS):
        units = [
            dict.fromkeys(CIRCUITS["circuit_units"].names)
            | {"fact_id": f, "circuit": "all", "rank": 1}
            for f in WANTED
        ]
        for name, rows in (("circuit_curves", curves(i)), ("circuit_units", units)):
            full = [row | {"fact_set": fact_set} for row in rows]
            table = pa.Table.from_pylist(full, schema=CIRCUITS[name].schema)
            lake.write(lakes.model(f"tiny@step{step}"), name, table, "made")
    return lake


def ask(made: Lake, sql: str) -> list[dict[str, Any]]:
    with database.connect(made) as connection:
        rows: list[dict[str, Any]] = connection.sql(sql).to_arrow_table().to_pylist()
    return rows


def test_a_circuit_s_date_is_the_first_step_at_which_it_loses_half(made: Lake) -> None:
    rows = ask(made, "FROM circuit_dates('tiny@step8')")
    assert rows == ask(made, "FROM circuit_dates('tiny')")
    lost = {r["fact_id"]: r for r in rows if r["measure"] == "lost"}
    told = {f: (r["step"], r["step_before"], r["why_none"]) for f, r in lost.items()}
    assert told == WANTED
    assert lost[0]["share_then"] == pytest.approx(median([0.55, 0.65]))
    assert [lost[f]["n_steps"] for f in WANTED] == [4, 4, 4, 4, 0]
    kept = [(r["n_units"], r["step"], r["why_none"]) for r in rows if r["measure"] == "kept"]
    assert kept == [(1000, None, "not measured")] * len(WANTED)


def test_other_numbers_of_units_have_dates_of_their_own(made: Lake) -> None:
    rows = ask(made, "FROM circuit_dates('tiny', lost_units := 100) WHERE measure = 'lost'")
    assert [r["step"] for r in rows] == [8, 0, 8, None, None]
    assert {r["n_units"] for r in rows} == {100}
