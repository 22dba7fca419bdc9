"""What `kn demo` makes before the app opens, and what it leaves to the app."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kn_assets.cli import serving
from kn_assets.cli.parser import main
from kn_assets.lake import Lake
from kn_assets.launch import run as launch
from kn_assets.launch.background.demo import FIRST
from kn_assets.launch.background.queue import Queue
from kn_assets.launch.request import Request


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was made and served, in its order; nothing is."""
    done: list[Any] = []
    monkeypatch.setattr(launch, "run", done.append)

    def served(args: object, asked: list[Any]) -> int:
        done.append(asked)
        return 0

    monkeypatch.setattr(serving, "_served", served)
    monkeypatch.setattr(serving, "_check_served", lambda args: None)
    return done


def test_the_app_opens_once_prompts_can_be_explored(tmp_path: Path, done: list[Any]) -> None:
    assert main(["--data", str(tmp_path), "demo", "--limit", "9"]) == 0
    request, asked = done
    assert (request.only, request.atlas.lens, request.atlas.limit) == (FIRST, "lazy", 9)
    assert [(wish.what, wish.limit, wish.lens) for wish in asked] == [("demo", 9, None)]


@pytest.mark.parametrize(("option", "after"), [("--foreground", [[]]), ("--no-ui", [])])
def test_in_the_foreground_all_is_made(
    tmp_path: Path, done: list[Any], option: str, after: list[Any]
) -> None:
    assert main(["--data", str(tmp_path), "demo", option]) == 0
    assert (done[0].only, done[0].atlas.lens, done[0].knowledge) == ((), "all", None)
    assert done[1:] == after


def test_an_atlas_of_other_settings_is_made_again_as_a_whole(
    tmp_path: Path, done: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lake, "meta", lambda lake, partition, table: {"fingerprint": "x"})
    monkeypatch.setattr(Request, "stale_atlas", lambda request: ["atlases", "tokens"])
    assert main(["--data", str(tmp_path), "demo"]) == 0
    assert done[0].only == ()
    monkeypatch.setattr(Request, "stale_atlas", lambda request: ["neuron_map"])
    assert main(["--data", str(tmp_path), "demo"]) == 0
    assert done[2].only == FIRST


@pytest.mark.parametrize(
    ("words", "paused"),
    [
        (["ui"], True),
        (["ui", "--host", "0.0.0.0", "--public"], None),
        (["demo"], False),
        (["demo", "--auth", "a:b"], False),
    ],
)
def test_the_queue_is_closed_with_the_app(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    paused: bool | None,
) -> None:
    told: list[Any] = []

    class Opened:
        def close(self) -> None:
            told.append("closed")

    def open_(lake: Lake, asked: list[Any], paused: bool) -> Opened:
        told.append(paused)
        return Opened()

    def wait(blocks: None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, "run", lambda request: None)
    monkeypatch.setattr(Queue, "open", open_)
    monkeypatch.setattr("ui.serve.check_port", lambda host, port: None)
    monkeypatch.setattr("ui.serve.serve", lambda lake, host, port, **how: None)
    monkeypatch.setattr("ui.serve.wait", wait)
    assert main(["--data", str(tmp_path), *words]) == 130
    assert told == ([] if paused is None else [paused, "closed"])
