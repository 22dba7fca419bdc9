"""`kn bench peers`: extraction against TransformerLens, nnsight and plain hooks with pandas.

All get the same model (in the same dtype unless another is asked for), the same prompts and
thresholds, and as many threads. Ours writes the long table of fired neurons in the order of prompts
and once more in the order of neurons, peaks, exact statistics and the strongest tokens of every
neuron. With `--tables atlas` every peer makes the same, by code that they share and that is written
as one would with torch and NumPy; with `--tables fired` they write the long table alone, ours still
all of its tables. Each peer first tries its own settings on some of the prompts and then runs at
the fastest; rounds of all are interleaved. The fired sets are held against ours row by row.

The libraries run in environments of their own, which `--install` makes in the lake. Those that
aren't installed, or can't run the model, are named among the settings with what they said.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from kn_assets.atlas.extract import extract
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.bench.extract import TABLES, Times, prepared
from kn_assets.bench.peers.environments import LIBRARIES, install, python_of
from kn_assets.bench.peers.peer import PEERS, CannotRun, Peer, write_config
from kn_assets.bench.result import Figure, Result
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.progress import Progress, TerminalProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kn_assets.atlas.plan import AtlasPlan

# Thresholds are values that did occur, so that rounding decides about those themselves.
_LEAST_SHARED, _LEAST_SHARED_ROUNDED = 0.99, 0.9  # the latter where bfloat16 is in it
_TABLES = {
    "atlas": "the peers make the atlas tables of ours: fired neurons in two orders, peaks, "
    "statistics of all tokens, strongest tokens",
    "fired": "the peers write what fired alone, ours makes all of its atlas tables",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="smollm2-135m", help="default smollm2-135m")
    parser.add_argument("--corpus", default="geonames", help="default geonames")
    parser.add_argument("--prompts", type=int, default=1000, help="default 1000")
    parser.add_argument("--dtype", default="auto", help="float32, bfloat16 or auto")
    parser.add_argument(
        "--peers-dtype", choices=("float32", "bfloat16"), help="another dtype for the peers"
    )
    parser.add_argument(
        "--tables",
        choices=list(_TABLES),
        default="atlas",
        help="; ".join(f"{name}: {what}" for name, what in _TABLES.items()) + " (default: atlas)",
    )
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; default 5")
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=list(PEERS),
        default=list(PEERS),
        help="whom to compare with (default: all)",
    )
    parser.add_argument(
        "--install",
        action="store_true",
        help="first install the libraries that are missing, each in an environment of its own",
    )


def run(args: argparse.Namespace) -> Result:
    """Time `args.rounds` rounds of each peer and of ours, in turn.

    Raises KnError where no peer can run, or one finds another set of fired neurons.
    """
    settings = AtlasSettings(
        corpus=args.corpus, model=args.model, limit=args.prompts, dtype=args.dtype
    ).checked()
    progress = TerminalProgress()
    if args.install:
        for library in LIBRARIES:
            if library in args.peers:
                install(Lake(), library, progress)
    with tempfile.TemporaryDirectory(prefix="kn-bench-") as scratch:
        place = Path(scratch)
        (place / "lake").mkdir()
        plan = prepared(place / "lake", settings)
        progress.say("a first round of ours")
        extract(plan, [*TABLES, "tokens"], Progress())
        config = write_config(plan, place, args.peers_dtype or plan.dtype, args.tables)
        said: dict[str, object] = {}
        peers = list(_started(args.peers, config, place, said, progress))
        if not peers:
            raise KnError(f"no peer can run: {'; '.join(f'{k}: {v}' for k, v in said.items())}")
        try:
            ours, theirs = _rounds(plan, peers, args.rounds, progress)
            exact = {plan.dtype, args.peers_dtype or plan.dtype} == {"float32"}
            shared = _shared(plan, peers, _LEAST_SHARED if exact else _LEAST_SHARED_ROUNDED)
        finally:
            for peer in peers:
                peer.close()
        told = {p.name: p.told for p in peers} | said
        return _result(args, plan, ours, theirs, shared, told)


def _started(
    names: list[str],
    config: Path,
    place: Path,
    said: dict[str, object],
    progress: Progress,
) -> Iterator[Peer]:
    """The peers that run, at their best settings; of the others `said` takes what they said."""
    for name in names:
        python = python_of(Lake(), name)
        if python is None:
            said[name] = "not installed: give --install"
            continue
        progress.say(f"{name}: trying its settings")
        peer = Peer(name, python, config, place)
        try:
            peer.choose()
        except CannotRun as e:
            peer.close()
            said[name] = f"can't run: {e}"
        else:
            yield peer


def _rounds(
    plan: AtlasPlan, peers: list[Peer], rounds: int, progress: Progress
) -> tuple[Times, dict[str, Times]]:
    ours = Times()
    theirs = {peer.name: Times() for peer in peers}
    with progress.bar("rounds", rounds * (1 + len(peers)), "runs") as bar:
        for _ in range(rounds):
            for peer in peers:
                wall, processor = peer.run()
                theirs[peer.name].walls.append(wall)
                theirs[peer.name].processors.append(processor)
                bar.advance()
            ours.take(lambda: extract(plan, TABLES, Progress()))
            bar.advance()
    return ours, theirs


def _shared(plan: AtlasPlan, peers: list[Peer], least: float) -> dict[str, float]:
    """The share of fired neurons, of all that either found, that a peer and we both found."""
    ours = np.sort(np.concatenate([_keys(f) for f in plan.lake.files(plan.model, "activations")]))
    found = {}
    for peer in peers:
        keys = _keys(peer.out / "activations.parquet")
        both = len(np.intersect1d(ours, keys, assume_unique=True))
        found[peer.name] = both / (len(ours) + len(keys) - both)
        if found[peer.name] < least:
            raise KnError(
                f"{peer.name} and we agree on {found[peer.name]:.1%} of the fired neurons only: "
                "the times would compare different work"
            )
    return found


def _keys(path: Path) -> np.ndarray:
    """A number for each row's prompt, position, layer and neuron."""
    table = pq.read_table(path, columns=["prompt_id", "position", "layer", "neuron"])
    prompt, position, layer, neuron = (c.to_numpy().astype(np.int64) for c in table.columns)
    return ((prompt << 16 | position) << 8 | layer) << 16 | neuron


def _result(
    args: argparse.Namespace,
    plan: AtlasPlan,
    ours: Times,
    theirs: dict[str, Times],
    shared: dict[str, float],
    told: dict[str, object],
) -> Result:
    best = min(theirs, key=lambda name: theirs[name].wall)
    ratios = {
        name: median(t / o for t, o in zip(times.walls, ours.walls, strict=True))
        for name, times in theirs.items()
    }
    figures: dict[str, Figure] = {"ours": {"wall_s": ours.wall, "cpu_s": ours.processor}}
    for name, times in theirs.items():
        figures[name] = {
            "wall_s": times.wall,
            "cpu_s": times.processor,
            "ratio": ratios[name],
            "rows shared": shared[name],
        }
    figures["rows"] = plan.rows("activations")
    return Result(
        "peers",
        ratios[best],
        f"throughput of the best peer, {best}",
        figures,
        {
            "model": args.model,
            "corpus": args.corpus,
            "dtype": plan.dtype,
            "tables": f"{args.tables} ({_TABLES[args.tables]})",
            "peers' dtype": args.peers_dtype or plan.dtype,
            "prompts": args.prompts,
            "rounds": args.rounds,
            **told,
        },
    )
