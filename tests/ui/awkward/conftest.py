"""Apps on a lake with one of everything, over HTTP: its owner's own, and one with a password."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

import kn_assets
from kn_assets.lake import Lake
from tests.live.test_knowledge import lake_with_facts
from tests.made import add_training, make_lake
from tests.ui.asking import apps
from tests.ui.awkward.values import VALUES, some
from ui.api import Api
from ui.app import TABS
from ui.context import Context
from ui.middleware import pace
from ui.runs.limits import LiveLimits
from ui.runs.sql import Limits

ASK = "gradio_api/component_server"
SHARED = {
    "shared": True,
    "limits": Limits(file_rows=2_000, seconds=5.0, memory_mb=512, each=3),
    "live_limits": LiveLimits(
        tokens=32, characters=4_000, seconds=60.0, a_minute=10**6, looks=10**6, each=4, keeps=False
    ),
}
"""As an app that others reach, but for how many runs a minute it takes."""

_RAW = re.compile(
    r"Traceback|site-packages|not foreseen|\bthe view \w+ failed|Internal Server"
    r"|\b[A-Z]\w+(Error|Exception)\b|\bNoneType\b|object has no attribute|0x[0-9a-f]{8}"
)
_DUCKDB = re.compile(r"\b(Error|Exception): ")
LONGEST_REFUSAL = 2_000


class Client:
    """One visitor of an app."""

    def __init__(
        self, url: str, lake: Lake, values: dict[str, str], auth: tuple[str, str] | None = None
    ) -> None:
        self.values = values
        # Given up before the app does: else a question may meet a connection as that is closed.
        limits = httpx.Limits(keepalive_expiry=1.0)
        self.http = httpx.Client(base_url=url, timeout=120, limits=limits)
        if auth:
            login = self.http.post("login", data={"username": auth[0], "password": auth[1]})
            login.raise_for_status()
        self.places = [
            str(lake.root),
            str(Path.home()),
            sys.prefix,
            str(Path(*kn_assets.__path__).parent),
        ]
        config = self.http.get("config").json()
        bar = next(c for c in config["components"] if c["props"].get("elem_id") == "kn-bar")
        self.offered: list[str] = bar["props"]["server_fns"]
        self.bar = bar["id"]

    def post(self, body: str) -> str | None:
        """What is answered to a body; None where it is refused before any question gets it."""
        answer = self.http.post(
            ASK, content=body.encode(), headers={"content-type": "application/json"}
        )
        self.look_through(answer.text)
        if answer.status_code == 200:
            return str(answer.json())
        assert answer.status_code in (400, 404, 413), answer.text[:300]
        assert len(answer.json()["detail"]) <= LONGEST_REFUSAL
        return None

    def ask(self, name: str, data: str, is_sql: bool = False) -> Any:
        """The answer to a question whose argument is a JSON text; None where the text is refused
        before it gets to the question. Whatever it is, it is in order.
        """
        answer = self.answer(name, data, is_sql)
        return None if answer is None else json.loads(answer)

    def answer(self, name: str, data: str, is_sql: bool = False) -> str | None:
        """As `ask`, the answer as the text that came."""
        body = (
            f'{{"component_id": {self.bar}, "fn_name": "{name}", "session_hash": "x", '
            f'"data": {data}}}'
        )
        answer = self.post(body)
        if answer is None:
            return None
        told = json.loads(answer, parse_constant=_no_number)
        words = told.get("error") or ""
        assert not _RAW.search(words), words
        assert is_sql or not _DUCKDB.search(words), words
        assert len(words) <= LONGEST_REFUSAL, words[:100]
        return answer

    def run(self, name: str, arguments: str, page: str) -> Any:
        """The state of a job once it is over. As the page does, each look says what was seen, text
        by text: it is answered when there is something else to see.
        """
        is_sql = name.startswith("sql")
        asked = f'{{"name": "{name}", "arguments": {arguments}, "page": {json.dumps(page)}}}'
        seen = self.answer("job_start", asked, is_sql)
        while seen and (state := json.loads(seen))["state"] in ("waiting", "running"):
            look = json.dumps({"job": state["job"], "seen": seen})
            seen = self.answer("job_look", look, is_sql)
        return seen and json.loads(seen)

    def look_through(self, text: str) -> None:
        """Nothing of the machine is in it."""
        for place in self.places:
            assert place not in text, text[:300]

    @contextmanager
    def naming(self, question: str, told: str) -> Iterator[None]:
        """Says of a failure what was asked."""
        try:
            yield
        except (AssertionError, httpx.HTTPError, ValueError) as e:
            raise AssertionError(f"{question}, {told[:200]}: {e}") from e


def _no_number(text: str) -> Any:
    raise AssertionError(f"{text} in an answer")


@pytest.fixture(scope="session")
def full_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A tiny model that can be run with its corpus' facts, a made-up atlas, a made-up training."""
    lake = lake_with_facts(tmp_path_factory.mktemp("full"))
    make_lake(lake.root, "made", "cities2")
    return add_training(lake.root, "grown", (0, 8))


@pytest.fixture(scope="session")
def full_api(full_lake: Lake) -> Iterator[Api]:
    api = Api(Context(full_lake), TABS)
    yield api
    api.context.close()


@pytest.fixture(scope="package", params=["own", "shared"])
def client(full_lake: Lake, request: pytest.FixtureRequest) -> Iterator[Client]:
    with apps() as serve, pytest.MonkeyPatch.context() as patch:
        patch.setattr(pace, "A_SECOND", 1e6)  # all that is tried comes without a pause
        if request.param == "own":
            yield Client(serve(full_lake), full_lake, VALUES)
        else:
            auth = ("reader", "secret")
            url = serve(full_lake, limits=SHARED, auth=auth)
            # The same checks answer: what differs is what is told, so a part of the values will do.
            yield Client(url, full_lake, dict([*VALUES.items()][::3]), auth)


Values = Callable[[str, str], dict[str, str]]
"""The values to try, by the names of a question and of what of it is bent."""


@pytest.fixture(params=["some", pytest.param("all", marks=pytest.mark.thorough)])
def values(client: Client, request: pytest.FixtureRequest) -> Values:
    """Some for each argument, and all of them somewhere; `make test-thorough` tries all of them."""
    if request.param == "all":
        return lambda _name, _field: client.values
    return lambda name, field: some(client.values, f"{name} {field}")


@pytest.fixture(autouse=True)
def goes_on(client: Client) -> Iterator[None]:
    """Normal questions are answered afterwards, by the processes that did before."""

    def normal() -> None:
        assert client.ask("prompt", '{"model": "tiny", "prompt": 0}')["tokens"]
        assert client.run("sql", '{"sql": "SELECT 1"}', "normal")["state"] == "done"
        text = '{"model": "tiny", "text": "Kabul is"}'
        state = client.run("text", text, "normal")
        assert "result" in state, state
        assert state["result"]["prompt"]["tokens"]

    normal()
    before = {(p.pid, p.create_time()) for p in psutil.Process().children(recursive=True)}
    yield
    normal()
    after = {(p.pid, p.create_time()) for p in psutil.Process().children(recursive=True)}
    assert before <= after, "a process that does the work has died"
