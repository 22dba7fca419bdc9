"""Live runs for the app: texts of a person's own through the model of an atlas, and what is asked
of the model about an atlas' prompts.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np

from kn_assets.atlas import lazy_lens
from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.live.model import n_heads, plan_of, valid
from kn_assets.live.process import LiveProcess, Tell
from kn_assets.live.prompt import LivePrompt
from ui.pack import pack, to_json
from ui.rows import Answer
from ui.runs.queue import LIVE_ALONE, LiveLimits, LiveQueue
from ui.runs.remembered import LiveRuns
from ui.runs.requested import Requested

T = TypeVar("T")


class Live:
    """Answers the questions about texts of the user's own; safe to call from several threads."""

    def __init__(self, lake: Lake, limits: LiveLimits = LIVE_ALONE) -> None:
        self.limits = limits
        self._lake = lake
        self._process = LiveProcess(lake)
        self._queue = LiveQueue(limits)
        self._requested = Requested(self._queue.thread, limits.waiting)
        self._runs = LiveRuns(limits.tokens)
        self._secret = secrets.token_bytes(16)

    def close(self) -> None:
        """End the process that runs the models."""
        self._queue.close()
        self._process.close()

    def missing(self, key: str) -> str | None:
        """What keeps texts from being run through the model of the atlas `key`, in words."""
        try:
            plan_of(self._lake, key)
        except KnError as e:
            return str(e)
        return None

    def run(self, question: object, user: str) -> Iterator[str]:
        """Run `text` through the model of the atlas `model`; JSON texts, the last with the prompt.

        Before it: `waiting`, the runs before this one; `words`, `done`, `of`, how far it is.
        The last: `prompt` as `ui.explore.prompt.prompt` gives it, with the run's name in `live`;
        or `error`.
        """
        given: dict[str, Any] = question if isinstance(question, dict) else {}
        ask = given.get("ask", 0)
        for answer in self._answers(str(given.get("model", "")), given.get("text"), user):
            yield to_json({**answer, "ask": ask if isinstance(ask, int) else 0})

    def _answers(self, key: str, text: object, user: str) -> Iterator[Answer]:
        try:
            name, text = self._name(key, text), self.checked(text)
        except KnError as e:
            yield {"error": str(e)}
            return
        if name in self._runs:
            yield {"prompt": self._runs.told(name)}
            return
        limits = self.limits

        def work(tell: Tell) -> LivePrompt:
            return self._process.run(key, text, limits.tokens, limits.seconds, tell)

        def told(found: LivePrompt) -> Answer:
            self._runs.keep(name, found)
            return {"prompt": self._runs.told(name)}

        yield from self._queued(key, user, work, told)

    def ask(self, question: dict[str, Any], user: str) -> Iterator[Answer]:
        """Ask the process anything it answers (see `LiveProcess.ask`), in the queue of all runs.

        What it answers comes last, in `found`; before it, how far it is; or `error`.
        """

        def work(tell: Tell) -> bytes:
            return self._process.ask(question, self.limits.seconds, tell)

        key = str(question["key"])
        yield from self._queued(key, user, work, lambda body: {"found": json.loads(body)})

    def _queued(
        self, key: str, user: str, work: Callable[[Tell], T], told: Callable[[T], Answer]
    ) -> Iterator[Answer]:
        try:
            plan_of(self._lake, key)
        except KnError as e:
            yield {"error": str(e)}
            return
        yield from self._queue.run(user, work, told)

    # -- on request ------------------------------------------------------------------------------

    def lens(self, key: str, prompt: int) -> Answer:
        """See to the lens of a prompt of an atlas: `here`, or how far it is, in `waits`.

        Raises KnError where it can't be computed.
        """
        if not lazy_lens.waits(self._lake, model(key), prompt):
            return {"here": True}
        if words := self.missing(key):
            raise KnError(f"the lens of this prompt isn't in the atlas yet, and {words}")
        asked = {"kind": "atlas", "do": "lens", "key": key, "prompt": prompt}
        return self._requested.ask(
            ("lens", key, prompt),
            lambda tell: self._process.ask(asked, self.limits.seconds, tell),
            lambda _: {"here": True},
        )

    def head(self, key: str, of: int | str, layer: int, head: int) -> Answer:
        """Attention of one head in a prompt (its id) or a text: `weights`, or how far, in `waits`.

        `weights` are the rows of a lower triangle. Raises KnError where they can't be computed.
        """
        plan_of(self._lake, key)
        text = None if isinstance(of, int) else self.checked(of)
        asked = {
            "kind": "atlas", "do": "head", "key": key, "layer": layer, "head": head,
            "prompt": of if text is None else None, "text": text, "longest": self.limits.tokens,
        }  # fmt: skip
        made = str(self._lake.meta(model(key), "thresholds"))
        return self._requested.ask(
            ("head", key, made, of, layer, head),
            lambda tell: self._process.ask(asked, self.limits.seconds, tell),
            lambda body: {"weights": pack(np.frombuffer(body, np.float32), "f4"), "unit": 1},
        )

    def heads(self, key: str) -> Answer:
        """The number of heads in `n`, null where it isn't known; or in `missing` why none is to
        be had.
        """
        if words := self.missing(key):
            return {"n": None, "missing": words}
        return {"n": n_heads(plan_of(self._lake, key)), "missing": None}

    def attention(self, name: str, layer: int, neuron: int) -> Answer:
        """Attention of a layer and a neuron's activations in a run, as `neuron_view` gives them.

        Raises KnError where the run isn't remembered.
        """
        return self._runs.attention(name, layer, neuron)

    def checked(self, text: object) -> str:
        """The text, within limits and without half characters. Raises KnError."""
        if not isinstance(text, str) or not text.strip():
            raise KnError("there is no text: write some words first")
        if len(text) > self.limits.characters:
            raise KnError(
                f"this text has {len(text):,} characters: give {self.limits.characters:,} or fewer"
            )
        return valid(text)

    def _name(self, key: str, text: object) -> str:
        """The run's name: the same for the same text and tables, a secret to who lacks the text."""
        if key not in [p.key for p in self._lake.partitions("model")]:
            raise KnError(f"there is no atlas {key!r} in this lake")
        made = self._lake.meta(model(key), "thresholds")
        told = repr((key, made, text)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(told, key=self._secret, digest_size=16).hexdigest()
