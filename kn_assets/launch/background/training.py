"""The small training of the first hour: a GPT-2 that learns some hundred cities' facts.

Between its legs come the atlases of the checkpoints that it has reached, so that they can be
looked at while it goes on; at the end what each knows, and the circuits of facts in each.
"""

from __future__ import annotations

from collections.abc import Iterator

from kn_assets.knowledge.circuits.tables import OF_CIRCUITS
from kn_assets.knowledge.tables import OF_MODEL
from kn_assets.lake import Lake, model
from kn_assets.launch.background.step import Made, Step, checkpoint, tables
from kn_assets.training.settings import TrainSettings
from kn_assets.training.steps.tables import OVER_STEPS

SETTINGS = TrainSettings(
    name="geo-gpt2-small",
    cities=300,
    steps=400,
    batch=24,
    checkpoints=8,
    sample=300,
    measure_every=20,
    save_every_s=20.0,
    threads=1,
)
"""By default `kn train` takes all 6,204 cities, 1,400 steps of 48 rows, and 16 checkpoints."""
LIMIT = 300  # prompts of its checkpoints' atlases: those of the cities that it is trained on
FACTS = ("--facts", "24", "--known", "4")
"""Of each relation; by default `kn knowledge` asks 50 and takes 16 apart."""
CIRCUITS = ("--facts", "24", "--known", "2")
"""Of each relation; by default `kn circuits` asks 50 and takes 8."""
_FIRST = 3  # checkpoints from the last that end a leg
_A_STEP, _AN_ATLAS, _KNOWLEDGE, _ITS_CIRCUITS, _BEGIN = 0.9, 8.0, 20.0, 11.0, 12.0  # seconds


def training(what: str, of: str) -> Iterator[Step]:
    """The legs with their atlases, then the facts over all checkpoints, and their circuits."""
    name, marks = SETTINGS.name, SETTINGS.checkpoint_steps()
    trained = 0
    before: tuple[str, ...] = ()
    for mark in marks[-_FIRST:]:
        leg = f"train to {mark}"
        words = (*_train_words(), "--until", str(mark))
        seconds = _BEGIN + _A_STEP * (mark - trained)
        title = f"training a small GPT-2 to step {mark} of {marks[-1]}"
        yield Step(leg, title, words, seconds, checkpoint(name, mark), what, of, before, True, name)
        reached = [m for m in marks if m <= mark]
        last = mark == marks[-1]
        title = f"atlases of its {len(reached)} checkpoints" + last * ", and what each knows"
        command = ("knowledge", *FACTS) if last else ("run",)
        atlas = (*command, "--corpus", SETTINGS.corpus, "--model", name, "--limit", str(LIMIT))
        fresh = [m for m in reached if m > trained or not trained]
        seconds = _BEGIN + _AN_ATLAS * len(fresh) + last * _KNOWLEDGE * len(marks)
        yield Step(
            f"atlases to {mark}", title, (*atlas, "--steps-of", "all"), seconds,
            _atlases(name, reached, last), what, of, (leg,), trains=name,
        )  # fmt: skip
        trained, before = mark, (leg,)
    words = ("--corpus", SETTINGS.corpus, "--model", name, "--limit", str(LIMIT))
    each = [tables(model(f"{name}@step{mark}"), OF_CIRCUITS) for mark in marks]
    yield Step(
        "circuits of steps", f"circuits of its {len(marks)} checkpoints",
        ("circuits", *words, *CIRCUITS, "--steps-of", "all"),
        _BEGIN + _ITS_CIRCUITS * len(marks),
        lambda lake: all(there(lake) for there in each), what, of, (f"atlases to {marks[-1]}",),
        trains=name,
    )  # fmt: skip


def _train_words() -> tuple[str, ...]:
    own = TrainSettings()
    given = {k: v for k, v in vars(SETTINGS).items() if v != getattr(own, k)}
    return ("train", *(w for k, v in given.items() for w in (f"--{k.replace('_', '-')}", str(v))))


def _atlases(name: str, steps: list[int], with_knowledge: bool) -> Made:
    atlas = ("atlases", "neurons", "neuron_peaks", "fact_lens")
    wanted = (*atlas, *OF_MODEL) if with_knowledge else atlas
    each = [tables(model(f"{name}@step{step}"), wanted) for step in steps]
    over = tables(model(name), OVER_STEPS)

    def made(lake: Lake) -> bool:
        return all(there(lake) for there in (*each, over))

    return made
