"""`kn doctor`: what is installed, reachable and made, and what to do about what isn't."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from urllib.parse import urlsplit

from kn_assets.atlas import lazy_lens
from kn_assets.cli.findings import Finding
from kn_assets.cli.lake_findings import contents
from kn_assets.errors import KnError
from kn_assets.lake import Lake, Partition
from kn_assets.lake import plan as plans
from kn_assets.models.available import available

_ROOM = 2 << 30  # bytes a run of the demo needs, weights included


def examine(lake: Lake, deep: bool = False) -> Iterator[Finding]:
    """All findings, one after the other; with `deep` by checksums of all tables."""
    yield from _packages()
    yield _disk(lake)
    yield from _reach()
    yield Finding(
        bool(os.environ.get("KN_CONTACT")),
        "KN_CONTACT, the operator's contact",
        "set it to your e-mail or web address before `kn run --corpus wikipedia`",
    )
    models = available(lake)
    yield Finding(
        bool(models),
        "models on this machine: " + (", ".join(m.source.key for m in models) or "none"),
        "`kn demo` gets the embedded one",
    )
    yield from contents(lake, deep)
    yield from _atlases(lake)


def _packages() -> Iterator[Finding]:
    try:
        wanted = [r for r in requires("knowledge-neurons-explorer") or [] if "extra ==" not in r]
    except PackageNotFoundError:
        yield Finding(False, "the package itself", "run `make demo`, or `pip install -e .`")
        return
    wrong = []
    for requirement in wanted:
        name, _, pinned = requirement.partition("==")
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "none"
        if found.split("+")[0] != pinned:
            wrong.append(f"{name} is {found}, not {pinned}")
    what = f"{len(wanted) - len(wrong)} of {len(wanted)} packages as pinned"
    yield Finding(not wrong, what, "; ".join(wrong) + ": run `make demo`")


def _disk(lake: Lake) -> Finding:
    place = next(p for p in (lake.root, *lake.root.parents) if p.exists())
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK) and place.is_dir()
    return Finding(
        writable and free > _ROOM,
        f"the lake {lake.root}, {free / 2**30:.1f} GB free",
        "make room, or set KN_DATA to another folder" if writable else "it can't be written to",
    )


def _reach() -> Iterator[Finding]:
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    for what, url, advice in (
        ("Wikipedia", "https://en.wikipedia.org", "only the corpus wikipedia needs it"),
        ("the model hub", hub, "only hub models need it; HF_ENDPOINT can name a mirror"),
    ):
        yield Finding(_answers(url), f"{what} ({url}) is reachable", advice)


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=3):
            return True
    except OSError:
        return False


def _atlases(lake: Lake) -> Iterator[Finding]:
    from kn_assets.knowledge.other_facts import answers_other_facts
    from kn_assets.lake.schema import ATLAS_TABLES
    from kn_assets.launch.steps import OF_LAST

    found = lake.partitions("model")
    atlases = [p for p in found if any(lake.meta(p, t) for t in ATLAS_TABLES)]
    if not atlases:
        yield Finding(False, "atlases", "none yet: `kn demo` makes one in a few minutes")
    trainings = _trainings(atlases)
    earlier = {p for steps in trainings.values() for p in steps[:-1]}
    for atlas in atlases:
        # An earlier step's map of neurons is a part of its training's, the others are the last's.
        left_out = OF_LAST if atlas in earlier else ()
        wanted = [t for t in ATLAS_TABLES if t not in left_out]
        missing = [t for t in wanted if not plans.is_made(lake, atlas, t)]
        have = len(wanted) - len(missing)
        yield Finding(
            not missing,
            f"atlas {atlas.key}: {have} of {len(wanted)} tables{_lens_told(lake, atlas)}",
            f"{', '.join(missing)} missing: run the same `kn run` again",
        )
        if answers_other_facts(lake, atlas):
            yield Finding(
                False,
                f"answers of {atlas.key}",
                "they are to other facts than its corpus holds now, and not shown: `kn knowledge` "
                "asks these",
            )
    for name, steps in trainings.items():
        if len(steps) > 1:
            yield _training(lake, name, len(steps))
            yield from _checkpoints(lake, name, steps)


def _trainings(atlases: list[Partition]) -> dict[str, list[Partition]]:
    """Name of a model -> the atlases of its steps, in order."""
    from kn_assets.training.steps.checkpoints import step_of

    found: dict[str, list[tuple[int, Partition]]] = {}
    for atlas in atlases:
        step = step_of(atlas.key)
        if step is not None:
            found.setdefault(atlas.key.partition("@")[0], []).append((step, atlas))
    return {
        name: [atlas for _, atlas in sorted(of, key=lambda pair: pair[0])]
        for name, of in found.items()
    }


def _training(lake: Lake, name: str, n_steps: int) -> Finding:
    from kn_assets.training.steps.tables import OVER_STEPS, StepsPlan

    plan = StepsPlan(lake, name)
    what = f"training of {name}: {n_steps} steps"
    try:
        lacking = {t: word for t in OVER_STEPS if (word := plan.lacking(t))}
        stale = plans.stale(plan)
    except KnError as e:
        return Finding(False, what, str(e))
    wanted = [t for t in OVER_STEPS if t not in lacking or t == "fact_steps"]
    missing = [t for t in wanted if t in stale or t in lacking]
    without = "" if "fact_steps" in missing else plan.without_lens()
    advice = f"{', '.join(missing)} to be made" if missing else f"fact_steps without {without}"
    return Finding(
        not missing and not without,
        f"{what}, {len(wanted) - len(missing)} of {len(wanted)} tables over them",
        f"{advice}: run the same `kn knowledge --steps-of all` again",
    )


def _checkpoints(lake: Lake, name: str, atlases: list[Partition]) -> Iterator[Finding]:
    """Atlases of checkpoints which the tables over them leave out, and which are equal."""
    from kn_assets.training.steps.identity import same_weights
    from kn_assets.training.steps.names import axis

    left_out = axis(a.key.partition("@")[2] for a in atlases).words
    for word in [*(f"left out, {w}" for w in left_out), *same_weights(lake, atlases)]:
        yield Finding(False, f"checkpoints of {name}", word)


def _lens_told(lake: Lake, atlas: Partition) -> str:
    if not lazy_lens.is_lazy(lake, atlas):
        return ""
    opened = lazy_lens.opened(lake, atlas)
    return f", the lens of {opened:,} opened prompts (`kn run --lens all` computes the others)"


def report(lake: Lake, deep: bool = False) -> int:
    """Print all findings; 0 where the tool can work at all, 1 where packages, the disk or what is
    in the lake fail.
    """
    fatal = False
    for finding in examine(lake, deep):
        print(finding)
        fatal |= not finding.well and ("packages" in finding.what or "lake" in finding.what)
    return int(fatal)
