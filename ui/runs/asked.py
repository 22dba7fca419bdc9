"""Facts and sentences asked on demand, at one checkpoint or at all, one after the other."""

from __future__ import annotations

import json
import time
from typing import Any

from kn_assets.database.database import Database
from kn_assets.errors import KnError
from kn_assets.knowledge.on_demand import WHAT
from kn_assets.lake import Lake, model
from kn_assets.lake.schema import ASKED
from ui.rows import Answer, rows
from ui.runs.asking import Asking, teller
from ui.runs.job import Job, Work
from ui.runs.live import LANE, Live

_THERE = """
SELECT a.model, r.what, e.model IS NOT NULL AS attributed
FROM (SELECT DISTINCT f.model FROM every_answer AS f WHERE f.fact_id = $1) AS a
LEFT JOIN asked_facts AS r ON r.model = a.model AND r.fact_id = $1
LEFT JOIN (
    SELECT DISTINCT f.model FROM every_attribution_error AS f WHERE f.fact_id = $1
) AS e ON e.model = a.model
"""
"""The atlases that have answers to a fact, and what was asked for where it was asked on demand."""

_ANSWERS = """
WITH attributed AS (
    SELECT DISTINCT e.model FROM every_attribution_error AS e WHERE e.fact_id = $1
)
SELECT
    a.model, count(*) AS n_prompts, count(*) FILTER (a.greedy) AS n_correct,
    avg(a.probability) AS probability, bool_or(t.model IS NOT NULL) AS attributed
FROM every_answer AS a
LEFT JOIN attributed AS t ON t.model = a.model
WHERE a.fact_id = $1
GROUP BY a.model
"""
_NEURONS = """
SELECT k.model, k.layer, k.neuron, k.score FROM every_knowledge_neuron AS k
WHERE k.fact_id = $1 ORDER BY k.model, k.score DESC, k.layer, k.neuron
"""

DONE, UNATTRIBUTED, LACKING = "done", "unattributed", "lacking"
"""How much of an asking an atlas has; unattributed: all there is of an answer that it doesn't know
and that nothing asks to be attributed anyway."""


class AskedFacts:
    """Asks facts by the process of live models, and keeps what it finds where that is allowed."""

    def __init__(self, lake: Lake, database: Database, live: Live) -> None:
        self._lake, self._database, self._live = lake, database, live

    def models(self, key: str, every: bool) -> list[str]:
        """The atlas, or those of all steps of its training, in order."""
        if not every:
            return [key]
        found = rows(self._database, "SELECT m.model FROM model_steps($1) AS m", key)
        return [row["model"] for row in found] or [key]

    def forecast(self, key: str) -> float | None:
        """Seconds that an asking of a fact took at this model's checkpoints, in the middle; None
        where none was.
        """
        (found,) = rows(
            self._database,
            "SELECT median(r.seconds) AS seconds FROM asked_facts AS r "
            "WHERE split_part(r.model, '@', 1) = split_part($1, '@', 1)",
            key,
        )
        return None if found["seconds"] is None else float(found["seconds"])

    def steps(self, key: str, asking: Asking) -> list[Answer]:
        """What the lake has of an asking at the model's checkpoints: of each `model` n_prompts,
        n_correct, probability (mean), attributed, and neurons as [layer, neuron, score].
        """
        given = asking.fact_id
        found = {row["model"]: row for row in rows(self._database, _ANSWERS, given)}
        neurons: dict[str, list[Any]] = {}
        for row in rows(self._database, _NEURONS, given):
            neurons.setdefault(row.pop("model"), []).append(list(row.values()))
        there = [m for m in self.models(key, every=True) if m in found]
        return [{**found[m], "neurons": neurons.get(m, [])} for m in there]

    def ask(self, key: str, asking: Asking, every: bool) -> Work | Answer:
        """The work of asking a fact where it hasn't been; its result says what was found.

        `steps`: of each atlas asked now what `kn_assets.live.facts.ask_on_demand` tells, with its
        `model`; `left_out`: model -> why it couldn't be asked; `kept`: whether the lake has it now.
        Raises KnError where no atlas can be asked.
        """
        models = self.models(key, every)
        states = self._states(models, asking)
        last = models[-1]
        left = [m for m in models if states[m] == LACKING]
        if every and (last in left or states[last] == DONE):
            left += [m for m in models if states[m] == UNATTRIBUTED and m != last]
        left_out = {m: words for m in left if (words := self._live.missing(m))}
        able = [m for m in left if m not in left_out]
        if not left:
            return {"steps": [], "left_out": {}, "kept": True}
        if not able:
            raise KnError(left_out[left[-1]])
        # The last checkpoint first: what it knows is attributed at all, and its neurons are
        # changed at all.
        order = sorted(able, key=lambda m: (m != last, models.index(m)))

        def do(job: Job) -> Answer:
            wanted = {m for m in order if states[m] == LACKING}
            return self._run(job, order, wanted, last if every else None, asking, left_out)

        return Work(LANE, do)

    def _states(self, models: list[str], asking: Asking) -> dict[str, str]:
        """What each atlas has of an asking."""
        there = {row["model"]: row for row in rows(self._database, _THERE, asking.fact_id)}
        found = {}
        for key in models:
            row = there.get(key)
            stored = row is not None and row["what"] is None
            enough = row is not None and (
                stored or WHAT.index(row["what"]) >= WHAT.index(asking.what)
            )
            if row is None or not enough or self._is_damaged(key):
                found[key] = LACKING
            elif asking.what == "ask" or row["attributed"]:
                found[key] = DONE
            else:
                found[key] = LACKING if stored else UNATTRIBUTED
        return found

    def damage(self, key: str) -> str | None:
        """What is wrong with what was asked on demand, at the first of the model's checkpoints
        where anything is, in words.
        """
        for atlas in self.models(key, every=True):
            for table in ASKED:
                if what := self._lake.damage(model(atlas), table):
                    return (
                        f"The table `{table}` of {atlas} is damaged ({what}): nothing that was "
                        "asked on demand there is shown until a fact is asked there again."
                    )
        return None

    def _is_damaged(self, key: str) -> bool:
        """Whether the next asking mends the atlas' tables of facts asked on demand."""
        return any(self._lake.damage(model(key), table) for table in ASKED)

    def _run(
        self,
        job: Job,
        order: list[str],
        wanted: set[str],
        last: str | None,
        asking: Asking,
        left_out: dict[str, str],
    ) -> Answer:
        limits = self._live.limits
        steps: list[Answer] = []
        began = time.monotonic()
        try:
            for i, key in enumerate(order):
                passed = time.monotonic() - began
                left_s = passed / i * (len(order) - i) if i else None
                allowed = limits.seconds - (0 if limits.keeps else passed)
                if allowed <= 0:
                    left_out[key] = f"{limits.seconds:g} s are allowed here for all of them"
                    continue
                of_last = self._of_last(key, last, asking, steps)
                if key not in wanted and not of_last["anyway"]:
                    continue
                question = {
                    "kind": "knowledge",
                    "do": "fact",
                    "key": key,
                    "keep": limits.keeps,
                    **asking.question,
                    **of_last,
                }
                tell = teller(job, key, i, len(order), left_s)
                try:
                    body = self._live.process.ask(question, allowed, tell, job.stop)
                except KnError as e:
                    if len(order) == 1:
                        raise
                    left_out[key] = str(e)
                    continue
                steps.append({"model": key, **json.loads(body)})
        finally:
            self._database.refresh()  # a question that comes at once is to see it
        if not steps and left_out:
            raise KnError(next(iter(left_out.values())))
        return {"steps": steps, "left_out": left_out, "kept": limits.keeps}

    def _of_last(
        self, key: str, last: str | None, asking: Asking, steps: list[Answer]
    ) -> dict[str, Any]:
        """Whether an unknown answer is attributed, as the last one's was, and its neurons."""
        if last is None or key == last:
            return {"anyway": False, "final": None}
        now = next((s for s in steps if s["model"] == last), None)
        if now is not None:
            return {"anyway": now["attributed"], "final": now["neurons"] or None}
        found = rows(
            self._database,
            "SELECT k.layer, k.neuron, k.score FROM every_knowledge_neuron AS k "
            "WHERE k.model = $1 AND k.fact_id = $2 ORDER BY k.score DESC, k.layer, k.neuron",
            last,
            asking.fact_id,
        )
        attributed = rows(
            self._database,
            "SELECT count(*) AS n FROM every_attribution_error AS e "
            "WHERE e.model = $1 AND e.fact_id = $2",
            last,
            asking.fact_id,
        )
        neurons = [[r["layer"], r["neuron"], r["score"]] for r in found]
        return {"anyway": attributed[0]["n"] > 0, "final": neurons or None}
