"""The jobs that judge a prompt's neurons by a target, and tell what one of them reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kn_assets.lake import Lake
from tests.ui.asking import finished
from ui.api import Api
from ui.context import Context
from ui.explore.tab import TAB
from ui.pack import unpack
from ui.runs.limits import LiveLimits

KEY = "tiny"
NEXT = {"kind": "next"}


@pytest.fixture(scope="module")
def api(live_lake: Lake) -> Iterator[Api]:
    api = Api(Context(live_lake, live_limits=LiveLimits(seconds=120)), (TAB,))
    yield api
    api.context.close()


def told(api: Api, job: str, **arguments: Any) -> dict[str, Any]:
    state = finished(api, job, model=KEY, **arguments)
    assert state["state"] == "done", state
    result: dict[str, Any] = state["result"]
    return result


def fired_rows(shown: dict[str, Any]) -> list[tuple[int, int, int]]:
    """(position, layer, neuron) of a prompt's fired neurons, in the page's order."""
    offsets, neurons = (unpack(shown["fired"][name]) for name in ("offsets", "neuron"))
    return [
        (*divmod(place, shown["n_layers"]), int(neuron))
        for place in range(len(offsets) - 1)
        for neuron in neurons[offsets[place] : offsets[place + 1]]
    ]


def check_fired(api: Api, shown: dict[str, Any], of: dict[str, Any]) -> None:
    """The contributions line up with the page's fired neurons: by the notebook's arrays."""
    from kn_assets.atlas.lazy_lens import prompt_of
    from kn_assets.live.direct import LiveDirect
    from kn_assets.progress import Progress

    live = LiveDirect.of(api.context.database.lake, KEY, Progress())
    ids = (
        live._ids({"text": of["text"], "longest": None})
        if "text" in of
        else prompt_of(live.lake, live.atlas, of["prompt"]).ids
    )
    wanted = live.contributions(ids, {"kind": "answer"}, None, Progress()).neurons
    found = told(api, "target", target={"kind": "answer"}, against=None, **of)
    rows = fired_rows(shown)
    assert len(rows) > 50
    np.testing.assert_allclose(unpack(found["fired"]), [wanted[row] for row in rows], atol=1e-5)


def test_fired_lines_up_with_the_page(api: Api) -> None:
    shown = json.loads(api.ask("prompt", {"model": KEY, "prompt": 3}))
    check_fired(api, shown, {"prompt": 3})


def test_so_it_does_for_a_text(api: Api) -> None:
    text = "Lima is the capital of Peru, it is well known"
    check_fired(api, told(api, "text", text=text)["prompt"], {"text": text})


def test_all_arrays_are_there(api: Api) -> None:
    shown = json.loads(api.ask("prompt", {"model": KEY, "prompt": 2}))
    found = told(api, "target", prompt=2, target=NEXT, against=None)
    n, layers, heads = len(shown["tokens"]), shown["n_layers"], found["n_heads"]
    assert heads == json.loads(api.ask("heads", {"model": KEY}))["n"]
    assert [w for w in found["target_words"][:-1] if w.isascii()] == [
        w for w in shown["tokens"][1:] if w.isascii() and w
    ]
    assert found["target_words"][-1] is None
    assert found["target_ids"][-1] == -1
    assert found["against_words"] is None
    sizes = {name: len(unpack(v)) for name, v in found.items() if isinstance(v, dict)}
    each = dict.fromkeys(
        ("logit", "probability", "rank", "text_log_probability", "embedding", "biases"), n
    )
    by_layer = dict.fromkeys(("lens_rank", "lens_probability", "mlp", "attention"), n * layers)
    counts = {"heads": n * layers * heads, "fired": len(fired_rows(shown))}
    assert sizes == {**each, **by_layer, **counts}
    parts = {name: unpack(found[name]).reshape(n, -1).sum(1) for name in ("mlp", "attention")}
    parts |= {name: unpack(found[name]) for name in ("embedding", "biases")}
    np.testing.assert_allclose(sum(parts.values()), unpack(found["logit"]), atol=1e-4)
    # In float32 and without bfloat16's rounding the atlas has the same lens.
    stored = unpack(shown["lens"]["next_rank"])
    np.testing.assert_array_equal(unpack(found["lens_rank"]), stored)
    p = unpack(shown["lens"]["next_probability"])
    np.testing.assert_allclose(unpack(found["lens_probability"]), p, atol=1e-4)
    quick = told(api, "target", prompt=2, target=NEXT, lens=False)
    assert quick == {**found, "lens_rank": None, "lens_probability": None}


def test_reads(api: Api) -> None:
    where = {"layer": 1, "neuron": 4, "position": 5}
    found = told(api, "reads", prompt=2, **where)
    (part,) = found["parts"]
    whole = part["own"] + part["biases"] + sum(part["sources"])
    assert whole == pytest.approx(part["value"], abs=1e-4)
    assert len(part["heads"]) == json.loads(api.ask("heads", {"model": KEY}))["n"]
    assert {len(row) for row in part["heads"]} == {len(part["sources"])} == {6}
    other = told(api, "reads", prompt=2, target={"kind": "token", "id": 4}, **where)
    assert other["parts"] == found["parts"]
    assert other["later"] != found["later"]
    of_text = told(api, "reads", text="Lima is the capital of Peru", **where)
    assert len(of_text["parts"][0]["sources"]) == 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"prompt": 2, "target": {"kind": "other"}}, "kind must be one of next, answer, token"),
        ({"prompt": 2, "target": "France"}, "target must name a kind"),
        ({"prompt": 2, "target": {"kind": "token", "id": "4"}}, "id must be a whole number"),
        ({"prompt": 2, "target": {"kind": "token", "id": 1 << 20}}, "from 0 to 299"),
        ({"prompt": 2, "target": {"kind": "token", "token": "Kabul is"}}, "is 3 tokens of this"),
        ({"prompt": 2, "target": NEXT, "against": NEXT}, "held against"),
        ({"prompt": 2, "target": NEXT, "lens": 1}, "lens must be true or false"),
        ({"prompt": 999, "target": NEXT}, "no prompt 999"),
        ({"prompt": "2", "target": NEXT}, "prompt must be a whole number"),
        ({"text": " ", "target": NEXT}, "there is no text"),
    ],
)
def test_bad_questions_are_told(api: Api, arguments: dict[str, Any], words: str) -> None:
    assert words in finished(api, "target", model=KEY, **arguments)["error"]
    where = {"layer": 1, "neuron": 4, "position": 99}
    assert "no position 99" in finished(api, "reads", model=KEY, prompt=2, **where)["error"]
