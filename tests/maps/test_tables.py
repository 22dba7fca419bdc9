"""Maps as assets: their quality is told, and their progress shows in the terminal and the log."""

import json
from pathlib import Path

import dagster as dg
import pytest

from kn_assets.launch.run import dagster_home, run
from tests import small


def test_maps_tell_of_their_quality_and_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    request = small.request(tmp_path)
    run(request)
    terminal = capfd.readouterr().err
    dagster_home(request.lake)
    with dg.DagsterInstance.get() as instance:
        entries = [e for r in instance.get_runs() for e in instance.all_logs(r.run_id)]
    logged = [entry.user_message for entry in entries]
    told = {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata
        for entry in entries
        if (event := entry.dagster_event) is not None
        and event.event_type_value == "ASSET_MATERIALIZATION"
        and event.asset_key is not None
    }
    for table, title in (("neuron_map", "neuron map"), ("prompt_map", "prompt map")):
        line = f"{title}: 750/750 iterations"
        assert any(message.startswith(line) for message in logged)
        assert line in terminal
        preserved = told[table]["knn_preservation"].value
        assert isinstance(preserved, float) and 0 < preserved <= 1
        assert told[table]["kl_divergence"].value is not None
        labels = request.lake.read(request.plan.model, table, ["cluster"])["cluster"].to_numpy()
        assert told[table]["clusters"].value == labels.max() + 1
        assert -0.5 <= told[table]["modularity"].value < 1
    assert told["map_clusters"]["dagster/row_count"].value == request.plan.rows("map_clusters")
    # Maps as they were written before clusters came from the graph, without a version:
    assert request.stale_atlas() == []
    maps = ["neuron_map", "prompt_map", "map_clusters"]
    for table in maps:
        note = request.lake.table(request.plan.model, table) / "_table.json"
        older = {k: v for k, v in json.loads(note.read_text()).items() if k != "version"}
        note.write_text(json.dumps(older))
    assert request.stale_atlas() == maps
    request.plan.check_same()  # what else there is stays as it is
