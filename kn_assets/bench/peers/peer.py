"""A peer: its script, run in a process of its own that answers a line of JSON to each line."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas.loaded import load_model, tokenized
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from kn_assets.atlas.forward.tokens import TokenizedPrompts
    from kn_assets.atlas.plan import AtlasPlan

SCRIPTS = Path(__file__).with_name("scripts")
TRIAL = 64  # prompts on which settings are tried
_BATCHES = (16, 32, 64)

PEERS: dict[str, list[dict[str, object]]] = {
    "hooks": [{"batch": b} for b in _BATCHES],
    "transformer-lens": [
        {"batch": b, "by": by} for by in ("run_with_cache", "run_with_hooks") for b in _BATCHES
    ],
    "nnsight": [{"batch": b, "by": by} for by in ("save", "in the trace") for b in _BATCHES],
}
"""The peers, and the settings that each tries, with each way to wait."""

_WAITING = {"PASSIVE": "asleep", "": "as OpenMP has it"}
"""How a peer's threads wait between operations; always awake they would slow the others down."""


class CannotRun(Exception):
    """A peer's process ended; the message is the last thing it said."""


def write_config(plan: AtlasPlan, place: Path, dtype: str, tables: str) -> Path:
    """What every peer is told (see `scripts/common.py`), in `place`; returns its path.

    tables: `fired` or `atlas`. The thresholds are those of the atlas that was just made from
    `plan`.
    """
    loaded = load_model(plan, Progress())
    prompts = tokenized(plan, loaded.tokenizer, loaded.parts.context)
    np.savez(
        place / "prompts.npz",
        prompt_ids=prompts.prompt_ids,
        lengths=prompts.lengths,
        ids=prompts.ids,
        sinks=_sinks(plan, prompts),
    )
    names = {id(module): name for name, module in loaded.model.named_modules()}
    config = {
        "model": str(loaded.tokenizer.name_or_path),
        "dtype": dtype,
        "threads": _threads(),
        "projections": [names[id(m)] for m in loaded.parts.mlp_outputs],
        "thresholds": plan.lake.read(plan.model, "thresholds")["threshold"].to_pylist(),
        "prompts": str(place / "prompts.npz"),
        "n_prompts": len(prompts),
        "tables": tables,
        "top_k": plan.settings.top_k,
    }
    path = place / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def _sinks(plan: AtlasPlan, prompts: TokenizedPrompts) -> np.ndarray:
    """Which tokens are attention sinks by that atlas, bool [largest prompt id + 1, longest]."""
    flags = np.zeros((int(prompts.prompt_ids.max()) + 1, int(prompts.lengths.max())), bool)
    found = plan.lake.read(plan.model, "tokens", ["prompt_id", "position", "sink"])
    flags[found["prompt_id"].to_numpy(), found["position"].to_numpy()] = found["sink"].to_numpy()
    return flags


def _threads() -> int:
    import torch

    return torch.get_num_threads()


class Peer:
    """A running peer. `told` is its version and settings, `out` the folder of its tables."""

    def __init__(self, name: str, python: Path, config: Path, place: Path) -> None:
        self.name = name
        self.out = place / name
        self.out.mkdir(exist_ok=True)
        self.n_prompts = json.loads(config.read_text(encoding="utf-8"))["n_prompts"]
        self.settings: dict[str, object] = {}
        self._errors = place / f"{name}.log"
        self._command = [python, SCRIPTS / f"with_{name.replace('-', '_')}.py", config]
        self._process: subprocess.Popen[str] | None = None
        self._version: str | None = None
        self._waiting = ""

    @property
    def told(self) -> str:
        """Such as `4.3.0, batch 32, by run_with_hooks, threads wait asleep`."""
        told = {**self.settings, "threads wait": _WAITING[self._waiting]}
        return ", ".join([str(self._version), *(f"{k} {v}" for k, v in told.items())])

    def choose(self) -> None:
        """Try all settings on some prompts, and keep the fastest. Raises CannotRun."""
        some = min(TRIAL, self.n_prompts)
        times = []
        for waiting in _WAITING:
            self._start(waiting)
            self.run(PEERS[self.name][0], some)  # the first round touches memory for the first time
            times += [
                (self.run(settings, some)[0], waiting, i)
                for i, settings in enumerate(PEERS[self.name])
            ]
        _, waiting, best = min(times)
        self._start(waiting)
        self.settings, self._waiting = PEERS[self.name][best], waiting
        self.run(prompts=some)

    def run(
        self, settings: dict[str, object] | None = None, prompts: int | None = None
    ) -> tuple[float, float]:
        """A round: its wall and processor seconds, from the first batch to the last table."""
        asked = {
            "out": str(self.out),
            "settings": settings or self.settings,
            "prompts": prompts or self.n_prompts,
        }
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer = self._answer()
        return float(answer["seconds"]), float(answer["processor_seconds"])

    def close(self) -> None:
        """End the process, where there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def _start(self, waiting: str) -> None:
        """Start the process anew. waiting: `OMP_WAIT_POLICY`, empty for OpenMP's own."""
        self.close()
        environment = {**os.environ, "OMP_WAIT_POLICY": waiting, "HF_HUB_OFFLINE": "1"}
        if not waiting:
            del environment["OMP_WAIT_POLICY"]
        with self._errors.open("w") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )
        self._version = self._answer()["version"]

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        found: dict[str, Any] = json.loads(line)
        return found

    def _ended(self) -> CannotRun:
        assert self._process is not None
        code = self._process.wait()
        said = [line for line in self._errors.read_text(errors="replace").splitlines() if line]
        return CannotRun(said[-1].strip() if said else f"its process ended with {code}")
