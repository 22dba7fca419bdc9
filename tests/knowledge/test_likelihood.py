"""Whole answers against the model run token by token; ties and NaN as they are meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from kn_assets.errors import KnError
from kn_assets.knowledge import answers
from kn_assets.knowledge.answers import Outcomes
from kn_assets.knowledge.likelihood import NextTokens, Whole
from kn_assets.knowledge.questions import Question
from kn_assets.lake import Lake
from kn_assets.models.load import LoadedModel, load
from kn_assets.models.source import resolve
from kn_assets.training.steps import fact_lens
from tests.models import tiny

ASKED = [
    Question(0, 0, (5, 9, 30), 7),
    Question(1, 0, (77, 12, 100, 41, 8), 9, n_prefix=2, rest=(33, 2, 18)),
    Question(2, 0, (3,), 4, rest=(5,)),
    Question(3, 0, (5, 9, 30, 77), 12, n_prefix=1),
]


def opened(folder: Path, **changes: float) -> LoadedModel:
    """A tiny Llama; changes: name of a parameter -> what all its values become."""
    model = tiny.model("llama")
    with torch.no_grad():
        for name, value in changes.items():
            dict(model.named_parameters())[name.replace("_of_", ".")].fill_(value)
    model.save_pretrained(folder / "tiny")
    tiny.tokenizer().save_pretrained(folder / "tiny")
    return load(resolve(str(folder / "tiny")), Lake(folder))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return opened(tmp_path_factory.mktemp("likelihood"))


def step_by_step(loaded: LoadedModel, question: Question) -> tuple[float, list[int]]:
    """Log-probability of the answer, by a forward pass a token; and what greedy decoding says."""
    ids = list(question.ids[: len(question.ids) - question.n_prefix])
    total = 0.0
    with torch.no_grad():
        said = loaded.model.generate(
            torch.tensor([ids]),
            attention_mask=torch.ones(1, len(ids), dtype=torch.long),
            max_new_tokens=len(question.whole),
            min_new_tokens=len(question.whole),
            do_sample=False,
        )[0, len(ids) :].tolist()
        for token in question.whole:
            logits = loaded.model(input_ids=torch.tensor([ids])).logits[0, -1].double()
            total += float(logits.log_softmax(-1)[token])
            ids.append(token)
    return total, said


def greedy_answers(loaded: LoadedModel) -> list[Question]:
    """Questions whose answer is what the model says, or that but for its last or first token."""
    found = []
    for i, start in enumerate([(5, 9, 30), (77, 12), (3, 8, 2, 40)]):
        ids: list[int] = list(start)
        for _ in range(3):
            with torch.no_grad():
                logits = loaded.model(input_ids=torch.tensor([ids])).logits[0, -1]
            ids.append(int(logits.argmax()))
        one, two, three = ids[-3:]
        other = (three + 1) % 300
        found += [
            Question(i, 0, start, one, rest=(two, three)),
            Question(i, 1, (*start, one), two, n_prefix=1, rest=(three,)),
            Question(i, 2, start, one, rest=(two, other)),
            Question(i, 3, (*start, (one + 1) % 300), two, n_prefix=1),
        ]
    return found


def test_whole_answers_equal_the_model_token_by_token(loaded: LoadedModel) -> None:
    asked = [*ASKED, *greedy_answers(loaded)]
    rows = answers.answer(loaded, asked).to_pylist()
    for question, row in zip(asked, rows, strict=True):
        logprob, said = step_by_step(loaded, question)
        assert row["logprob"] == pytest.approx(logprob, abs=1e-4)
        assert row["greedy"] == (said == list(question.whole))
        assert row["answer_tokens"] == len(question.whole)
        with torch.no_grad():
            p = loaded.model(input_ids=torch.tensor([question.ids])).logits[0, -1].softmax(-1)
        assert row["probability"] == pytest.approx(float(p[question.answer]), rel=1e-4)
    said = [row["greedy"] for row in rows[len(ASKED) :]]
    assert said == [True, True, False, False] * 3
    wrong = [row for row, greedy in zip(rows[len(ASKED) :], said, strict=True) if not greedy]
    assert any(row["rank"] == 1 for row in wrong), "its telling token alone is likeliest"


def test_the_lens_says_whole_answers_as_the_model_does(loaded: LoadedModel) -> None:
    asked = [*ASKED, *greedy_answers(loaded)]
    own = answers.answer(loaded, asked)
    lens = fact_lens(loaded, asked).to_pylist()
    last = [row for row in lens if row["layer"] == loaded.parts.n_layers - 1]
    assert [row["greedy"] for row in last] == own["greedy"].to_pylist()
    assert [row["rank"] for row in last] == own["rank"].to_pylist()
    for name in ("logprob", "probability"):
        assert [row[name] for row in last] == pytest.approx(own[name].to_pylist(), rel=1e-4)
    norm, head = loaded.model.model.norm, loaded.model.lm_head
    with torch.no_grad():
        for i, question in enumerate(asked):
            text = (*question.ids, question.answer, *question.rest)[:-1]
            states = loaded.model(
                input_ids=torch.tensor([text]), output_hidden_states=True
            ).hidden_states[1][0, -len(question.whole) :]
            p = head(norm(states)).double().log_softmax(-1)
            row = lens[i * loaded.parts.n_layers]
            wanted = sum(float(of[token]) for of, token in zip(p, question.whole, strict=True))
            assert row["logprob"] == pytest.approx(wanted, abs=1e-3)
            assert row["greedy"] == (p.argmax(-1).tolist() == list(question.whole))


def test_a_model_whose_logits_are_all_equal_knows_nothing(tmp_path: Path) -> None:
    loaded = opened(tmp_path, lm_head_of_weight=0.0)
    table = answers.answer(loaded, ASKED)
    n = loaded.parts.vocab_size
    assert table["rank"].to_pylist() == [n] * len(ASKED)
    assert table["probability"].to_pylist() == pytest.approx([1 / n] * len(ASKED))
    assert table["greedy"].to_pylist() == [False] * len(ASKED)
    assert answers.known(table) == []
    lens = fact_lens(loaded, ASKED)
    assert set(lens["rank"].to_pylist()) == {n} and not any(lens["greedy"].to_pylist())


def test_ranks_are_the_worst_of_a_tie() -> None:
    logits = torch.tensor([[2.0, 2.0, 1.0, 1.0, 0.0], [0.0, 3.0, 1.0, 1.0, 1.0]])
    ranks = {token: NextTokens.of(logits, [token, token]).ranks.tolist() for token in range(5)}
    assert ranks == {0: [2, 5], 1: [2, 1], 2: [4, 4], 3: [4, 4], 4: [5, 4]}
    told = NextTokens.of(logits, [0, 1]).logprobs.numpy()
    wanted = [2 - np.logaddexp.reduce([2, 2, 1, 1, 0]), 3 - np.logaddexp.reduce([0, 3, 1, 1, 1])]
    assert told == pytest.approx(wanted)


def test_unlikely_tokens_are_no_tie() -> None:
    """Their probabilities are all 0 in float32, their logits aren't the same."""
    logits = torch.tensor([[500.0, 1.0, 2.0, 3.0]])
    assert [int(NextTokens.of(logits, [t]).ranks[0]) for t in range(4)] == [1, 4, 3, 2]


def test_a_token_that_a_model_rules_out_is_no_fault() -> None:
    logits = torch.tensor([[1.0, -torch.inf, 0.0]])
    assert Outcomes.of(logits, [1]).ranks.tolist() == [3]
    assert Outcomes.of(logits, [0]).ranks.tolist() == [1]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_logits_that_are_not_finite_are_refused(wrong: float) -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0], [1.0, wrong, 3.0]])
    with pytest.raises(KnError, match="logits are not finite"):
        Outcomes.of(logits, [0, 0])
    with pytest.raises(KnError, match="logits are not finite"):
        Outcomes.of(torch.full((1, 3), -torch.inf), [0])


def test_a_pass_that_is_not_finite_is_refused_in_a_line(tmp_path: Path) -> None:
    loaded = opened(tmp_path)
    loaded.parts.mlp_outputs[2].weight.data[0, 0] = float("nan")
    for asks in (answers.answer, fact_lens):
        with pytest.raises(KnError, match=r"aren't finite \(the stream behind layer 2\)") as said:
            asks(loaded, ASKED)
        assert "\n" not in str(said.value)


def test_no_answers_have_no_whole() -> None:
    none: Any = np.zeros(0)
    assert len(Whole.of(none, none, []).greedy) == 0
