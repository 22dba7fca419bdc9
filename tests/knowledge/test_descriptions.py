"""Descriptions by rule on made-up firings: planted rules are found, and none where none is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binom, binomtest

from kn_assets.knowledge.concept_values import values_of
from kn_assets.knowledge.descriptions.table import descriptions, held_out
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

SCHEMA = TABLES["neuron_descriptions"].schema
Fired = dict[tuple[int, int], list[tuple[int, int, float]]]
"""(layer, neuron) -> prompt, position, activation."""


def tokens_of(texts: list[list[str]], sinks: Collection[tuple[int, int]] = ()) -> pa.Table:
    vocabulary = {w: i for i, w in enumerate(sorted({w for text in texts for w in text}))}
    rows = [
        {
            "prompt_id": 10 * p,  # ids have gaps
            "position": t,
            "token_id": vocabulary[word],
            "token": word,
            "sink": (p, t) in sinks,
        }
        for p, text in enumerate(texts)
        for t, word in enumerate(text)
    ]
    return pa.Table.from_pylist(rows, TABLES["tokens"].schema)


def described(
    texts: list[list[str]],
    fired: Fired,
    cities: list[dict[str, Any]] | None = None,
    seed: int = 0,
    sinks: Collection[tuple[int, int]] = (),
    n_neurons: int = 0,
) -> list[dict[str, Any]]:
    n = n_neurons or max(neuron for _, neuron in fired) + 1
    layers = []
    for layer in sorted({layer for layer, _ in fired}):
        rows = [
            (neuron, 10 * p, t, np.sign(a))
            for (of, neuron), some in sorted(fired.items())
            if of == layer
            for p, t, a in sorted(some)
        ]
        columns = [np.array(c).astype(int) for c in zip(*rows, strict=True)]
        layers.append((layer, *columns))
    values = None if cities is None else values_of(cities)
    table = descriptions(
        tokens_of(texts, sinks), values, layers, (len(layers), n), seed, Progress()
    )
    assert table.schema == SCHEMA
    keys = [(r["layer"], r["neuron"], -r["sign"], r["rank"]) for r in table.to_pylist()]
    assert keys == sorted(set(keys))
    return table.to_pylist()


WORDS = ["the", " city", " of", " Japan", " is", " in", " France", " old", ",", " big"]


def random_texts(n: int, length: int = 12, seed: int = 1) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[WORDS[i] for i in rng.integers(len(WORDS), size=length)] for _ in range(n)]


def at(texts: list[list[str]], word: str, shift: int = 0) -> list[tuple[int, int, float]]:
    """Firings at the tokens from which `word` stands `shift` further."""
    return [
        (p, t, 1.0)
        for p, text in enumerate(texts)
        for t in range(len(text))
        if 0 <= t + shift < len(text) and text[t + shift] == word
    ]


def test_a_planted_token_is_found_with_figures_by_hand() -> None:
    """Ten prompts of 4 tokens: it fires at " Japan", in all prompts but a held-out one."""
    texts = [["the", " city", " Japan", " is"] for _ in range(10)]
    out = np.flatnonzero(held_out(10, seed=0)).tolist()
    assert len(out) == 5
    fired = [f for f in at(texts, " Japan") if f[0] != out[0]]
    (best, *others) = described(texts, {(0, 0): fired})
    assert (best["kind"], best["terms"], best["rank"]) == ("token", [" Japan"], 1)
    assert best["rule"] == "at “ Japan”"
    assert (best["n_chosen"], best["n"], best["n_fired"], best["n_both"]) == (5, 5, 4, 4)
    assert best["n_held_out"] == 20
    assert (best["precision"], best["recall"]) == (pytest.approx(0.8), 1.0)
    assert best["base_rate"] == pytest.approx(0.2)
    interval = binomtest(4, 5).proportion_ci(method="wilson")
    assert (best["precision_low"], best["precision_high"]) == pytest.approx(
        (interval.low, interval.high)
    )
    assert best["phi"] == 1
    assert {r["kind"] for r in others} <= {"2-gram", "3-gram", "after", "before"}


@pytest.mark.parametrize(
    ("shift", "kind", "rule", "known"),
    [
        # of the last token nobody knows what follows
        (1, "before", "right before “ Japan”", 11),
        (-1, "after", "right after “ Japan”", 12),
    ],
)
def test_what_follows_or_stands_before_is_found(
    shift: int, kind: str, rule: str, known: int
) -> None:
    texts = random_texts(60)
    best = described(texts, {(0, 0): at(texts, " Japan", shift)})[0]
    assert (best["kind"], best["rule"]) == (kind, rule)
    assert best["precision"] == best["recall"] == 1
    assert best["n_held_out"] == 30 * known


def test_an_ngram_is_found_where_its_last_token_alone_says_less() -> None:
    texts = random_texts(300)
    two = [
        (p, t, 1.0)
        for p, text in enumerate(texts)
        for t in range(1, len(text))
        if text[t - 1 : t + 1] == [" of", " Japan"]
    ]
    three = [(p, t, -1.0) for p, t, _ in two if t > 1 and texts[p][t - 2] == " city"]
    rows = described(texts, {(0, 0): two, (0, 1): three})
    first = next(r for r in rows if r["neuron"] == 0 and r["rank"] == 1)
    assert (first["kind"], first["rule"]) == ("2-gram", "at the end of “ of Japan”")
    second = next(r for r in rows if r["neuron"] == 1 and r["rank"] == 1)
    assert (second["kind"], second["sign"]) == ("3-gram", -1)
    assert second["terms"] == [" city of Japan"]


def test_a_rule_names_several_tokens_most_precise_first() -> None:
    texts = random_texts(200)
    france = at(texts, " France")
    japan = [f for i, f in enumerate(at(texts, " Japan")) if i % 4]
    best = described(texts, {(0, 0): france + japan})[0]
    assert (best["kind"], best["terms"]) == ("token", [" France", " Japan"])
    assert best["rule"] == "at “ France” or “ Japan”"
    assert best["recall"] == 1


def test_the_halves_are_described_apart() -> None:
    texts = random_texts(60)
    negative = [(p, t, -a) for p, t, a in at(texts, " France")]
    rows = described(texts, {(0, 0): at(texts, " Japan") + negative})
    rules = {r["sign"]: r["rule"] for r in rows if r["rank"] == 1}
    assert rules == {1: "at “ Japan”", -1: "at “ France”"}


def test_a_concept_is_told_by_its_prompts() -> None:
    """It fires at some token of each prompt about Japan, at a different one each time."""
    rng = np.random.default_rng(3)
    texts = random_texts(90)
    names = ["Japan", "Peru", "Italy"]
    cities = [
        {"country": names[p % 3], "continent": None, "is_capital": None, "population": None}
        for p in range(90)
    ]
    fired = [(p, int(rng.integers(12)), 1.0) for p in range(0, 90, 3)]
    best = described(texts, {(0, 0): fired}, cities)[0]
    assert (best["kind"], best["rule"]) == ("country", "in prompts about Japan")
    out = held_out(90, 0)
    n = int(out[::3].sum())
    assert (best["n"], best["n_both"], best["n_fired"], best["n_held_out"]) == (n, n, n, 45)


def test_at_random_labels_hardly_any_neuron_has_a_rule() -> None:
    rng = np.random.default_rng(5)
    texts = random_texts(200)
    cities = [
        {"country": f"c{p % 7}", "continent": f"k{p % 3}", "is_capital": p % 5 == 0,
         "population": 10 ** (3 + p % 5)}
        for p in range(200)
    ]  # fmt: skip
    fired: Fired = {}
    for neuron in range(400):
        rate = 10 ** rng.uniform(-2.7, -0.3)
        hit = np.argwhere(rng.random((200, 12)) < rate)
        fired[0, neuron] = [(int(p), int(t), float(rng.choice([-1, 1]))) for p, t in hit]
    rows = described(texts, fired, cities)
    halves = {(r["neuron"], r["sign"]) for r in rows}
    ruled = {(r["neuron"], r["sign"]) for r in rows if r["kind"] != "none"}
    assert len(halves) > 700
    assert len(ruled) <= 0.03 * len(halves)
    unruled = [r for r in rows if r["kind"] == "none"]
    assert len(unruled) == len(halves - ruled)
    told = {(r["rule"], tuple(r["terms"]), r["rank"]) for r in unruled}
    assert told == {("no rule found", (), 1)}
    assert {(r["precision"], r["recall"], r["n"]) for r in unruled} == {(None, None, None)}


def test_every_figure_is_of_the_held_out_prompts_alone() -> None:
    """Against plain loops, at firings that rules describe in part."""
    rng = np.random.default_rng(7)
    texts = random_texts(80)
    sinks = {(p, 0) for p in range(0, 80, 2)}
    fired: Fired = {}
    for neuron in range(12):
        word = WORDS[neuron % len(WORDS)]
        some = [f for f in at(texts, word, int(rng.integers(-1, 2))) if rng.random() < 0.7]
        noise = [(int(p), int(t), 1.0) for p, t in np.argwhere(rng.random((80, 12)) < 0.02)]
        fired[0, neuron] = sorted({(p, t): (p, t, a) for p, t, a in some + noise}.values())
    out = held_out(80, 4)
    rows = [r for r in described(texts, fired, seed=4, sinks=sinks) if r["kind"] != "none"]
    assert {r["kind"] for r in rows} >= {"token", "after", "before"}
    shifts = {
        "token": (0,),
        "after": (-1,),
        "before": (1,),
        "2-gram": (-1, 0),
        "3-gram": (-2, -1, 0),
    }
    for r in rows:
        hits = {(p, t) for p, t, _ in fired[0, r["neuron"]]}
        n = n_fired = n_both = total = 0
        for p in np.flatnonzero(out).tolist():
            text = texts[p]
            for t in range(len(text)):
                where = [t + s for s in shifts[r["kind"]]]
                if (p, t) in sinks or (r["kind"] == "before" and t + 1 == len(text)):
                    continue
                named = min(where) >= 0 and "".join(text[w] for w in where) in r["terms"]
                total += 1
                n += named
                n_fired += (p, t) in hits
                n_both += named and (p, t) in hits
        assert (r["n"], r["n_fired"], r["n_both"], r["n_held_out"]) == (n, n_fired, n_both, total)
        assert r["precision"] == pytest.approx(n_both / n)
        assert r["recall"] == pytest.approx(n_both / n_fired)
        assert r["base_rate"] == pytest.approx(n_fired / total)
        assert r["precision_low"] > r["base_rate"]
        assert r["q_value"] >= binom.sf(n_both - 1, n, n_fired / total) * (1 - 1e-9)


def test_rules_are_chosen_without_a_look_at_the_held_out_prompts() -> None:
    texts = random_texts(80)
    out = held_out(80, 0)
    whole = at(texts, " Japan") + at(texts, " of", 1)
    chosen_alone = [f for f in whole if not out[f[0]]]
    # In the held-out prompts it fires at something else as well.
    other = (
        chosen_alone + [f for f in whole if out[f[0]]] + [f for f in at(texts, ",") if out[f[0]]]
    )

    def told(fired: list[tuple[int, int, float]]) -> list[Any]:
        unique = sorted({(p, t): (p, t, a) for p, t, a in fired}.values())
        rows = described(texts, {(0, 0): unique})
        return [(r["kind"], r["terms"], r["phi"], r["n_chosen"]) for r in rows]

    assert told(whole)
    assert set(map(str, told(other))) <= set(map(str, told(whole)))


def test_half_of_the_prompts_are_held_out_the_same_each_time() -> None:
    for n in (0, 1, 7, 600):
        assert held_out(n, 3).sum() == n // 2
        assert (held_out(n, 3) == held_out(n, 3)).all()
    assert (held_out(600, 3) != held_out(600, 4)).any()


def test_firings_in_chosen_prompts_alone_cant_be_checked() -> None:
    texts = random_texts(40)
    out = held_out(40, 0)
    fired = [f for f in at(texts, " Japan") if not out[f[0]]]
    (row,) = described(texts, {(0, 0): fired})
    assert (row["kind"], row["n_fired"]) == ("none", 0)


def test_at_most_three_rules_are_told_of_a_half() -> None:
    texts = random_texts(200)
    rows = described(texts, {(0, 0): at(texts, " Japan")})
    assert [r["rank"] for r in rows] == [1, 2, 3]
    phis = [r["phi"] for r in rows]
    assert phis == sorted(phis, reverse=True)


def test_a_rule_is_searched_by_the_words_that_sql_finds() -> None:
    import duckdb

    from kn_assets.database.sql_files import definitions
    from kn_assets.knowledge.descriptions.words import rule, searched

    rules = [
        rule("token", [" France", "ção", "\n", "Łódź"]),
        rule("2-gram", ["'s capital", "Côte d'Ivoire", "x_y"]),
        rule("country", ["São Tomé and Príncipe"]),
        rule("before", [" 東京", " 30"]),
        rule("population", ["1 to 5 million"]),
        rule("capital", ["no capital"]),
        rule("none", []),
    ]
    with duckdb.connect() as connection:
        for definition in definitions({"spaced"}):
            connection.execute(definition.statement)
        told = [connection.execute("SELECT spaced($1)", [words]).fetchall() for words in rules]
    assert told == [[(searched(words),)] for words in rules]
