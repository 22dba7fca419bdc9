"""Which tokens answer: articles, spaces, special tokens; a sentence as it was typed."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kn_assets.errors import KnError
from kn_assets.knowledge import facts, questions
from kn_assets.knowledge.facts import Fact
from kn_assets.knowledge.questions import JOINED, encode
from tests.knowledge.test_answers import Words
from tests.models import tiny


def asked(words: Any, *told: tuple[str, str, str]) -> dict[str, tuple[str, str, str]]:
    """(subject, object, prompt) -> what is read, scored and left of the object, by prompt."""
    tables = facts.tables([Fact("r", s, o, (text,)) for s, o, text in told])
    found = questions.ask(words, *tables)
    return {
        told[q.fact_id][2]: (words.text(q.ids), words.text((q.answer,)), words.text(q.rest))
        for q in found.asked
    }


def test_an_article_never_decides() -> None:
    found = asked(
        Words(),
        ("Amsterdam", "the Netherlands", "Amsterdam is in"),
        ("Paris", "France", "Paris is in"),
        ("Leo", "a cat", "Leo is"),
        ("Rex", "an old dog", "Rex is"),
    )
    assert found == {
        "Amsterdam is in": ("Amsterdam is in the", " Netherlands", ""),
        "Paris is in": ("Paris is in", " France", ""),
        "Leo is": ("Leo is a", " cat", ""),
        "Rex is": ("Rex is an", " old", " dog"),
    }


LEADS = re.compile(r"(?:(?:the|an|a)\s+|[^\w\s]+\s*)+(?=\w)", re.IGNORECASE)
"""What says nothing, plainly: of a few signs in a row it tries all ways to share them out."""


@given(st.text(st.sampled_from("the anTHE (“.é1\t"), max_size=14))
def test_what_says_nothing_at_the_beginning(name: str) -> None:
    plain = LEADS.match(name)
    assert questions._lead(name) == (plain[0].rstrip() if plain else "")


@pytest.mark.parametrize("answer", ["(" * 5000, "( " * 2000, "“(" * 2000 + "\x00", "a " * 2000])
def test_an_answer_of_signs_alone_takes_no_time(answer: str) -> None:
    """It took all that a run may take, from thirty signs on."""
    assert questions.single(tiny.tokenizer(), "Kabul is the capital of", answer).answer >= 0


def test_the_whole_object_is_what_is_asked_for() -> None:
    (question,) = questions.ask(
        words := Words(), *facts.tables([Fact("r", "Amsterdam", "the Netherlands", ("It is in",))])
    ).asked
    assert words.text(question.whole) == " the Netherlands"
    assert words.text(question.ids[: len(question.ids) - question.n_prefix]) == "It is in"


def test_names_that_begin_like_an_article() -> None:
    found = asked(Words(), ("a", "Theresa May", "PM:"), ("b", "Anatolia", "Region:"))
    assert [found[text][1] for text in ("PM:", "Region:")] == [" Theresa", " Anatolia"]
    assert asked(Words(), ("c", "The", "Article:"))["Article:"][1] == " The"


def test_no_space_where_none_is_written() -> None:
    found = asked(
        Words(),
        ("x", "Paris", 'He said "'),
        ("y", "Lima", "He went to"),
        ("z", "York", "He lives in New-"),
    )
    assert found['He said "'][1:] == ("Paris", "")
    assert found["He went to"] == ("He went to", " Lima", "")
    assert found["He lives in New-"][1] == "York"


def test_objects_are_told_apart_as_they_are_written() -> None:
    """After an opening bracket `South` has no space before it, with any object of the relation."""
    found = asked(
        Words(),
        ("Seoul", "South Korea", "Seoul ("),
        ("Durban", "South Africa", "Durban is in"),
        ("Juba", "South Sudan", "Juba ("),
    )
    assert found["Seoul ("] == ("Seoul(South", " Korea", "")
    assert found["Durban is in"] == ("Durban is in South", " Africa", "")


def template(single: str) -> Any:
    """The tiny tokenizer with special tokens around every text."""
    from tokenizers.processors import TemplateProcessing

    made = tiny.tokenizer()
    made._tokenizer.post_processor = TemplateProcessing(
        single=single, special_tokens=[("<|endoftext|>", 0)]
    )
    return made


@pytest.mark.parametrize(
    ("single", "before"),
    [
        ("$A <|endoftext|>", []),
        ("<|endoftext|> $A <|endoftext|>", [0]),
        ("<|endoftext|> $A", [0]),
        ("$A", []),
        ("$A <|endoftext|> <|endoftext|>", []),
    ],
)
def test_what_a_tokenizer_appends_is_left_off(single: str, before: list[int]) -> None:
    tokenizer, plain = template(single), tiny.tokenizer()
    texts = ["The city of Kabul is", "a", "b", "", "Kabul"]
    assert encode(tokenizer, texts) == [before + ids for ids in plain(texts)["input_ids"]]
    told, prompts = facts.tables([Fact("r", "Kabul", "Afghanistan", ("The city of Kabul is in",))])
    (found,) = questions.ask(tokenizer, told, prompts).asked
    (wanted,) = questions.ask(plain, told, prompts).asked
    assert list(found.ids) == before + list(wanted.ids)
    assert (found.answer, found.rest) == (wanted.answer, wanted.rest)
    own = questions.single(tokenizer, "The city of Kabul is in", "Afghanistan")
    assert (own.ids, own.answer) == (found.ids, found.answer)


@pytest.mark.parametrize(
    ("text", "answer", "whole"),
    [
        ("Q: Seoul?\nA:\n", "Korea", "Q: Seoul?\nA:\nKorea"),
        ('He said "', "Korea", 'He said "Korea'),
        ('He said "', " Korea", 'He said " Korea'),
        ("It is", "  Korea ", "It is Korea"),
        ("  It is", "Korea", "  It is Korea"),
    ],
)
def test_a_sentence_is_asked_as_it_was_typed(text: str, answer: str, whole: str) -> None:
    tokenizer = tiny.tokenizer()
    question = questions.single(tokenizer, text, answer)
    start = question.ids[: len(question.ids) - question.n_prefix]
    assert tokenizer.decode(list(start)) == text
    assert tokenizer.decode([*start, *question.whole]) == whole


def test_a_blank_at_the_end_is_not_cut_without_a_word() -> None:
    """A byte-level tokenizer makes the blank a part of the answer's first token."""

    class Joining(Words):
        def __call__(self, texts: list[str]) -> dict[str, list[list[int]]]:
            cut = [re.findall(r" ?\w+| ", text) for text in texts]
            return {"input_ids": [[self.ids.setdefault(t, len(self.ids)) for t in c] for c in cut]}

    with pytest.raises(KnError, match="leave out the blank at its end"):
        questions.single(Joining(), "Seoul is in ", "Korea")
    with pytest.raises(KnError, match=JOINED):
        questions.single(Joining(), "Seoul is in ", " Korea")
    assert questions.single(Joining(), "Seoul is in", "Korea").ids


def test_the_embedded_tokenizer_on_prompts_of_all_kinds(tmp_path: Path) -> None:
    """GPT-2's own: the first token of the answer is what it is in the text as people write it."""
    from transformers import AutoTokenizer

    folder = tiny.gpt2_bpe(tmp_path / "gpt2")
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text, answer, first in (
        ('He said "', "Paris", "Paris"),
        ("He lives in New-", "York", "York"),
        ("the number is $", "5", "5"),
        ("It costs 10", "%", "%"),
        ("The capital of France is", "Paris", " Paris"),
    ):
        question = questions.single(tokenizer, text, answer)
        assert tokenizer.decode([question.answer]) == first, text
        assert question.n_prefix == 0
