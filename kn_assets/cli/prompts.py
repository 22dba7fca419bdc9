"""The prompts of a corpus as lines: `0 / 4386 https://en.wikipedia.org/wiki/Kabul : Kabul ...`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kn_assets import lake as lakes
from kn_assets.atlas.forward.tokens import pieces
from kn_assets.errors import KnError
from kn_assets.lake import Lake

N_TOKENS = 30


def prompt_lines(
    lake: Lake,
    corpus: str | None,
    model: str | None,
    limit: int | None,
    note: Callable[[str], None],
) -> Iterator[str]:
    """A line for each prompt, cut to the first 30 tokens as a model reads them.

    `corpus` defaults to the only one there is; `model`, whose tokenizer cuts, to gpt2. Where that
    tokenizer can't be had, `note` is told and whole texts are shown. Raises KnError where there are
    no prompts, or a tokenizer was asked for by name and can't be had.
    """
    partition = lakes.corpus(corpus or _only_corpus(lake))
    prompts = lake.read(partition, "prompts", ["city_id", "text"])
    cities = lake.read(partition, "cities", ["city_id", "url"])
    urls = dict(zip(cities["city_id"].to_pylist(), cities["url"].to_pylist(), strict=True))
    shown = prompts.slice(0, limit)
    cut = _cutter(lake, model, note)
    for i, (city, text) in enumerate(
        zip(shown["city_id"].to_pylist(), shown["text"].to_pylist(), strict=True)
    ):
        yield f"{i} / {prompts.num_rows} {urls[city] or '-'} : {cut(text)}"


def _only_corpus(lake: Lake) -> str:
    keys = [p.key for p in lake.partitions("corpus") if lake.meta(p, "prompts")]
    if not keys:
        raise KnError("there are no prompts yet: run `kn demo` or `kn run`")
    if len(keys) > 1 and "wikipedia" not in keys:
        raise KnError(f"there are several corpora: give --corpus with one of {', '.join(keys)}")
    return "wikipedia" if "wikipedia" in keys else keys[0]


def _cutter(lake: Lake, model: str | None, note: Callable[[str], None]) -> Callable[[str], str]:
    from kn_assets.models.load import load_tokenizer
    from kn_assets.models.source import resolve

    try:
        tokenizer = load_tokenizer(resolve(model or "gpt2"), lake)
    except KnError as e:
        if model:
            raise
        note(f"whole texts are shown, since gpt2's tokenizer can't be had ({e})")
        return lambda text: text

    def cut(text: str) -> str:
        return "".join(pieces(tokenizer, tokenizer(text)["input_ids"][:N_TOKENS]))

    return cut
