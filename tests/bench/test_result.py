"""How a benchmark's result is shown: to people, to machines, and in the page of benchmarks."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

from kn_assets.bench.result import Result
from kn_assets.cli import parser

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text(encoding="utf-8")
RESULT = Result(
    name="thing",
    ratio=1.2345,
    baseline="the other | thing",
    figures={"rows": 12, "wall": {"p50_ms": 1.5, "p95_ms": 2.25}},
    settings={"prompts": 100, "dtype": "float32"},
)


def test_json_holds_everything() -> None:
    told = json.loads(RESULT.to_json())
    assert told["ratio"] == 1.2345
    assert told["figures"] == {"rows": 12, "wall": {"p50_ms": 1.5, "p95_ms": 2.25}}
    assert told["machine"]["cores"] >= 1


def test_a_row_fits_the_table_of_the_page() -> None:
    (heading,) = re.findall(r"^\| benchmark .*\|$", PAGE, re.M)
    row = RESULT.to_markdown()
    cells = re.split(r"(?<!\\)\|", row)
    assert len(cells) == len(heading.split("|"))
    assert cells[2].strip() == "1.23 × the other \\| thing"
    assert cells[3].strip() == "rows: 12<br>wall: p50_ms 1.5, p95_ms 2.25"
    assert cells[4].strip() == "prompts 100, dtype float32"
    assert re.fullmatch(r" 20\d\d-\d\d-\d\d ", cells[5])


def test_the_page_tells_of_every_benchmark() -> None:
    assert len(parser.bench_names()) > 5
    for name in parser.bench_names():
        assert re.search(rf"^\| `kn bench {name}`", PAGE, re.M), name


def test_a_ratio_that_was_not_measured_is_no_number() -> None:
    alone = replace(RESULT, ratio=math.nan)
    assert json.loads(alone.to_json())["ratio"] is None
    for told in (str(alone), alone.to_markdown()):
        assert "nan" not in told and "not compared with" in told
