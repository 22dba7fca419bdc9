"""Prompts that are attributed, kept until their tables are written, so that a killed run can go on.

Attribution is most of what `kn knowledge` does, and one prompt's is nothing to another's. So each
prompt's rows are a file as soon as they are known, in a folder that is named by what the tables are
made of: a run takes up what an earlier one with the same settings left, and nothing else.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from kn_assets.knowledge import scores
from kn_assets.knowledge.attribution import Rule
from kn_assets.knowledge.questions import Question
from kn_assets.lake import said_plainly
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.plan import AtlasPlan
    from kn_assets.models.load import LoadedModel

_NAME = "knowledge-"


class Work:
    """The unfinished work on an atlas' tables about facts. `root`: its folder, if there is any."""

    def __init__(self, plan: AtlasPlan, fingerprint: str) -> None:
        """Take up the work on the tables of `fingerprint`; other work is thrown away."""
        self._lake, self._of, self._name = plan.lake, plan.model, _NAME + fingerprint
        self.root = plan.lake.folder(plan.model) / f".work-{self._name}"
        for found in _found(plan):
            if found != self.root:
                _remove(found)

    def tables(
        self,
        loaded: LoadedModel,
        questions: Sequence[Question],
        steps: int,
        rule: Rule,
        progress: Progress,
    ) -> tuple[pa.Table, pa.Table]:
        """`scores.tables` of all questions; those that an earlier run kept aren't run again."""
        left = [q for q in questions if not self._file(q).exists()]
        done = len(questions) - len(left)
        if done:
            progress.say(
                f"{done} of {len(questions)} prompts were attributed before: going on there"
            )
        for scored in scores.attribute_all(loaded, left, steps, rule, progress, done):
            with said_plainly(self._lake.root):
                self._keep(scored)
        return scores.joined(self._kept(q) for q in questions)

    def finish(self) -> None:
        """Throw the work away: its tables are written."""
        if self.root.exists():
            _remove(self.root)

    def _file(self, question: Question) -> Path:
        return self.root / f"{question.fact_id}-{question.paraphrase}.arrows"

    def _keep(self, scored: scores.Scored) -> None:
        """Write a prompt's two tables as Arrow streams, one behind the other in one file."""
        self._lake.work(self._of, self._name)
        self._lake.check_room()
        place = self._file(scored[0])
        fresh = place.with_name(f".{place.name}.new")
        with pa.OSFile(str(fresh), "wb") as file:
            for table in scores.tables([scored]):
                with pa.ipc.new_stream(file, table.schema) as stream:
                    stream.write_table(table)
        fresh.replace(place)

    def _kept(self, question: Question) -> tuple[pa.Table, pa.Table]:
        with pa.OSFile(str(self._file(question)), "rb") as file:
            return pa.ipc.open_stream(file).read_all(), pa.ipc.open_stream(file).read_all()


def tidy(plan: AtlasPlan) -> None:
    """Throw all work away: the tables are there, and a run was killed right before it did."""
    for found in _found(plan):
        _remove(found)


def _found(plan: AtlasPlan) -> list[Path]:
    return list(plan.lake.folder(plan.model).glob(f".work-{_NAME}*"))


def _remove(folder: Path) -> None:
    """Remove a folder; what a kill leaves of it has a name that `Lake.recover` knows."""
    doomed = folder.with_name(f".new-{folder.name}")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed)
