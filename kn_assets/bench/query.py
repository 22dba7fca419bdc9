"""`kn bench query`: how long each macro takes, at growing sizes of a made-up atlas.

The atlases have the embedded model's shape (30 layers of 1,536 neurons, 30 tokens a prompt, one
value in a hundred fires) and are written by the lake's own writer. The baseline is the same macros
over the same rows in one unsorted file, asked in turn with the sorted ones.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from kn_assets import database
from kn_assets import lake as lakes
from kn_assets.bench.result import Figure, Result
from kn_assets.lake import Lake
from kn_assets.made_up import FINGERPRINT, make_lake
from kn_assets.parquet import TableFile
from kn_assets.schema import TABLES

if TYPE_CHECKING:
    import duckdb

MODEL = "bench"
LAYERS, NEURONS, TOKENS, DENSITY = 30, 1_536, 30, 0.01
COMPARED = ("heatmap", "neuron_prompts")

QUESTIONS = {
    "heatmap": "FROM heatmap('{model}', {prompt})",
    "lens": "FROM lens('{model}', {prompt})",
    "neuron_prompts": "FROM neuron_prompts('{model}', {layer}, {neuron}, 20)",
    "neuron_sample": "FROM neuron_sample('{model}', {layer}, {neuron}, 20)",
    "attention_weighted": "FROM attention_weighted('{model}', {prompt}, {layer}, {neuron})",
    "neuron_card": "FROM neuron_card('{model}', {layer}, {neuron})",
    "prompt_neurons": "FROM prompt_neurons('{model}', {prompt}, 20)",
    "neuron_countries": "FROM neuron_countries('{model}', {layer}, {neuron})",
    "search_cities": "FROM search_cities('{word}')",
    "atlas_prompts": "FROM atlas_prompts('{model}')",
    "model_info": "FROM model_info('{model}')",
    "layer_summary": "FROM layer_summary('{model}')",
    "neuron_points": "FROM neuron_points('{model}')",
    "prompt_points": "FROM prompt_points('{model}')",
    "neurons_for_token": "FROM neurons_for_token('{model}', 'Tokyo', 20)",
    "lens_by_layer": "FROM lens_by_layer('{model}')",
    "neurons_for_country": "FROM neurons_for_country('{model}', 'Japan', 20)",
    "concept_neurons": "FROM concept_neurons('{model}', 'Japan')",
    "fact_neurons": "FROM fact_neurons('{model}', 0)",
    "model_facts": "FROM model_facts('{model}')",
}
WORDS = ["sao paulo", "łódź", "japan", "herat", "north of", "nothing like it", ""]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[1_000_000, 10_000_000],
        help="fired activations of each atlas (default: %(default)s)",
    )
    parser.add_argument("--repeats", type=int, default=40, help="times each question is asked")
    parser.add_argument("--keep", type=Path, help="folder in which the atlases stay for next time")


def run(args: argparse.Namespace) -> Result:
    """Time all questions on atlases of `args.rows` fired activations."""
    figures: dict[str, Figure] = {}
    ratio = math.nan
    with tempfile.TemporaryDirectory() as scratch:
        for rows in args.rows:
            place = (args.keep or Path(scratch)) / f"{rows}"
            lake = _atlas(place, rows)
            plain = _unsorted(lake, place / "unsorted")
            words = f"{rows / 1e6:g}M"
            figures |= _sizes(lake, words)
            figures[f"new process {words}"] = {"ms": _first_query_ms(lake)}
            times = _ask_all(lake, plain, args.repeats)
            for name, seconds in times.items():
                figures[f"{name} {words}"] = _percentiles(seconds)
            ratio = math.exp(
                statistics.fmean(
                    math.log(_p50(times[name]) / _p50(times[f"{name} unsorted"]))
                    for name in COMPARED
                )
            )
            if not args.keep:
                shutil.rmtree(place)
    return Result(
        name="query",
        ratio=ratio,
        baseline="p50 of heatmap and neuron_prompts over one unsorted file of the same rows "
        "(geometric mean, largest size)",
        figures=figures,
        settings={
            "rows": args.rows,
            "repeats": args.repeats,
            "layers": LAYERS,
            "neurons": NEURONS,
            "tokens": TOKENS,
            "density": DENSITY,
        },
    )


def _atlas(place: Path, rows: int) -> Lake:
    """The made-up atlas at `place`, made where it isn't there yet."""
    lake = Lake(place / "sorted")
    if lake.meta(lakes.model(MODEL), "atlases") is None:  # the table that is written last
        make_lake(
            lake.root,
            model=MODEL,
            n_prompts=max(2, round(rows / (LAYERS * NEURONS * TOKENS * DENSITY))),
            n_layers=LAYERS,
            n_neurons=NEURONS,
            n_tokens=TOKENS,
            n_vocabulary=5_000,
            density=DENSITY,
            top=20,
            bfloat16=True,
        )
    return lake


def _unsorted(lake: Lake, root: Path) -> Lake:
    """The same atlas with both tables of activations as one file in no order."""
    import duckdb

    plain = Lake(root)
    where = lakes.model(MODEL)
    mixed = ("activations", "activations_by_neuron")
    if plain.meta(where, mixed[1]) is not None:
        return plain
    shutil.copytree(
        lake.root,
        plain.root,
        copy_function=os.link,
        ignore=shutil.ignore_patterns(*mixed, "kn.duckdb"),
        dirs_exist_ok=True,
    )
    for name in mixed:
        columns = ", ".join(TABLES[name].names)
        with (
            duckdb.connect() as connection,
            plain.replacing(where, name, FINGERPRINT) as folder,
            TableFile(folder / "part-0.parquet", name) as file,
        ):
            reader = connection.sql(
                f"SELECT {columns} FROM read_parquet(?, hive_partitioning = false) "
                "ORDER BY hash(prompt_id, position, layer, neuron)",
                params=[str(lake.table(where, "activations") / "*.parquet")],
            ).to_arrow_reader()
            for batch in reader:
                file.write(batch)
    return plain


def _sizes(lake: Lake, words: str) -> dict[str, Figure]:
    """Bytes a row of both orders."""
    where = lakes.model(MODEL)
    found: dict[str, Figure] = {}
    for name in ("activations", "activations_by_neuron"):
        size = sum(f.stat().st_size for f in lake.files(where, name))
        meta = lake.meta(where, name)
        assert meta is not None
        found[f"{name} {words}"] = {"rows": meta["rows"], "bytes_per_row": size / meta["rows"]}
    return found


def _first_query_ms(lake: Lake) -> float:
    """Median of five whole processes which ask for one heatmap, start and end included."""
    ask = (
        "import sys; from kn_assets import query; from kn_assets.lake import Lake;"
        f"query.main_query(Lake(sys.argv[1]), \"FROM heatmap('{MODEL}', 1) LIMIT 10\")"
    )
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", ask, str(lake.root)],
            check=True,
            capture_output=True,
        )
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1e3


def _ask_all(lake: Lake, plain: Lake, repeats: int) -> dict[str, list[float]]:
    """Seconds of each question, sorted and unsorted in turn, after a few to warm up."""
    info = lake.meta(lakes.model(MODEL), "prompt_map")
    assert info is not None
    rng = random.Random(0)
    times: dict[str, list[float]] = {}
    with database.connect(lake) as ours, database.connect(plain) as theirs:
        for i in range(repeats + 3):
            for name, question in QUESTIONS.items():
                sql = question.format(
                    model=MODEL,
                    prompt=rng.randrange(info["rows"]),
                    layer=rng.randrange(LAYERS),
                    neuron=rng.randrange(NEURONS),
                    word=WORDS[i % len(WORDS)],
                )
                asked = [(name, ours)]
                if name in COMPARED:
                    asked.append((f"{name} unsorted", theirs))
                for label, connection in asked:
                    seconds = _seconds(connection, sql)
                    if i >= 3:
                        times.setdefault(label, []).append(seconds)
    return times


def _seconds(connection: duckdb.DuckDBPyConnection, sql: str) -> float:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql).fetchnumpy()
    return time.perf_counter() - started


def _p50(seconds: list[float]) -> float:
    return statistics.median(seconds)


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ranked = sorted(seconds)
    at = min(len(ranked) - 1, math.ceil(0.95 * len(ranked)) - 1)
    return {"p50_ms": _p50(ranked) * 1e3, "p95_ms": ranked[at] * 1e3}
