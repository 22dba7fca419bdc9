"""What the app may be asked, found by asking it: a new question is tried with all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from kn_assets.errors import KnError
from ui.api import Api
from ui.app import TABS
from ui.arguments import Checked

Given = dict[str, Any]

QUESTIONS = sorted({"atlases", "ask_sheet", *(name for tab in TABS for name in tab.questions)})
JOBS = sorted(name for tab in TABS for name in tab.jobs)
FRAME = {
    "job_start": {"name": "sql", "arguments": {"sql": "SELECT 1"}, "page": "a page"},
    "job_look": {"job": "no ticket", "seen": ""},
    "job_cancel": {"job": "no ticket"},
    "making_look": {"x": 1},
    "making_act": {"act": "make", "what": "descriptions", "model": "tiny", "name": "x"},
}
"""What the page's frame calls beside the questions: arguments that it may send."""

SENTENCE, TOKEN = "Kabul is the capital of", {"kind": "token", "token": " the", "first": True}
FITTING: dict[str, list[Any]] = {
    "model": ["tiny", "made", "grown@step8"],
    "text": ["", SENTENCE],
    "sentence": ["", SENTENCE],
    "answer": ["Afghanistan"],
    "prompt": [0],
    "fact_prompt": [0],
    "fact": [0],
    "layer": [0],
    "neuron": [0],
    "head": [0],
    "position": [1],
    "offset": [0],
    "circuit": ["all", "specific"],
    "contrast": ["Kabul is the city of"],
    "contrast_answer": ["", "Kabul"],
    "nodes": ["n0.1.3,h1.2.4"],
    "how": ["patch", "zero"],
    "first": ["", "circuits"],
    "limit": [5],
    "live": ["", "a run"],
    "target": [None, TOKEN],
    "against": [None, {"kind": "token", "id": 3}],
    "lens": [False],
    "through": ["linear", "middle"],
    "kind": ["neurons", "prompts"],
    "outline": [[[-9, -9], [9, -9], [9, 9]]],
    "words": ["Lagos"],
    "relation": [""],
    "known": ["", "known"],
    "learned": [None, 8],
    "subject": ["Kabul"],
    "step": [8],
    "do": ["attribute", "change", "screen", "measure"],
    "factor": [0.0],
    "neurons": [[[0, 1], [1, 2]]],
    "what": ["ask", "attribute"],
    "steps": [2, "one"],
    "sql": ["SELECT 1 AS one"],
    "format": ["csv", "parquet"],
}
"""Values that a question may take, by the argument's name; the first that it takes are used."""


class _Noting(dict[str, Any]):
    """Arguments that know which of them were looked at."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self.seen: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self.seen:
            self.seen.append(name)
        return super().get(name, default)


@cache
def forms(api: Api, name: str) -> list[Given]:
    """Arguments with which a question, or a job, is answered: one for each set of them that it
    looks at. An argument that FITTING doesn't name is an error, so that it gets a value there.
    """
    ask = _asked(api, name)
    found: dict[tuple[str, ...], Given] = {}
    left: list[Given] = [{}]
    while left:
        given = left.pop()
        noting = _Noting(given)
        is_answered = ask(noting)
        lacking = next((field for field in noting.seen if field not in given), None)
        assert lacking is None or lacking in FITTING, f"say in FITTING what {lacking} {name} takes"
        if lacking is not None:
            left += [{**given, lacking: value} for value in reversed(FITTING[lacking])]
        elif is_answered:
            found.setdefault(tuple(noting.seen), given)
    return list(found.values())


def _asked(api: Api, name: str) -> Callable[[_Noting], bool]:
    """Asks, and says whether there was an answer; a job isn't begun."""
    jobs = {job: start for tab in TABS for job, start in tab.jobs.items()}

    def start(given: _Noting) -> bool:
        try:
            jobs[name](api.context, Checked(api.context, given))
        except KnError:
            return False
        return True

    def ask(given: _Noting) -> bool:
        return "error" not in json.loads(api.ask(name, given))

    return start if name in jobs else ask


def bent(form: Given, values: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """A form's arguments as JSON texts: with each value for one argument, for all of them, and
    for the whole; one argument too few and one too many. By words for what was bent.

    values: those that are tried for an argument, for `all` or for the `whole`, by its name.
    """
    own = {field: json.dumps(value) for field, value in form.items()}
    made = {}
    for field in form:
        for told, value in values(field).items():
            made[f"{field}: {told}"] = _object({**own, field: value})
        made[f"no {field}"] = _object({k: v for k, v in own.items() if k != field})
        made[f"{field} wrongly named"] = _object(
            {f"{k}{' ' * (k == field)}": v for k, v in own.items()}
        )
    for field, inner in _inner(form):
        within = {k: json.dumps(v) for k, v in form[field].items()}
        for told, value in values(f"{field}.{inner}").items():
            bent = {**own, field: _object({**within, inner: value})}
            made[f"{field}.{inner}: {told}"] = _object(bent)
    for told, value in values("all").items():
        made[f"all: {told}"] = _object(dict.fromkeys(own, value))
    made |= {f"whole: {told}": value for told, value in values("whole").items()}
    for value in ("null", "{}"):
        made[f"more: {value}"] = _object({**own, "__proto__": value, "": value, "MODEL": value})
    return made


def _inner(form: Given) -> list[tuple[str, str]]:
    return [(f, inner) for f, value in form.items() if isinstance(value, dict) for inner in value]


def _object(texts: dict[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(k)}: {v}" for k, v in texts.items()) + "}"
