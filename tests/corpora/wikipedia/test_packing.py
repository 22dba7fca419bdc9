"""Raw pages come out of the table as they went in."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from kn_assets.corpora.wikipedia.pages import pack, unpack


@given(st.binary())
def test_any_bytes_come_back(html: bytes) -> None:
    assert unpack(pack(html)) == html


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 5000))
def test_pages_come_back_and_take_less_room_where_they_repeat(text: str, repeats: int) -> None:
    html = f"<p>{text}</p>".encode() * repeats
    packed = pack(html)
    assert unpack(packed) == html
    assert len(packed) <= len(html) + 64


def test_megabytes_that_do_not_compress_come_back() -> None:
    html = os.urandom(3_000_000)
    assert unpack(pack(html)) == html
