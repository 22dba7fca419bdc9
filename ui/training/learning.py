"""A training while it goes on: loss, facts known, and the chosen fact's P(answer)."""

from __future__ import annotations

from kn_assets.lake import Lake
from kn_assets.training.watching import watched
from ui.rows import Answer

_FIRST = "Kabul"  # shown where no fact was chosen, if it is among them


def learning(lake: Lake, subject: str) -> Answer:
    """The run that is under way: null, or its log so far and P(answer) of a fact by step.

    `subject` names the fact; `waits`: the answer is another a moment later.
    """
    runs = watched(lake)
    if not runs:
        return {"run": None, "waits": True}
    run = runs[0]
    subjects = [fact[0] for fact in run.facts]
    at = next((subjects.index(s) for s in (subject, _FIRST) if s in subjects), 0)
    measured = [row for row in run.log if "known_trained" in row]
    return {
        "run": {
            "name": run.name,
            "steps": run.steps,
            "quiet_min": int(run.age_s // 60),
            "step": run.log[-1]["step"],
            "loss": [[row["step"], row["loss"]] for row in run.log if row["loss"] is not None],
            "known": [[r["step"], r["known_trained"], r["known_held_out"]] for r in measured],
            "n_facts": measured[0]["n_facts"] if measured else 0,
            "facts": sorted(run.facts),
            "fact": run.facts[at] if run.facts else None,
            "p_answer": [
                [row["step"], row["trained"], row["held_out"]] for row in run.fact(at)
            ] if run.facts else [],
        },
        "waits": True,
    }  # fmt: skip
