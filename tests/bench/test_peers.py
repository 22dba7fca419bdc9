"""`kn bench peers` with the plain script, and what it says where a library can't run."""

import argparse
import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from kn_assets.atlas.extract import extract
from kn_assets.bench import peers
from kn_assets.bench.extract import TABLES
from kn_assets.bench.peers import environments, peer
from kn_assets.bench.peers.peer import CannotRun, Peer, write_config
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.progress import Progress
from tests import forked, small


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    peers.add_arguments(parser)
    return parser.parse_args(list(words))


# No two begin alike, so that no two tokens past position 0 have the very same activations.
TEXTS = (
    "Kabul is the capital of Afghanistan, in the east of the country.",
    "Near the Atlantic Ocean lies São Paulo.",
    "With 37 million people, Tokyo (東京) is the capital of Japan.",
    "Lagos grew.",
    "Rome lies on the Tiber.",
    "Peru's capital is Lima, on the Pacific coast, which is known for its fog.",
    "Vienna, where the Danube leaves the Alps behind.",
    "Cairo",
    "42 bridges cross the river at Wrocław, an old city.",
    "Oslo is a port at the end of a long fjord.",
    "Built on islands: Stockholm.",
    "Dakar is the westernmost city of the mainland of Africa.",
)


@pytest.fixture(scope="module", autouse=True)
def scripts_of_forked_processes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        forked.put_in_place(patch, peer)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a small atlas, and what the peers are told of it.

    Thresholds are values that did occur; a hair less, and no rounding decides about them.
    """
    place = tmp_path_factory.mktemp("peers")
    cities = [{"name": f"City {i}", "text": text} for i, text in enumerate(TEXTS)]
    (place / "cities.jsonl").write_text("\n".join(json.dumps(c) for c in cities))
    request = small.request(place)
    request.corpus.make(["cities", "prompts"], Progress())
    extract(request.plan, [*TABLES, "tokens"], Progress())
    path = write_config(request.plan, place, "float32", "atlas")
    config = json.loads(path.read_text())
    config["thresholds"] = [0.99999 * t for t in config["thresholds"]]
    path.write_text(json.dumps(config))
    return place


@pytest.mark.thorough
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
    assert told["settings"]["tables"].startswith("atlas (the peers make the atlas tables of ours")
    assert told["settings"]["hooks"].startswith(version("transformers"))
    assert told["settings"]["nnsight"] == "not installed: give --install"


@pytest.fixture(scope="module")
def hooks(made: Path) -> Iterator[Peer]:
    """The plain script, which made its tables of all prompts after a round over five of them."""
    peer = Peer("hooks", Path(sys.executable), made / "config.json", made)
    try:
        peer.choose()
        assert min(peer.run(prompts=5)) > 0
        first = pq.read_table(peer.out / "activations.parquet")
        assert set(first["prompt_id"].to_pylist()) == set(range(5))
        peer.run()
        yield peer
    finally:
        peer.close()


def both(made: Path, peer: Peer, table: str, but: str = "") -> tuple[pa.Table, pa.Table]:
    """A peer's table and ours, which must agree in all whole numbers `but` one and in order."""
    plan = small.request(made).plan
    theirs, ours = pq.read_table(peer.out / f"{table}.parquet"), plan.lake.read(plan.model, table)
    assert len(theirs) == len(ours) > 0
    whole = [f.name for f in theirs.schema if pa.types.is_integer(f.type) and f.name != but]
    assert whole
    for name in whole:
        assert theirs[name].to_pylist() == ours[name].to_pylist(), name
    return theirs, ours


@pytest.mark.parametrize("table", ["activations", "activations_by_neuron"])
def test_the_plain_script_finds_what_fired(made: Path, hooks: Peer, table: str) -> None:
    """Also in shorter prompts, which are padded."""
    theirs, ours = both(made, hooks, table)
    assert set(theirs["prompt_id"].to_pylist()) >= set(range(len(TEXTS))) - {7}  # the shortest
    # The atlas keeps 13 bits of a float32's mantissa.
    np.testing.assert_allclose(theirs["activation"], ours["activation"], rtol=2**-13)


def test_the_plain_script_finds_the_same_peaks(made: Path, hooks: Peer) -> None:
    """Of positions whose values the atlas rounds to the same one, the atlas names the first."""
    theirs, ours = both(made, hooks, "neuron_peaks", but="position")
    plan = small.request(made).plan
    names = ["layer", "neuron", "prompt_id", "position"]
    fired = plan.lake.read(plan.model, "activations")
    stored = dict(zip(places(fired, names), fired["activation"].to_pylist(), strict=True))
    there = [stored[place] for place in places(theirs, names)]
    assert np.abs(there).tolist() == np.abs(ours["activation"]).tolist()
    assert np.mean(np.equal(theirs["position"], ours["position"])) > 0.99
    tokens = plan.lake.read(plan.model, "tokens")
    sinks = set(places(tokens.filter(tokens["sink"]), names[2:]))
    assert not sinks & set(places(theirs, names[2:]))


def places(table: pa.Table, names: list[str]) -> Iterator[tuple[int, ...]]:
    return zip(*(table[n].to_pylist() for n in names), strict=True)


def test_the_plain_script_finds_the_same_statistics(made: Path, hooks: Peer) -> None:
    theirs, ours = both(made, hooks, "neurons")
    assert max(theirs["n_fired"].to_pylist()) > 0
    for name in ("firing_rate", "mean", "std", "min", "max"):
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-4, atol=1e-7, err_msg=name)


def test_the_plain_script_finds_the_same_strongest_tokens(made: Path, hooks: Peer) -> None:
    theirs, ours = both(made, hooks, "neuron_top")
    assert set(theirs["rank"].to_pylist()) == set(range(1, 6))
    assert set(theirs["sign"].to_pylist()) == {-1, 1}
    # float32 itself is off by 3e-7 here (root mean square): see the next test.
    np.testing.assert_allclose(theirs["activation"], ours["activation"], rtol=1e-4, atol=1e-6)


def test_ours_are_as_near_to_float64_as_the_plain_scripts(made: Path, hooks: Peer) -> None:
    theirs, ours = both(made, hooks, "neuron_top")
    exact = in_float64(made)
    names = ["prompt_id", "layer", "position", "neuron"]
    wanted = np.array([exact[p][layer, t, n] for p, layer, t, n in places(ours, names)])
    off = [np.asarray(table["activation"]).astype(float) - wanted for table in (ours, theirs)]
    mine, plain = (np.sqrt((e**2).mean()) for e in off)
    assert 0 < mine <= 1.25 * plain
    assert np.abs(off[0]).max() <= 1.25 * np.abs(off[1]).max()


def in_float64(made: Path) -> list[np.ndarray]:
    """Each prompt's activations by plain hooks, float64 [layers, tokens, neurons]."""
    given = small.settings(made)
    model = AutoModelForCausalLM.from_pretrained(given.model, dtype=torch.float64).eval()
    tokenizer = AutoTokenizer.from_pretrained(given.model)
    seen: list[torch.Tensor] = []
    for block in model.transformer.h:
        block.mlp.c_proj.register_forward_hook(lambda _m, i, _o: seen.append(i[0][0]))
    found = []
    for text in TEXTS:
        with torch.no_grad():
            model(torch.tensor([tokenizer(text)["input_ids"][: given.tokens]]))
        found.append(torch.stack(seen).numpy())
        seen.clear()
    return found


def test_with_fired_alone_there_is_one_table(made: Path) -> None:
    place = made / "fired"
    place.mkdir()
    config = {**json.loads((made / "config.json").read_text()), "tables": "fired"}
    (place / "config.json").write_text(json.dumps(config))
    peer = Peer("hooks", Path(sys.executable), place / "config.json", place)
    try:
        peer.choose()
        peer.run()
    finally:
        peer.close()
    plan = small.request(made).plan
    assert [f.name for f in peer.out.iterdir()] == ["activations.parquet"]
    assert peers._shared(plan, [peer], 0.99) == {"hooks": 1}


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

    class Fake(Peer):
        def __init__(self) -> None:  # no process is run
            self.name, self.out = "fake", made / "fake"

    fake = Fake()
    rows = plan.lake.read(plan.model, "activations")
    fake.out.mkdir()
    pq.write_table(rows, fake.out / "activations.parquet")
    assert peers._shared(plan, [fake], 0.99) == {"fake": 1}
    pq.write_table(rows.slice(len(rows) // 50), fake.out / "activations.parquet")
    with pytest.raises(KnError, match=r"agree on 98\.\d% of the fired neurons only"):
        peers._shared(plan, [fake], 0.99)


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
