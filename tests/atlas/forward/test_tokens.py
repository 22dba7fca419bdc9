"""Token texts join to the prompt's text, whatever bytes a token holds."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from transformers import AutoTokenizer

from kn_assets.atlas.forward import tokens
from kn_assets.atlas.forward.batches import batches
from kn_assets.atlas.forward.tokens import pieces, texts, token_tables, tokenize, vocabulary
from tests.models import tiny

TEXTS = ["Kabul is the capital", "Mazār-i-Sharīf, 東京 and 🙂🙂", "", "São Paulo"]


def test_pieces_join_to_the_text() -> None:
    tokenizer = tiny.tokenizer()
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        assert "".join(pieces(tokenizer, ids)) == text


def test_no_tokens_have_no_texts() -> None:
    """As the targets of a prompt of one token, after which nothing follows."""
    assert texts(tiny.tokenizer(), []) == []


def test_a_cut_inside_a_character_shows_no_replacement() -> None:
    tokenizer = tiny.tokenizer()
    ids = tokenizer("at 東京")["input_ids"]
    for n in range(len(ids) + 1):
        shown = "".join(pieces(tokenizer, ids[:n]))
        assert "at 東京".startswith(shown)
        assert "\ufffd" not in shown


def test_gpt2s_own_tokenizer_cuts_the_mission_examples(tmp_path: Path) -> None:
    folder = tiny.gpt2_bpe(tmp_path)
    (folder / "config.json").write_text('{"model_type": "gpt2"}')
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "Herāt is an oasis city and the third-largest city of Afghanistan. In 2020, it had an "
    text += "estimated population of 574,276, making it"
    found = tokenize(tokenizer, np.array([0]), [text], 30)
    shown = "".join(pieces(tokenizer, found.ids.tolist()))
    assert shown == text.split(", making")[0]
    assert len(found.ids) == 30


def test_tokenized_prompts_keep_their_ids_and_leave_empty_ones_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokenizer = tiny.tokenizer()
    found = tokenize(tokenizer, np.arange(len(TEXTS)), TEXTS, 5)
    assert found.prompt_ids.tolist() == [0, 1, 3]
    assert found.lengths.max() <= 5
    monkeypatch.setattr(tokens, "_PROMPTS", 2)
    sinks = np.arange(len(found.ids)) % 3 == 0
    table = pa.concat_tables(token_tables(tokenizer, found, sinks))
    assert table["sink"].to_pylist() == sinks.tolist()
    assert table.num_rows == found.lengths.sum()
    for i, prompt in enumerate(found.prompt_ids):
        rows = table.filter(np.asarray(table["prompt_id"]) == prompt)
        assert rows["position"].to_pylist() == list(range(found.lengths[i]))
        assert rows["token_id"].to_pylist() == tokenizer(TEXTS[prompt])["input_ids"][:5]


def test_batches_hold_each_token_once() -> None:
    tokenizer = tiny.tokenizer()
    texts = ["word " * n for n in (3, 30, 1, 30, 12, 400, 2)]
    prompts = tokenize(tokenizer, np.arange(len(texts)), texts, 500)
    seen = np.zeros(len(prompts.ids), int)
    for batch in batches(prompts, 64):
        real = batch.index >= 0
        assert (batch.ids[real] == prompts.ids[batch.index[real]]).all()
        assert real[:, 0].all()
        np.add.at(seen, batch.index[real], 1)
    assert (seen == 1).all()


def test_vocabulary_tells_every_id_apart_from_nothing() -> None:
    tokenizer = tiny.tokenizer()
    words = vocabulary(tokenizer, len(tokenizer) + 3)
    assert all(words)
    assert not any("\ufffd" in w for w in words)
    assert words[-1] == "<unused>"
    a = tokenizer("a")["input_ids"][0]
    assert words[a] == "a"


@pytest.mark.parametrize("lengths", [[1], [1, 1], [2, 1]])
def test_single_tokens_have_a_position(lengths: list[int]) -> None:
    tokenizer = tiny.tokenizer()
    some = tokenizer("a")["input_ids"][0]
    found = tokenize(tokenizer, np.arange(len(lengths)), ["a"] * len(lengths), 1)
    assert found.ids.tolist() == [some] * len(lengths)
    assert found.positions.tolist() == [0] * len(lengths)
