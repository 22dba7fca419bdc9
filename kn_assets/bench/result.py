"""What every benchmark returns, and how it is printed.

A benchmark module has `add_arguments(parser)` and `run(args) -> Result`; `kn bench NAME` finds it
by its module's name. Speeds are told as a ratio over a baseline measured in the same interleaved
run, since absolute times say more about the machine and its neighbours than about the code.
"""

from __future__ import annotations

import json
import math
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

Figure = float | int | dict[str, float]


def machine() -> dict[str, object]:
    """The machine a figure was measured on."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _cpu() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as f:  # noqa: PTH123
            return next(
                line.split(":", 1)[1].strip() for line in f if line.startswith("model name")
            )
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@dataclass
class Result:
    """Figures of one benchmark. `ratio` is this project's figure over `baseline`'s, by its text.

    It is NaN where the baseline wasn't measured; JSON has null then.
    """

    name: str
    ratio: float
    baseline: str
    figures: dict[str, Figure]
    settings: dict[str, object]
    machine: dict[str, object] = field(default_factory=machine)

    def to_json(self) -> str:
        told = {**asdict(self), "ratio": None if math.isnan(self.ratio) else self.ratio}
        return json.dumps(told, indent=1)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self._compared('x')}"]
        for label, value in self.figures.items():
            lines.append(f"  {label:28} {_shown(value)}")
        lines.append("  settings: " + ", ".join(f"{k}={v}" for k, v in self.settings.items()))
        lines.append("  machine:  " + ", ".join(f"{k}={v}" for k, v in self.machine.items()))
        return "\n".join(lines)

    def _compared(self, times: str) -> str:
        if math.isnan(self.ratio):
            return f"not compared with {self.baseline}"
        return f"{self.ratio:.3g} {times} {self.baseline}"

    def to_markdown(self) -> str:
        """A row of the table in docs/benchmarks.md."""
        figures = [f"{label}: {_shown(value)}" for label, value in self.figures.items()]
        settings = ", ".join(f"{k} {v}" for k, v in self.settings.items())
        cells = (
            f"`{self.name}`",
            self._compared("×"),
            "<br>".join(figures),
            settings,
            datetime.now(UTC).date().isoformat(),
        )
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shown(value: Figure) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {v:.4g}" for k, v in value.items())
    return f"{value:.4g}"
