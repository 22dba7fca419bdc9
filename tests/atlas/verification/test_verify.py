"""An atlas is held against plain passes: one that was made well holds, each spoilt table shows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.verification.verify import Report, verify
from kn_assets.cli import parser
from kn_assets.errors import KnError
from kn_assets.progress import Progress
from tests.atlas.test_extract import made_plan

Change = Callable[[pa.Table], pa.Table]


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def plan(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    plan = made_plan(tmp_path_factory.mktemp("verify"), request.param, tokens=20, density=0.1)
    extract(plan, NEEDS, Progress())
    return plan


def beyond(report: Report) -> list[str]:
    return [line.quantity for line in report.lines if not line.holds]


def test_a_sound_atlas_is_within_its_bounds(plan: AtlasPlan) -> None:
    report = verify(plan, Progress(), 9)
    assert beyond(report) == []
    assert report.holds
    assert len(report.lines) == 9 and not report.without
    assert report.deviations.n_prompts == 9
    assert len(str(report).splitlines()) < 20
    again = verify(plan, Progress(), 9)
    assert str(again) == str(report)
    other = verify(plan, Progress(), 9, seed=1)
    assert other.deviations.n_tokens != report.deviations.n_tokens
    assert verify(plan, Progress(), 1000).deviations.n_prompts == 24


def column(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Change:
    def how(table: pa.Table) -> pa.Table:
        at = table.schema.get_field_index(name)
        values = change(table[name].to_numpy(zero_copy_only=False).copy())
        return table.set_column(
            at, table.schema.field(at), pa.array(values.astype(table[name].type.to_pandas_dtype()))
        )

    return how


@pytest.mark.parametrize(
    ("table", "change", "told"),
    [
        ("activations", column("activation", lambda a: a * 1.01), "activations, relative, median"),
        ("activations", lambda t: t.filter(np.arange(len(t)) % 50 > 0), "fired sets, Jaccard"),
        ("tokens", column("sink", lambda s: ~s), "tokens that are sinks in one alone"),
        ("logit_lens", column("probability", lambda p: p + 0.01), "lens, probabilities, p99"),
        (
            "logit_lens",
            column("token_id", lambda i: np.where(np.arange(len(i)) % 5, i, i[4])),
            "lens, same likeliest token, share",
        ),
        (
            "logit_lens",
            column("next_rank", lambda r: np.nan_to_num(r, nan=1) + 100),
            "lens, rank of the next token, relative, median",
        ),
        ("attention", column("weight", lambda w: w * 0.99), "attention, largest"),
    ],
)
def test_each_spoilt_table_shows(plan: AtlasPlan, table: str, change: Change, told: str) -> None:
    kept = plan.lake.read(plan.model, table)
    fingerprint = plan.fingerprint(table)
    try:
        plan.lake.write(plan.model, table, change(kept), fingerprint)
        report = verify(plan, Progress(), 6)
    finally:
        plan.lake.write(plan.model, table, kept, fingerprint)
    assert told in beyond(report)
    assert not report.holds
    assert "BEYOND ITS BOUND" in str(report)


def test_the_command_tells_and_fails_where_the_atlas_does(
    plan: AtlasPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--data", str(plan.lake.root), "verify", "--model", plan.settings.model]
    assert parser.main([*asked, "--prompts", "4"]) == 0
    assert "within its bounds" in capsys.readouterr().out
    kept = plan.lake.read(plan.model, "activations")
    doubled = column("activation", lambda a: 2 * a)(kept)
    plan.lake.write(plan.model, "activations", doubled, plan.fingerprint("activations"))
    try:
        assert parser.main([*asked, "--prompts", "4"]) == 1
    finally:
        plan.lake.write(plan.model, "activations", kept, plan.fingerprint("activations"))
    assert "beyond its bounds" in capsys.readouterr().out
    assert parser.main([*asked, "--prompts", "0"]) == 1
    assert capsys.readouterr().err == "kn: --prompts must be at least 1\n"


def test_what_the_atlas_lacks_is_said(tmp_path: Path) -> None:
    plan = made_plan(tmp_path, "gpt2", tokens=20, density=0.1)
    extract(plan, ["atlases", "thresholds", "tokens"], Progress())
    with pytest.raises(KnError, match=r"has no table activations: `kn run` makes it"):
        verify(plan, Progress())
    extract(plan, ["activations"], Progress())
    report = verify(plan, Progress(), 3)
    assert report.without == ["logit_lens", "attention"]
    assert report.holds
