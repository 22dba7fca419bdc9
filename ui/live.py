"""Live runs for the app: one at a time, others queued and told so; the last ones remembered.

What a run gives stays on the server under a name that can't be guessed, since attention of all
layers is too much to send: the page asks for that of the neuron it shows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from kn_assets import lazy_lens
from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.live import ATTENTION_GRID, LivePrompt, n_heads, plan_of, valid
from kn_assets.live_process import LiveProcess, Tell
from ui.json_text import to_json
from ui.pack import pack, pack_ids
from ui.requested import Requested
from ui.rows import Answer
from ui.views import pack_fired

REMEMBERED = 256 << 20  # bytes of runs kept
LOOK_S = 0.2  # between two looks at a run under way

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LiveLimits:
    """What a person's runs may take.

    `tokens`: of a run (None: as many as the model reads); `characters`: of a text; `seconds`: of a
    run with loading the model; `waiting`: runs queued at most; `a_minute`: runs of one person.
    """

    tokens: int | None = None
    characters: int = 200_000
    seconds: float = 1800.0
    waiting: int = 20
    a_minute: int = 600


LIVE_ALONE = LiveLimits()
"""For a person on their own machine."""
LIVE_SHARED = LiveLimits(tokens=256, characters=4_000, seconds=60.0, waiting=10, a_minute=6)
"""For an app that others can reach."""


class Live:
    """Answers the questions about texts of the user's own; safe to call from several threads."""

    def __init__(self, lake: Lake, limits: LiveLimits = LIVE_ALONE) -> None:
        self.limits = limits
        self._lake = lake
        self._process = LiveProcess(lake)
        self._one = ThreadPoolExecutor(1, thread_name_prefix="live")
        self._requested = Requested(self._one, limits.waiting)
        self._queue: list[_Run] = []
        self._started: dict[str, deque[float]] = {}
        self._kept: OrderedDict[str, LivePrompt] = OrderedDict()
        self._secret = secrets.token_bytes(16)
        self._lock = threading.Lock()

    def close(self) -> None:
        """End the process that runs the models."""
        self._one.shutdown(wait=False, cancel_futures=True)
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
        The last: `prompt` as `ui.views.prompt` gives it, with the run's name in `live`; or `error`.
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
        if name in self._kept:
            yield {"prompt": self._told(name)}
            return
        limits = self.limits

        def work(tell: Tell) -> LivePrompt:
            return self._process.run(key, text, limits.tokens, limits.seconds, tell)

        def told(found: LivePrompt) -> Answer:
            self._keep(name, found)
            return {"prompt": self._told(name)}

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
        """Do `work` when its turn has come: how far it is, then what `told` makes of its end."""
        run: _Run | None = None
        try:
            run = self._enter(key, user, work)
            yield from self._watch(run)
            yield told(run.future.result())
        except KnError as e:
            yield {"error": str(e)}
        except Exception as e:
            # Gradio would leave the page waiting.
            log.exception("a live run failed in an unforeseen way")
            yield {"error": f"this run failed in a way the app did not foresee: {e}"}
        finally:
            if run is not None:  # nobody waits for it any more
                run.future.cancel()

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

    # -- the queue -------------------------------------------------------------------------------

    def _enter(self, key: str, user: str, work: Callable[[Tell], Any]) -> _Run:
        plan_of(self._lake, key)
        with self._lock:
            if any(run.user == user for run in self._queue):
                raise KnError("your last text is still being run: wait for it")
            if len(self._queue) > self.limits.waiting:
                raise KnError(f"{len(self._queue)} texts are waiting already: try again later")
            self._count(user)
            run = _Run(user)
            self._queue.append(run)
            run.future = self._one.submit(work, run.tell)
        run.future.add_done_callback(lambda _: self._leave(run))
        return run

    def _count(self, user: str) -> None:
        now = time.monotonic()
        for other, times in list(self._started.items()):
            while times and now - times[0] > 60:
                times.popleft()
            if not times:
                del self._started[other]
        times = self._started.setdefault(user, deque())
        if len(times) >= self.limits.a_minute:
            raise KnError(f"{self.limits.a_minute} texts a minute are run here: wait a little")
        times.append(now)

    def _leave(self, run: _Run) -> None:
        with self._lock:
            self._queue.remove(run)

    def _watch(self, run: _Run) -> Iterator[Answer]:
        """What there is to tell of a run, as it changes, until it is over."""
        last: Answer = {}
        while True:
            with self._lock:
                before = self._queue.index(run) if run in self._queue else 0
            now = {"waiting": before} if before else dict(run.told)
            if now and now != last:
                last = now
                yield now
            if wait([run.future], timeout=LOOK_S).done:
                return

    # -- what is remembered ----------------------------------------------------------------------

    def _keep(self, name: str, found: LivePrompt) -> None:
        with self._lock:
            self._kept[name] = found
            while len(self._kept) > 1 and sum(p.size for p in self._kept.values()) > REMEMBERED:
                self._kept.popitem(last=False)

    def _found(self, name: str) -> LivePrompt:
        with self._lock:
            if name not in self._kept:
                raise KnError("this run is no longer remembered: run the text again")
            self._kept.move_to_end(name)
            return self._kept[name]

    def _told(self, name: str) -> Answer:
        found = self._found(name)
        n_layers = len(found.thresholds)
        return {
            "prompt": {"prompt_id": None, "name": None, "live": name, "n_whole": found.n_whole},
            "tokens": found.tokens,
            "n_layers": n_layers,
            "fired": pack_fired(vars(found), len(found.tokens), n_layers),
            "lens": {
                "ranks": found.lens_ids.shape[2],
                "words": found.words,
                "word": pack_ids(found.lens_ids.ravel()),
                "probability": pack(found.lens_probabilities.ravel(), "f4"),
                "next_probability": pack(np.nan_to_num(found.next_probability).ravel(), "f4"),
                "next_rank": pack(found.next_rank.ravel(), "u4"),
            },
            "thresholds": found.thresholds.tolist(),
            "missing": self._cut(len(found.tokens), found.n_whole),
        }

    def _cut(self, n: int, n_whole: int) -> dict[str, str]:
        """Why not all of a text was run, in words."""
        if n == n_whole:
            return {}
        first = f"Only the first {n:,} of this text's {n_whole:,} tokens were run: "
        if n == self.limits.tokens:
            return {"rest": first + "an app that others use too runs no more of a text."}
        return {
            "rest": first + "more are over the model's context, or the attention between them "
            "would take over 2 GB of memory."
        }

    def attention(self, name: str, layer: int, neuron: int) -> Answer:
        """Attention of a layer and a neuron's activations in a run, as `neuron_view` gives them.

        Raises KnError where the run isn't remembered.
        """
        found = self._found(name)
        activations: list[float | None] = [None] * len(found.tokens)
        for i in np.flatnonzero((found.layer == layer) & (found.neuron == neuron)).tolist():
            activations[int(found.position[i])] = float(found.activation[i])
        return {
            "weights": pack(found.attention[layer], "u2"),
            "unit": 1 / ATTENTION_GRID,
            "activations": activations,
        }


class _Run:
    """A run in the queue: whose it is, and what was last told of it."""

    future: Future[Any]

    def __init__(self, user: str) -> None:
        self.user = user
        self.told: Answer = {}

    def tell(self, words: str, done: int, of: int) -> None:
        self.told = {"words": words, "done": done, "of": of}
