"""Live runs for the app: texts of a person's own through the model of an atlas, and what is asked
of the model about an atlas' prompts.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.linear_lens import TRANSLATORS
from kn_assets.errors import KnError
from kn_assets.lake import Lake, model
from kn_assets.live.direct import packed
from kn_assets.live.model import n_heads, plan_of, valid
from kn_assets.live.process import LiveProcess
from kn_assets.live.reading import LiveReading
from ui.pack import fired_order, pack, pack_lens
from ui.rows import Answer
from ui.runs import target
from ui.runs.job import Job, Lane, Work
from ui.runs.limits import LIVE_ALONE, LiveLimits
from ui.runs.remembered import LiveRuns

LANE = "live"


class Live:
    """What the jobs of live models do; safe to call from several threads. `close` it at the end."""

    def __init__(self, lake: Lake, limits: LiveLimits = LIVE_ALONE) -> None:
        self.limits = limits
        self.lane = Lane(
            waiting=limits.waiting,
            a_minute=limits.a_minute,
            looks_a_minute=limits.looks,
            each=limits.each,
        )
        self._lake = lake
        self.process = LiveProcess(lake)
        self._runs = LiveRuns(limits.tokens)
        self._secret = secrets.token_bytes(16)

    def close(self) -> None:
        """End the process that runs the models."""
        self.process.close()

    def missing(self, key: str) -> str | None:
        """What keeps texts from being run through the model of the atlas `key`, in words."""
        try:
            plan_of(self._lake, key)
        except KnError as e:
            return str(e)
        return None

    def text(self, key: str, text: object) -> Work | Answer:
        """Run a text through the model of an atlas, unless that run is remembered.

        The result: `prompt` as `ui.explore.prompt.prompt` gives it, with the run's name in `live`.
        Raises KnError where it can't be run.
        """
        name, text = self._name(key, text), self.checked(text)
        if name in self._runs:
            return {"prompt": self._runs.told(name)}
        plan_of(self._lake, key)

        def do(job: Job) -> Answer:
            self._run_of(key, text, job)
            return {"prompt": self._runs.told(name)}

        return Work(LANE, do)

    def knowledge(self, question: dict[str, Any]) -> Work:
        """Ask the model what `kn_assets.live.knowledge` answers. Raises KnError as `text`."""
        plan_of(self._lake, str(question["key"]))
        return Work(LANE, self._asking(question, json.loads))

    def circuit(self, question: dict[str, Any]) -> Work:
        """Ask the model what `kn_assets.live.circuits` answers: the lake may get it. Raises KnError
        as `text`.
        """
        key = str(question["key"])
        plan_of(self._lake, key)
        made = [str(self._lake.meta(model(key), t)) for t in ("thresholds", "contrasts")]
        do = self._asking({"kind": "circuits", **question}, json.loads)
        shared = ("circuit", *made, json.dumps(question, sort_keys=True))
        return Work(LANE, do, shared=shared, counted=True)

    def lens(self, key: str, prompt: int) -> Work | Answer:
        """See to the lens of a prompt of an atlas; the result says that it is `here`.

        Raises KnError where it can't be computed.
        """
        if not lazy_lens.waits(self._lake, model(key), prompt):
            return {"here": True}
        if words := self.missing(key):
            raise KnError(f"the lens of this prompt isn't in the atlas yet, and {words}")
        asked = {"kind": "atlas", "do": "lens", "key": key, "prompt": prompt}
        do = self._asking(asked, lambda _: {"here": True})
        return Work(LANE, do, shared=("lens", key, prompt))

    def reading(self, key: str, of: int | str, lens: str) -> Work:
        """What another lens reads of a prompt (its id) or a text: in `lens`, see `pack_lens`.

        Raises KnError where it can't be computed.
        """
        asked = {"kind": "atlas", "do": "reading", "key": key, "lens": lens, **self._of(key, of)}
        do = self._asking(
            asked, lambda body: {"lens": pack_lens(**vars(LiveReading.from_bytes(body)))}
        )
        shared = ("reading", key, str(self._lake.meta(model(key), TRANSLATORS)), of, lens)
        return Work(LANE, do, shared=shared, counted=isinstance(of, str))

    def _of(self, key: str, of: int | str) -> dict[str, Any]:
        """What the process is told of a prompt (its id) or a text. Raises KnError as `text`."""
        plan_of(self._lake, key)
        text = None if isinstance(of, int) else self.checked(of)
        return {
            "prompt": of if text is None else None,
            "text": text,
            "longest": self.limits.tokens,
        }

    def head(self, key: str, of: int | str, layer: int, head: int) -> Work:
        """Attention of one head in a prompt (its id) or a text: `weights`, a lower triangle's rows.

        Raises KnError where they can't be computed.
        """
        asked = {
            "kind": "atlas", "do": "head", "key": key, "layer": layer, "head": head,
            **self._of(key, of),
        }  # fmt: skip
        made = str(self._lake.meta(model(key), "thresholds"))
        do = self._asking(
            asked, lambda body: {"weights": pack(np.frombuffer(body, np.float32), "f4"), "unit": 1}
        )
        shared = ("head", key, made, of, layer, head)
        return Work(LANE, do, shared=shared, counted=isinstance(of, str))

    def target(
        self,
        key: str,
        of: int | str,
        asked: dict[str, Any],
        fired: Callable[[], dict[str, np.ndarray]],
        n_layers: int,
    ) -> Work:
        """Direct contributions to a target in a prompt (its id) or a text, as `target.told` gives
        them.

        asked: the `target`, what it is held `against`, whether the `lens` is wanted; fired: columns
        of the prompt's fired neurons, whose contributions are told in the order of `pack_fired`.
        Raises KnError where nothing can be run.
        """
        question, shared = self._direct("target", key, of, asked)

        def do(job: Job) -> Answer:
            found = fired()
            if isinstance(of, str):
                found, question["longest"] = self._run_of(key, of, job)
            place, order = fired_order(found, n_layers)
            question["fired"] = packed(place[order], found["neuron"][order])
            return self._asking(question, target.told)(job)

        return Work(LANE, do, shared=shared, counted=True)

    def reads(self, key: str, of: int | str, asked: dict[str, Any]) -> Work:
        """What a neuron reads in a prompt (its id) or a text: see `LiveDirect.reads`.

        asked: `layer`, `neuron`, `position`, and the `target` of what is carried on, as in
        `target`. Raises KnError where nothing can be run.
        """
        question, shared = self._direct("reads", key, of, asked)

        def do(job: Job) -> Answer:
            if isinstance(of, str):
                _, question["longest"] = self._run_of(key, of, job)
            return self._asking(question, json.loads)(job)

        return Work(LANE, do, shared=shared, counted=True)

    def _direct(
        self, do: str, key: str, of: int | str, asked: dict[str, Any]
    ) -> tuple[dict[str, Any], tuple[object, ...]]:
        """A question for `LiveDirect`, and the name under which its answer is shared."""
        plan_of(self._lake, key)
        text = None if isinstance(of, int) else self.checked(of)
        made = str(self._lake.meta(model(key), "thresholds"))
        question = {
            "kind": "direct", "do": do, "key": key, "prompt": of if text is None else None,
            "text": text, **asked,
        }  # fmt: skip
        return question, (do, key, made, of, json.dumps(asked, sort_keys=True))

    def _run_of(self, key: str, text: str, job: Job) -> tuple[dict[str, np.ndarray], int]:
        """The fired neurons and the number of tokens of a text's run, which is made if need be."""
        name = self._name(key, text)
        if name not in self._runs:
            limits = self.limits
            run = self.process.run(key, text, limits.tokens, limits.seconds, job.tell, job.stop)
            self._runs.keep(name, run)
        return self._runs.fired(name)

    def _asking(
        self, asked: dict[str, Any], decode: Callable[[bytes], Answer]
    ) -> Callable[[Job], Answer]:
        """Work that asks the process (see `LiveProcess.ask`)."""

        def do(job: Job) -> Answer:
            return decode(self.process.ask(asked, self.limits.seconds, job.tell, job.stop))

        return do

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

    def fired(self, name: str, n_layers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Layer, neuron and activation of all that fired in a run, [n] each, in the order in which
        the page has them. Raises KnError where the run isn't remembered.
        """
        found, _ = self._runs.fired(name)
        _, order = fired_order(found, n_layers)
        return found["layer"][order], found["neuron"][order], found["activation"][order]

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
