"""Training: steps, measurements and checkpoints of a run that may be killed at any time.

What a step does depends on its number and the state before it alone, so a run that was killed and
goes on ends with the same weights, to the last bit on the same machine, as one that wasn't.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.machine import device
from kn_assets.lake import Lake
from kn_assets.models.quiet import quiet
from kn_assets.models.source import ModelSource
from kn_assets.progress import Bar, Progress
from kn_assets.training.batches import batches
from kn_assets.training.divergence import diverged, refuse_divergence
from kn_assets.training.settings import TrainSettings
from kn_assets.training.store import Store
from kn_assets.training.text import Rows, Text
from kn_assets.training.threads import threads

if TYPE_CHECKING:
    from kn_assets.models.load import LoadedModel
    from kn_assets.training.known import Exam

_LOG_EVERY = 10
_CLIP = 1.0  # largest norm of the gradient


def train(
    settings: TrainSettings,
    lake: Lake,
    progress: Progress | None = None,
    until: int | None = None,
) -> Path:
    """Train a model, or go on with it; returns the folder of its checkpoints.

    until: the step after which it stops, for the next call to go on; the weights at its end are the
    same as of one that never stopped.

    The folder holds `stepN` for each checkpoint, a Hugging Face folder with its tokenizer, and the
    log `training.jsonl`: step, loss (nats a token, mean since the last row), lr, tokens, seconds
    and cpu_seconds so far, and now and then `known_trained` and `known_held_out`, the share of
    `n_facts` city-country facts known in trained and in held-out prompts. `learning.jsonl` has
    P(answer) of each of these facts, see `Store.write_learning`. A finished run returns at once.
    Raises KnError where the settings make no sense, the folder belongs to another run, a
    checkpoint or the state of it is lost, or the loss or a weight is no finite number any more.
    """
    store = Store(lake, settings.checked())
    store.open()
    wanted = settings.checkpoint_steps()
    if (store.step(wanted[-1]) / "config.json").is_file():
        store.check_there(wanted)
        store.close()
        return store.folder
    with threads(settings.threads):
        run = _Run.begin(store, progress or Progress())
        store.check_there([s for s in wanted if s < run.step])
        is_over = run.to_the_end(progress or Progress(), until)
    if is_over:
        store.close()
    return store.folder


@dataclass
class _Run:
    """A run between two steps."""

    store: Store
    text: Text
    loaded: LoadedModel
    optimizer: Any
    schedule: Any
    step: int = 0
    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    learning: list[dict[str, Any]] = field(default_factory=list)
    sampled: list[int] = field(default_factory=list)

    _KEPT = ("step", "epoch", "batch", "tokens", "seconds", "cpu_seconds", "losses", "log")
    _KEPT_SINCE = ("learning", "sampled")  # states of earlier versions lack these

    @classmethod
    def begin(cls, store: Store, progress: Progress) -> _Run:
        """A new run, or the one that was interrupted."""
        from transformers import AutoTokenizer

        from kn_assets.models.load import LoadedModel, refuse_missing
        from kn_assets.models.parts import find_parts
        from kn_assets.training import network

        settings = store.settings
        place = device(settings.device)
        refuse_missing(place)
        text = Text.of(settings.cities, settings.seed)
        kept = store.folder / ".tokenizer"
        if not kept.exists():
            progress.say("training the tokenizer")
            made = network.new_tokenizer(text.epoch(0), settings)
            store.put(kept, made.save_pretrained)
        tokenizer = AutoTokenizer.from_pretrained(kept)
        model = network.new_model(settings, tokenizer).eval().to(place)
        source = ModelSource(settings.name, "folder", str(store.folder))
        loaded = LoadedModel(model, tokenizer, find_parts(model), source)
        run = cls(store, text, loaded, *network.new_optimizer(model, settings))
        state = store.load_state()
        if state is not None:
            model.load_state_dict(state["model"])
            run.optimizer.load_state_dict(state["optimizer"])
            run.schedule.load_state_dict(state["schedule"])
            for name in (*cls._KEPT, *(n for n in cls._KEPT_SINCE if n in state)):
                setattr(run, name, state[name])
        return run

    def save(self) -> None:
        kept = {name: getattr(self, name) for name in (*self._KEPT, *self._KEPT_SINCE)}
        model: Any = self.loaded.model
        self.store.save_state(
            {
                "model": model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
                **kept,
            }
        )

    def to_the_end(self, progress: Progress, until: int | None = None) -> bool:
        """Train; False where it stopped after step `until`, which isn't the last."""
        from kn_assets.training.known import Exam

        settings = self.store.settings
        exam = Exam.of(self.loaded, self.text)
        sample = exam.sample(settings.sample, settings.seed)
        facts = [q.fact_id for q in sample.trained]
        if self.sampled != facts:  # rows of another --sample tell of other facts
            self.learning.clear()
            self.sampled = facts
        checkpoints = set(settings.checkpoint_steps())
        upcoming = batches(self.text, self.loaded.tokenizer, settings, self.epoch, self.batch)
        saved = time.monotonic()
        started = time.monotonic(), self.tokens
        title = f"training {settings.name}"
        with progress.bar(title, settings.steps, "steps", done=self.step) as bar:
            while True:
                if self.step in checkpoints:
                    refuse_divergence(self.store, self.loaded.model, self.step)
                if not self.log or self.log[-1]["step"] < self.step:
                    last = self.step == settings.steps
                    measured = last or self.step in checkpoints
                    if measured or self.step % settings.measure_every == 0:
                        self._note(exam if last else sample, sample)
                    elif self.step % _LOG_EVERY == 0:
                        self._note(None, sample)
                if self.step in checkpoints:
                    self._checkpoint()
                if self.step == settings.steps:
                    return True
                if until is not None and self.step >= until:
                    self.save()
                    return False
                if self.step in checkpoints or time.monotonic() - saved >= settings.save_every_s:
                    self.save()
                    saved = time.monotonic()
                self.epoch, self.batch, rows = next(upcoming)
                self._step(rows)
                bar.advance()
                passed = time.monotonic() - started[0]
                self._show(bar, (self.tokens - started[1]) / max(passed, 1e-9))

    def _step(self, rows: Rows) -> None:
        from torch.nn.utils import clip_grad_norm_

        from kn_assets.training.network import loss_of

        began, cpu = time.monotonic(), time.process_time()
        model: Any = self.loaded.model
        loss = loss_of(model, rows)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = clip_grad_norm_(model.parameters(), _CLIP)
        if not (isfinite(loss.item()) and isfinite(float(norm))):
            diverged(
                self.store,
                self.step,
                f"the loss of step {self.step + 1} is {loss.item():g}, its gradient {norm:g}",
            )
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        self.losses.append(loss.item())
        self.tokens += int((rows.sentence >= 0).sum())
        self.seconds += time.monotonic() - began
        self.cpu_seconds += time.process_time() - cpu

    def _note(self, exam: Exam | None, sample: Exam) -> None:
        """Add a row to the log; with an `exam`, what the facts of the `sample` stand at too."""
        row: dict[str, Any] = {
            "step": self.step,
            "loss": float(np.mean(self.losses)) if self.losses else None,
            "lr": self.schedule.get_last_lr()[0],
            "tokens": self.tokens,
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(self.cpu_seconds, 3),
        }
        if exam is not None:
            marks = exam.marks(self.loaded)
            row["known_trained"], row["known_held_out"] = marks.known
            row["n_facts"] = len(exam.trained)
            self.learning.append({"step": self.step, **marks.of(sample)})
            self.store.write_learning(sample.subjects(self.text), self.learning)
        self.log.append(row)
        self.losses.clear()
        self.store.write_log(self.log)

    def _show(self, bar: Bar, rate: float) -> None:
        loss = self.losses[-1] if self.losses else float("nan")
        known = next(
            (row["known_trained"] for row in reversed(self.log) if "known_trained" in row), 0.0
        )
        bar.note(f"loss {loss:.2f}, knows {known:.0%} of the facts, {rate:,.0f} tokens/s")

    def _checkpoint(self) -> None:
        model: Any = self.loaded.model

        def fill(folder: Path) -> None:
            with quiet():  # no bar of its own for each checkpoint
                model.save_pretrained(folder)
                self.loaded.tokenizer.save_pretrained(folder)

        self.store.put(self.store.step(self.step), fill)
