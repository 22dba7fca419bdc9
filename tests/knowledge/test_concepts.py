"""Concepts against each figure's definition, one neuron and value at a time."""

from math import comb
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from kn_assets.errors import KnError
from kn_assets.knowledge.concept_values import values_of
from kn_assets.knowledge.concepts import concepts, q_values
from kn_assets.lake.schema import KNOWLEDGE, TABLES

N = 60


def world() -> list[dict[str, Any]]:
    """60 cities in five countries of two continents; every eighth a capital, one size unknown."""
    rng = np.random.default_rng(2)
    of = ["Japan"] * 20 + ["Peru"] * 20 + ["Chad"] * 15 + ["Oman"] * 3 + ["Fiji"] * 2
    return [
        {
            "country": of[i],
            "continent": "Asia" if of[i] in ("Japan", "Oman") else "elsewhere",
            "is_capital": i % 8 == 0,
            "population": None if i == 7 else int(10 ** rng.uniform(5, 7)),
        }
        for i in range(N)
    ]


def table(peaks: list[tuple[int, int, int, float]]) -> pa.Table:
    names = ("layer", "neuron", "prompt_id", "activation")
    rows = [{**dict(zip(names, p, strict=True)), "position": 1} for p in peaks]
    return pa.Table.from_pylist(rows, schema=TABLES["neuron_peaks"].schema)


def made_up() -> list[tuple[int, int, int, float]]:
    """Neuron (0, 1) fires for Japan with either sign, (2, 0) for all, the others at random.

    Prompt ids are 100, 103, 106, ...; values are coarse, so that many are equal.
    """
    rng = np.random.default_rng(0)
    peaks = []
    for layer, neuron in ((0, 1), (0, 5), (2, 0), (2, 1), (2, 9)):
        for i in range(N):
            size = float(rng.integers(1, 5))
            if (layer, neuron) == (0, 1):
                fires = i < 18 or i == 40
            else:
                fires = neuron == 0 or rng.random() < 0.3
            if fires:
                peaks.append((layer, neuron, 100 + 3 * i, size if rng.random() < 0.5 else -size))
    return peaks


def brute(peaks: list[tuple[int, int, int, float]]) -> dict[tuple[Any, ...], dict[str, float]]:
    """Every pair by its definition; AUROC by counting pairs of prompts."""
    cities = world()
    bands = {100_000: "under 200,000", 200_000: "200,000 to 500,000"}
    bands |= {500_000: "500,000 to 1 million", 1_000_000: "1 to 5 million"}
    bands |= {5_000_000: "over 5 million"}
    told: dict[tuple[str, str], set[int]] = {}
    for i, city in enumerate(cities):
        pairs = [("country", city["country"]), ("continent", city["continent"])]
        pairs.append(("capital", "capital" if city["is_capital"] else "no capital"))
        if city["population"] is not None:
            band = max(least for least in bands if city["population"] >= least)
            pairs.append(("population", bands[band]))
        for pair in pairs:
            told.setdefault(pair, set()).add(i)
    values = {pair: inside for pair, inside in told.items() if len(inside) >= 3}
    found = {}
    for layer, neuron in sorted({p[:2] for p in peaks}):
        size = np.zeros(N)
        for at, n, prompt, value in peaks:
            if (at, n) == (layer, neuron):
                size[(prompt - 100) // 3] = abs(value)
        fired = {i for i in range(N) if size[i]}
        for (attribute, named), inside in values.items():
            k, outside = len(fired & inside), set(range(N)) - inside
            won = sum(
                (size[i] > size[j]) + (size[i] == size[j]) / 2 for i in inside for j in outside
            )
            n, total = len(inside), len(fired)
            tail = sum(comb(n, x) * comb(N - n, total - x) for x in range(k, min(n, total) + 1))
            found[layer, neuron, attribute, named] = {
                "n": n,
                "precision": k / total,
                "recall": k / n,
                "lift": k / total / (n / N),
                "auroc": won / (len(inside) * len(outside)),
                "p": tail / comb(N, total),
            }
    return found


def test_every_figure_equals_its_definition() -> None:
    peaks = made_up()
    wanted = brute(peaks)
    ids = [100 + 3 * i for i in range(N)]
    found = concepts(table(peaks), ids, world(), level=1.0)
    assert found.schema == KNOWLEDGE["neuron_concepts"].schema
    order = sorted(wanted, key=lambda key: wanted[key]["p"])
    q, least = {}, 1.0
    for rank, key in reversed(list(enumerate(order, 1))):
        least = min(least, wanted[key]["p"] * len(order) / rank)
        q[key] = least
    rows = {
        tuple(r[c] for c in ("layer", "neuron", "attribute", "value")): r for r in found.to_pylist()
    }
    assert list(rows) == sorted(rows), "in the order of the key"
    assert set(rows) == {key for key, w in wanted.items() if w["lift"] > 1 + 1e-9}
    for key, row in rows.items():
        for name in ("n", "precision", "recall", "lift", "auroc"):
            assert row[name] == pytest.approx(wanted[key][name], rel=1e-5), (key, name)
        if q[key] < 0.25:
            assert row["q_value"] == pytest.approx(q[key], rel=1e-9), key
        else:
            assert row["q_value"] >= 0.25
    assert sum(x < 0.25 for x in q.values()) >= 2


def test_only_what_is_significant_is_kept() -> None:
    peaks = made_up()
    ids = [100 + 3 * i for i in range(N)]
    found = concepts(table(peaks), ids, world()).to_pylist()
    assert {(r["layer"], r["neuron"], r["value"]) for r in found} >= {
        (0, 1, "Japan"),
        (0, 1, "Asia"),
    }
    assert all(r["q_value"] <= 0.05 and r["lift"] > 1 for r in found)
    (japan,) = [r for r in found if r["value"] == "Japan"]
    assert (japan["n"], japan["recall"]) == (20, pytest.approx(0.9))
    assert japan["precision"] == pytest.approx(18 / 19)


def test_noise_gives_nothing() -> None:
    """500 neurons that fire at random: at a false-discovery rate of 5 % hardly one is about any."""
    rng = np.random.default_rng(4)
    fires = rng.random((500, N)) < 0.2
    peaks = [(0, int(n), int(p), float(rng.normal())) for n, p in np.argwhere(fires)]
    assert concepts(table(peaks), list(range(N)), world()).num_rows <= 2


def test_order_of_prompts_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = made_up()
    ids = [100 + 3 * i for i in range(N)]
    whole = concepts(table(peaks), ids, world(), level=1.0)
    turned = concepts(table(peaks[::-1]), ids[::-1], world()[::-1], level=1.0)
    assert turned.equals(whole)
    monkeypatch.setattr("kn_assets.knowledge.concepts._NEURONS", 2)
    assert concepts(table(peaks), ids, world(), level=1.0).equals(whole)


def test_values_that_say_nothing_are_left_out() -> None:
    found = values_of([{**c, "continent": "Asia"} for c in world()])
    assert ("continent", "Asia") not in set(zip(found.attributes, found.values, strict=True))
    assert "Fiji" not in found.values and "Oman" in found.values
    assert found.member.shape == (N, len(found.values))
    bare = dict.fromkeys(("country", "continent", "is_capital", "population"))
    assert values_of([bare] * 9).values == []


def test_empty_and_foreign_peaks() -> None:
    ids = [100 + 3 * i for i in range(N)]
    assert concepts(table([]), ids, world()).num_rows == 0
    for prompt in (101, 999):
        with pytest.raises(KnError, match="prompts that are not in the atlas"):
            concepts(table([(0, 0, prompt, 1.0)]), ids, world())


def test_benjamini_hochberg() -> None:
    """The worked example of their paper: 15 tests, of which 4 are rejected at 5 %."""
    small = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p = np.array([*small, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0])
    q = q_values(p[::-1], 15)[::-1]
    assert (q <= 0.05).tolist() == [True] * 4 + [False] * 11
    assert q[0] == pytest.approx(0.0015) and q[3] == pytest.approx(0.0095 * 15 / 4)
    np.testing.assert_allclose(q_values(p[:9], 15), q[:9])
