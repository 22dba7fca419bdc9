"""Roles of tokens, contrasts, and the division of a fact's prompts."""

from __future__ import annotations

import pytest

from kn_assets.knowledge.circuits.cases import cases
from kn_assets.knowledge.circuits.contrasts import Asked, contrasts
from kn_assets.knowledge.circuits.roles import Place, Roles, roles
from kn_assets.knowledge.questions import Question, encode
from tests.models import tiny

TOKENIZER = tiny.tokenizer()
OBJECTS = {"Kabul": (1, "Asia"), "Herat": (2, "Iran"), "Turin": (3, "Italy"), "Milan": (3, "Italy")}
WORDINGS = ("The city of {} is the", "{} is the capital of", "In {} is the")


def asked(
    fact: int, prompt: int, subject: str, answer: int, name: str, relation: str = "r"
) -> Asked:
    """A prompt whose tokens are letters, so that subjects of five letters match."""
    text = WORDINGS[prompt].replace("{}", subject)
    ids = tuple(ord(c) for c in text)
    start = text.index(subject)
    where = Roles(len(ids), start, start + len(subject))
    question = Question(fact, prompt, ids, answer)
    return Asked(question, where, (relation, WORDINGS[prompt]), subject, name)


def everything(*subjects: str) -> list[Asked]:
    return [
        asked(i, prompt, s, *OBJECTS.get(s, (9, "Elsewhere")))
        for i, s in enumerate(subjects)
        for prompt in range(3)
    ]


def test_roles_of_a_prompt_s_tokens() -> None:
    where = Roles(8, 2, 5)
    found = [where.role(i) for i in range(8)]
    assert found == [
        "before", "before", "subject", "subject", "subject last", "relation", "relation", "last",
    ]  # fmt: skip
    assert [where.place(i) for i in (1, 2, 4, 6, 7)] == [
        None, Place("subject", 2), Place("subject last", 0), None, Place("last", 0),
    ]  # fmt: skip
    shorter = Roles(6, 1, 3)
    wanted = (Place("subject", 2), Place("subject last"), Place("last"))
    moved = [shorter.position(p) for p in wanted]
    assert moved == [None, 2, 5]


@pytest.mark.parametrize("text", ["The city of Kabul is the", "Kabul is the capital", "The Kabul"])
def test_the_subject_s_tokens_are_those_that_spell_it(text: str) -> None:
    (ids,) = encode(TOKENIZER, [text])
    found = roles(TOKENIZER, text, "Kabul", ids)
    assert found is not None
    spelled = TOKENIZER.decode(ids[found.start : found.end])
    assert spelled.strip() == "Kabul"


def test_a_text_without_the_subject_has_no_roles() -> None:
    assert roles(TOKENIZER, "The city of Herat is", "Kabul", [1, 2]) is None


def test_contrasts_are_of_other_subjects_and_answers_in_as_many_tokens() -> None:
    among = everything("Turin", "Milan", "Kabul", "Herat", "Mazar-i-Sharif")
    first = among[0]
    found = contrasts(first, among, 5)
    assert {c.others[0].subject for c in found} == {"Kabul", "Herat"}  # Milan's answer is Turin's
    assert {c.kind for c in found} == {"pair"}
    assert [c.number for c in found] == [0, 1]
    assert all(c.others[0].wording == first.wording for c in found)
    assert contrasts(first, among, 5) == found


def test_contrasts_of_different_answers_come_first() -> None:
    among = everything("Herat", "Turin", "Milan", "Kabul")
    (one, two) = contrasts(among[0], among, 2)
    assert {one.others[0].answer_text, two.others[0].answer_text} == {"Italy", "Asia"}


def test_a_prompt_that_none_matches_has_a_mean_contrast() -> None:
    among = everything("Mazar-i-Sharif", "Turin", "Kabul")
    (found,) = contrasts(among[0], among, 3)
    assert found.kind == "mean"
    assert {o.subject for o in found.others} == {"Turin", "Kabul"}
    assert contrasts(among[0], among[:3], 3) == []


def test_nothing_is_measured_on_what_it_was_chosen_on() -> None:
    right = everything("Turin", "Kabul", "Herat", "Milan", "Paris", "Delhi", "Quito")
    found = cases([0, 1, 2], right, 2, 2, seed=3)
    assert [c.fact_id for c in found] == [0, 1, 2]
    for case in found:
        assert case.chosen_on is not None
        assert case.measured_on is not None
        one, two = case.chosen_on, case.measured_on
        assert one.asked.wording != two.asked.wording
        used = {c.others[0].subject for c in one.contrasts}
        assert len(used) == 2
        assert used.isdisjoint(c.others[0].subject for c in two.contrasts)


def test_the_subject_s_other_facts_stand_beside_it() -> None:
    right = everything("Turin", "Kabul", "Herat", "Delhi")
    right += [asked(10 + i, 1, s, 20 + i, f"C{i}", "s") for i, s in enumerate(("Turin", "Kabul"))]
    first, second = cases([0, 2], right, 2, 1, seed=0)
    assert [s.fact_id for s in first.same_subject] == [10]
    assert second.same_subject == ()


def test_a_fact_with_one_wording_is_chosen_on_and_not_measured() -> None:
    right = [asked(i, 0, s, *OBJECTS[s]) for i, s in enumerate(OBJECTS)]
    (found,) = cases([0], right, 2, 2, seed=0)
    assert found.chosen_on is not None
    assert found.measured_on is None
