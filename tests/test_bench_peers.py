"""`kn bench peers` with the plain script, and what it says where a library can't run."""

import argparse
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from kn_assets.atlas.extract import extract
from kn_assets.bench import peers
from kn_assets.bench.extract import TABLES
from kn_assets.bench.peers import environments
from kn_assets.bench.peers.peer import CannotRun, Peer, write_config
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.progress import Progress
from tests import small


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    peers.add_arguments(parser)
    return parser.parse_args(list(words))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a small atlas, and what the peers are told of it.

    Thresholds are values that did occur; a hair less, and no rounding decides about them.
    """
    place = tmp_path_factory.mktemp("peers")
    request = small.request(place)
    request.corpus.make("cities", Progress())
    request.corpus.make("prompts", Progress())
    extract(request.plan, TABLES, Progress())
    path = write_config(request.plan, place, "float32")
    config = json.loads(path.read_text())
    config["thresholds"] = [0.9999 * t for t in config["thresholds"]]
    path.write_text(json.dumps(config))
    return place


def test_result(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KN_DATA", str(made / "lake"))
    given = small.settings(made)
    result = peers.run(
        arguments(
            *("--corpus", given.corpus, "--model", given.model, "--dtype", "float32"),
            *("--peers", "hooks", "nnsight", "--rounds", "2"),
        )
    )
    told = json.loads(result.to_json())
    assert told["baseline"] == "throughput of the best peer, hooks"
    hooks = told["figures"]["hooks"]
    assert 0.99 < hooks["rows shared"] <= 1
    assert told["ratio"] == hooks["ratio"] > 0
    assert told["figures"]["rows"] > 100
    assert told["settings"]["hooks"].startswith(version("transformers"))
    assert told["settings"]["nnsight"] == "not installed: give --install"


def test_the_plain_script_finds_the_same_values(made: Path) -> None:
    """Also of shorter prompts, which are padded, and for the first prompts alone."""
    with_prompts = json.loads((made / "config.json").read_text())["n_prompts"]
    peer = Peer("hooks", Path(sys.executable), made / "config.json", made)
    try:
        peer.choose()
        assert min(peer.run(prompts=5)) > 0
        first = pq.read_table(peer.out)
        peer.run()
        found = pq.read_table(peer.out)
    finally:
        peer.close()
    names = ["prompt_id", "position", "layer", "neuron"]
    assert set(first["prompt_id"].to_pylist()) == set(range(5))
    plan = small.request(made).plan
    wanted = plan.lake.read(plan.model, "activations")
    ordered = found.sort_by([(n, "ascending") for n in names])
    assert len(set(found["prompt_id"].to_pylist())) == with_prompts
    for name in names:
        assert ordered[name].to_pylist() == wanted[name].to_pylist()
    # The atlas keeps 13 bits of a float32's mantissa.
    np.testing.assert_allclose(
        ordered["activation"].to_numpy(), wanted["activation"].to_numpy(), rtol=2**-13
    )


def test_a_library_that_is_missing_is_told_of(made: Path) -> None:
    peer = Peer("nnsight", Path(sys.executable), made / "config.json", made)
    try:
        with pytest.raises(CannotRun, match="No module named 'nnsight'"):
            peer.choose()
    finally:
        peer.close()


def test_different_work_is_no_comparison(made: Path) -> None:
    """A peer whose table lacks two rows in a hundred."""
    plan = small.request(made).plan

    class Fake:
        name, out = "fake", made / "fake.parquet"

    rows = plan.lake.read(plan.model, "activations")
    pq.write_table(rows, Fake.out)
    assert peers._shared(plan, [Fake], 0.99) == {"fake": 1}
    pq.write_table(rows.slice(len(rows) // 50), Fake.out)
    with pytest.raises(KnError, match=r"agree on 98\.\d% of the fired neurons only"):
        peers._shared(plan, [Fake], 0.99)


def test_without_a_package_index_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    lake = Lake(tmp_path)
    with pytest.raises(KnError) as e:
        environments.install(lake, "nnsight", Progress())
    assert "\n" not in str(e.value)
    assert "can't install nnsight" in str(e.value)
    assert "check that a package index can be reached" in str(e.value)
    assert environments.python_of(lake, "nnsight") is None
    assert environments.python_of(lake, "hooks") == Path(sys.executable)
