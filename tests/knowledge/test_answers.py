"""Questions and answers: which token tells an object, and how likely a model holds it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import torch

from kn_assets.atlas.forward.tokens import vocabulary
from kn_assets.errors import KnError
from kn_assets.knowledge import answers, facts, questions
from kn_assets.knowledge.facts import Fact
from kn_assets.knowledge.questions import JOINED, NO_DISTINGUISHING_TOKEN, TOO_LONG
from kn_assets.lake import Lake
from kn_assets.lake.schema import KNOWLEDGE
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from tests.models import tiny

WORLD = (
    ("Seoul", "South Korea"),
    ("Pyongyang", "North Korea"),
    ("Durban", "South Africa"),
    ("Juba", "South Sudan"),
    ("Bissau", "Guinea-Bissau"),
    ("Conakry", "Guinea"),
    ("Kabul", "Afghanistan"),
    ("Herat", "Afghanistan"),
)


def tables(*pairs: tuple[str, str]) -> tuple[pa.Table, pa.Table]:
    return facts.tables(
        [Fact("city-country", s, o, (f"{s} is in", f"The city of {s} is in")) for s, o in pairs]
    )


class Words:
    """A tokenizer whose tokens are words, a space before each its own: " Korea", "-", "Bissau"."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}

    def __call__(self, texts: list[str]) -> dict[str, list[list[int]]]:
        import re

        cut = [re.findall(r" ?\w+|[^\w ]", text) for text in texts]
        return {"input_ids": [[self.ids.setdefault(t, len(self.ids)) for t in c] for c in cut]}

    def text(self, ids: tuple[int, ...]) -> str:
        names = {i: t for t, i in self.ids.items()}
        return "".join(names[i] for i in ids)


def test_the_first_token_that_tells_it_apart() -> None:
    words = Words()
    found = questions.ask(words, *tables(*WORLD))
    told = {words.text(q.ids): (words.text((q.answer,)), q.n_prefix) for q in found.asked}
    assert told["Seoul is in South"] == (" Korea", 1)
    assert told["The city of Seoul is in South"] == (" Korea", 1)
    assert told["Pyongyang is in"] == (" North", 0)
    assert told["Durban is in South"] == (" Africa", 1)
    assert told["Bissau is in Guinea"] == ("-", 1)
    assert told["Kabul is in"] == told["Herat is in"] == (" Afghanistan", 0)
    assert not any("Conakry" in prompt for prompt in told)
    assert found.left_out == {NO_DISTINGUISHING_TOKEN: 2}
    assert [(q.fact_id, q.prompt) for q in found.asked] == [
        (i, j) for i in range(8) if i != 5 for j in range(2)
    ]


def test_what_distinguishes_depends_on_all_facts_of_the_relation_alone() -> None:
    words = Words()
    told, prompts = tables(*WORLD)
    some = questions.ask(words, told, prompts, [0])
    assert [words.text((q.answer,)) for q in some.asked] == [" Korea"] * 2
    alone = questions.ask(words, *tables(WORLD[0]))
    assert [words.text((q.answer,)) for q in alone.asked] == [" South"] * 2
    other = facts.tables(
        [
            Fact("a", "Seoul", "South Korea", ("Seoul is in",)),
            Fact("b", "Durban", "South Africa", ("Durban is in",)),
        ]
    )
    apart = questions.ask(words, *other)
    assert [words.text((q.answer,)) for q in apart.asked] == [" South"] * 2


def test_a_tokenizer_of_bytes_agrees_with_the_text() -> None:
    """With the tiny byte-level BPE: prompt and answer joined begin the sentence alone."""
    tokenizer = tiny.tokenizer()
    told, prompts = tables(*WORLD)
    found = questions.ask(tokenizer, told, prompts)
    sentences = {
        (row["fact_id"], row["prompt"]): f"{row['text']} {WORLD[row['fact_id']][1]}"
        for row in prompts.to_pylist()
    }
    for q in found.asked:
        _, answer = WORLD[q.fact_id]
        begun = tokenizer.decode([*q.ids, q.answer])
        assert sentences[q.fact_id, q.prompt].startswith(begun)
        shown = begun.split(" is in ", 1)[1]
        before = tokenizer.decode(list(q.ids)).split(" is in", 1)[1].lstrip()
        others = {o for _, o in WORLD} - {answer}
        assert not any(o.startswith(shown) for o in others)
        assert not before or any(o.startswith(before) for o in others)
    assert {q.fact_id for q in found.asked} == set(range(8)) - {5}


def test_a_joined_object_is_left_out() -> None:
    class Joining(Words):
        def __call__(self, texts: list[str]) -> dict[str, list[list[int]]]:
            return super().__call__([t.replace("is in Afghan", "isinAfghan") for t in texts])

    found = questions.ask(Joining(), *tables(*WORLD))
    assert found.left_out == {NO_DISTINGUISHING_TOKEN: 2, JOINED: 4}
    with pytest.raises(KnError, match="joins the end"):
        questions.ask(Joining(), *tables(*WORLD[6:]))


def test_a_long_prompt_is_left_out() -> None:
    found = questions.ask(Words(), *tables(*WORLD), context=6)
    assert found.left_out == {
        NO_DISTINGUISHING_TOKEN: 2,
        TOO_LONG: 5,
    }  # The city of Seoul is in South, The city of Pyongyang is in North: before the last token


def test_a_question_of_ones_own() -> None:
    words = Words()
    q = questions.single(words, "Seoul is in ", " South Korea")
    assert (words.text(q.ids), words.text((q.answer,))) == ("Seoul is in", " South")
    for text, answer in (("", "x"), ("Seoul", " ")):
        with pytest.raises(KnError, match="give the beginning"):
            questions.single(words, text, answer)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    folder = tiny.save(tmp_path_factory.mktemp("model") / "tiny", "llama")
    return load(resolve(str(folder)), Lake(folder.parent))


def test_answers_equal_the_model_alone(loaded: LoadedModel) -> None:
    """Each prompt by itself through the whole model, without padding."""
    asked = questions.ask(loaded.tokenizer, *tables(*WORLD)).asked
    found = answers.answer(loaded, asked)
    assert found.schema == KNOWLEDGE["fact_answers"].schema
    rows: list[dict[str, Any]] = found.to_pylist()
    assert len({len(q.ids) for q in asked}) > 3, "lengths differ"
    for q, row in zip(asked, rows, strict=True):
        with torch.no_grad():
            p = loaded.model(input_ids=torch.tensor([q.ids])).logits[0, -1].double().softmax(-1)
        assert (row["fact_id"], row["prompt"]) == (q.fact_id, q.prompt)
        assert row["probability"] == pytest.approx(float(p[q.answer]), abs=1e-6)
        assert row["rank"] == int((p > p[q.answer]).sum()) + 1
        assert row["top_probabilities"] == pytest.approx(p.sort(descending=True)[0][:5], abs=1e-6)
        assert row["answer_token_id"] == q.answer and row["position"] == len(q.ids) - 1
        assert row["answer_token"] == loaded.tokenizer.decode([q.answer])
        prefix = (
            loaded.tokenizer.decode(list(q.ids[len(q.ids) - q.n_prefix :])) if q.n_prefix else ""
        )
        assert row["answer_prefix"] == prefix
        # bytes that are no character are told by their numbers
        best = int(p.argmax())
        text = loaded.tokenizer.decode([best])
        is_text = bool(text) and "\ufffd" not in text
        assert row["top"][0] == (text if is_text else vocabulary(loaded.tokenizer, best + 1)[best])
        assert is_text or row["top"][0].startswith("<")
    assert answers.answer(loaded, []).num_rows == 0


def test_known_facts(tmp_path: Path) -> None:
    said = {3: [True, True, False], 4: [True, False, False], 5: [True], 6: [False, True]}
    rows = [
        {"fact_id": fact, "prompt": i, "greedy": greedy, "rank": 1}
        for fact, some in said.items()
        for i, greedy in enumerate(some)
    ]
    table = pa.Table.from_pylist(rows, schema=KNOWLEDGE["fact_answers"].schema)
    assert answers.known(table) == [3, 5, 6]
    assert answers.known(table, share=1.0) == [5]
