"""A tiny model's circuits of a few facts, all of which it counts as knowing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from kn_assets.atlas.plan import AtlasPlan
from kn_assets.knowledge import answers, facts
from kn_assets.knowledge.circuits import tables
from kn_assets.knowledge.circuits.settings import CircuitSettings
from kn_assets.knowledge.circuits.tables import OF_CIRCUITS, CircuitsPlan
from kn_assets.knowledge.fact_tables import OF_CORPUS
from kn_assets.progress import Progress
from tests.atlas.test_extract import made_plan

# Of as many tokens each, but for Japan: of its prompts there is a mean contrast alone.
TOLD = [
    ("capital", "Egypt", "Cairo"),
    ("capital", "Spain", "Madrid"),
    ("capital", "Qatar", "Doha"),
    ("capital", "Kenya", "Nairobi"),
    ("capital", "Yemen", "Sanaa"),
    ("capital", "Niger", "Xiamey"),
    ("capital", "Japan", "Tokyo"),
    ("continent", "Egypt", "Libya"),
    ("continent", "Spain", "Europe"),
    ("continent", "Qatar", "Asia"),
    ("continent", "Kenya", "Ruanda"),
]
WORDINGS = ("The capital of {} is", "In {}, the capital is")
SETTINGS = CircuitSettings(facts=11, known=7, contrasts=2, held_out=1, midpoints=2, units=10)


def small_plan(folder: Path) -> AtlasPlan:
    """An atlas whose corpus has the facts of `TOLD`."""
    made = made_plan(folder, "llama", n=3)
    told = [
        facts.Fact(relation, subject, answer, tuple(w.format(subject) for w in WORDINGS))
        for relation, subject, answer in TOLD
    ]
    for table, rows in zip(OF_CORPUS, facts.tables(told), strict=True):
        made.lake.write(made.corpus, table, rows, "made")
    return made


@contextmanager
def knowing_all() -> Iterator[None]:
    """A random model knows nothing: its answers count as right."""

    def right(*given: Any) -> pa.Table:
        rows = answers.answer(*given)
        at = rows.schema.get_field_index("rank")
        rows = rows.set_column(at, rows.schema.field(at), pa.array([1] * len(rows), pa.int32()))
        at = rows.schema.get_field_index("greedy")
        return rows.set_column(at, rows.schema.field(at), pa.array([True] * len(rows)))

    stand_in = SimpleNamespace(answer=right, known=answers.known, right=answers.right)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "answers", stand_in)
        yield


def copied(plan: AtlasPlan, folder: Path) -> AtlasPlan:
    import shutil

    from kn_assets.lake import Lake

    shutil.copytree(plan.lake.root, folder)
    return AtlasPlan(Lake(folder), plan.settings)


def made(plan: AtlasPlan, settings: CircuitSettings = SETTINGS) -> dict[str, pa.Table]:
    of = CircuitsPlan(plan, settings)
    of.make(OF_CIRCUITS, Progress())
    return {t: plan.lake.read(plan.model, t) for t in OF_CIRCUITS}
