"""Prompts as the model reads them: ids cut to a length, and the text each token shows.

Byte-level tokenizers cut inside characters. A character's text is given to the token that completes
it and the tokens before it show nothing, so the texts of a prompt's tokens joined are the text the
prompt shows, and a cut at the end leaves no replacement character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from kn_assets.lake.schema import TABLES

_LOST = "\ufffd"
_PROMPTS = 256  # whose tokens' texts are in memory at once
_WINDOW = 8  # tokens before, enough to complete a character and to keep a leading space


@dataclass(frozen=True)
class TokenizedPrompts:
    """Prompts as token ids, in the order of their ids.

    prompt_ids: int32 [prompts]; lengths: int32 [prompts]; ids: int32 [tokens], prompts end to end.
    """

    prompt_ids: np.ndarray
    lengths: np.ndarray
    ids: np.ndarray

    @cached_property
    def starts(self) -> np.ndarray:
        """Index in `ids` of each prompt's first token, int64 [prompts + 1]."""
        return np.concatenate([[0], np.cumsum(self.lengths, dtype=np.int64)])

    def __len__(self) -> int:
        return len(self.prompt_ids)

    @classmethod
    def joined(cls, parts: Iterable[TokenizedPrompts]) -> TokenizedPrompts:
        """All prompts of some in order."""
        none = np.empty(0, np.int32)
        columns = [(p.prompt_ids, p.lengths, p.ids) for p in parts]
        return cls(*(np.concatenate([none, *(c[i] for c in columns)]) for i in range(3)))

    def slice(self, first: int, last: int) -> TokenizedPrompts:
        """The prompts first..last-1 (counted, not by id)."""
        last = min(last, len(self))
        ids = self.ids[self.starts[first] : self.starts[last]]
        return TokenizedPrompts(self.prompt_ids[first:last], self.lengths[first:last], ids)

    @property
    def positions(self) -> np.ndarray:
        """Position of each token in its prompt, int16 [tokens]."""
        offsets = np.repeat(self.starts[:-1], self.lengths)
        return (np.arange(len(self.ids)) - offsets).astype(np.int16)

    @property
    def token_prompts(self) -> np.ndarray:
        """Prompt id of each token, int32 [tokens]."""
        return np.repeat(self.prompt_ids, self.lengths)


def tokenize(
    tokenizer: Any, prompt_ids: np.ndarray, texts: list[str], n_tokens: int
) -> TokenizedPrompts:
    """Encode texts with the model's own tokenizer and keep the first `n_tokens` of each.

    A text which gives no token at all is left out.
    """
    encoded = (
        [ids[:n_tokens] for ids in tokenizer(texts, verbose=False)["input_ids"]] if texts else []
    )
    kept = [i for i, ids in enumerate(encoded) if ids]
    return TokenizedPrompts(
        np.asarray(prompt_ids, np.int32)[kept],
        np.array([len(encoded[i]) for i in kept], np.int32),
        np.array([t for i in kept for t in encoded[i]], np.int32),
    )


def pieces(tokenizer: Any, ids: list[int]) -> list[str]:
    """The text that each token of one prompt shows; joined, they are the prompt's text."""
    windows = [ids[max(0, i - _WINDOW) : i] for i in range(len(ids))]
    before = tokenizer.batch_decode(windows, clean_up_tokenization_spaces=False)
    after = tokenizer.batch_decode(
        [[*w, t] for w, t in zip(windows, ids, strict=True)], clean_up_tokenization_spaces=False
    )
    return [_new(b, a) for b, a in zip(before, after, strict=True)]


def _new(before: str, after: str) -> str:
    # A window may itself start inside a character: what is lost at its start is the same in both.
    before, after = before.rstrip(_LOST), after.rstrip(_LOST)
    return after[len(before) :] if after.startswith(before) else ""


def token_tables(
    tokenizer: Any, prompts: TokenizedPrompts, sinks: np.ndarray
) -> Iterator[pa.Table]:
    """The `tokens` table, some prompts at a time; sinks: bool [tokens], attention sinks."""
    for first in range(0, len(prompts), _PROMPTS):
        some = prompts.slice(first, first + _PROMPTS)
        texts: list[str] = []
        for i in range(len(some)):
            texts += pieces(tokenizer, some.ids[some.starts[i] : some.starts[i + 1]].tolist())
        of_these = sinks[prompts.starts[first] : prompts.starts[first] + len(some.ids)]
        columns = [some.token_prompts, some.positions, some.ids, texts, of_these]
        yield pa.table(columns, schema=TABLES["tokens"].schema)


def vocabulary(tokenizer: Any, size: int) -> list[str]:
    """The text of every id below `size` by itself; bytes that are no character as `<E2>`."""
    return texts(tokenizer, list(range(size)))


def texts(tokenizer: Any, ids: list[int]) -> list[str]:
    """The text of each token by itself; bytes that are no character as `<E2>`."""
    if not ids:
        return []  # of no tokens at all a tokenizer makes one empty text
    found = tokenizer.batch_decode([[i] for i in ids], clean_up_tokenization_spaces=False)
    lost = [at for at, text in enumerate(found) if _LOST in text or not text]
    names = tokenizer.convert_ids_to_tokens([ids[at] for at in lost]) if lost else []
    for at, name in zip(lost, names, strict=True):
        found[at] = _bytes_shown(name)
    return found


def _bytes_shown(name: str | None) -> str:
    """A token's byte-level name with every byte outside ASCII told by its number."""
    if name is None:  # an id the tokenizer doesn't know: models pad their vocabulary
        return "<unused>"
    shown = []
    for letter in name:
        byte = _byte_of().get(letter)
        if byte is None:
            shown.append(letter)
        else:
            shown.append(chr(byte) if 32 <= byte < 127 else f"<{byte:02X}>")
    return "".join(shown)


def _byte_of() -> dict[str, int]:
    """GPT-2's table from printable letters to bytes (Radford et al. 2019, `bytes_to_unicode`)."""
    if not _BYTES:
        plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
        _BYTES.update({chr(b): b for b in plain})
        others = (b for b in range(256) if b not in set(plain))
        _BYTES.update({chr(256 + i): b for i, b in enumerate(others)})
    return _BYTES


_BYTES: dict[str, int] = {}
