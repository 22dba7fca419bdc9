"""Arrays survive their way to the browser; what would not is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ui.pack import pack, pack_ids, to_json, unpack

KINDS = ("u1", "u2", "u4", "i2", "i4")
WIDE = hnp.arrays(np.int64, st.integers(0, 30), elements=st.integers(-(2**40), 2**40))


@given(st.data(), st.sampled_from((*KINDS, "f4")))
def test_what_fits_comes_back(data: st.DataObject, kind: str) -> None:
    values = data.draw(hnp.arrays(np.dtype(kind), st.integers(0, 30)))
    packed = pack(values, kind)
    assert packed["dtype"] == kind
    assert unpack(packed).tobytes() == values.tobytes()


@given(WIDE, st.sampled_from(KINDS))
def test_integers_come_back_or_are_refused(values: np.ndarray, kind: str) -> None:
    limits = np.iinfo(kind)
    if ((values >= limits.min) & (values <= limits.max)).all():
        assert unpack(pack(values, kind)).tolist() == values.tolist()
    else:
        with pytest.raises(ValueError, match="don't fit"):
            pack(values, kind)


@given(hnp.arrays(np.int64, st.integers(0, 30), elements=st.integers(0, 2**32 - 1)))
def test_ids_take_as_few_bytes_as_hold_the_largest(ids: np.ndarray) -> None:
    packed = pack_ids(ids)
    assert unpack(packed).tolist() == ids.tolist()
    size = np.dtype(packed["dtype"]).itemsize
    assert size in (1, 2, 4)
    assert size == 1 or ids.max() >= 1 << (4 * size)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_words_for_is_null_and_counted(wrong: float) -> None:
    answer = {"rows": [{"p": wrong, "n": 3}, {"p": 0.5, "q": [wrong, (wrong, "<NaN>")]}]}
    assert json.loads(to_json(answer)) == {
        "rows": [{"p": None, "n": 3}, {"p": 0.5, "q": [None, [None, "<NaN>"]]}],
        "not_finite": 3,
    }
    assert json.loads(to_json([wrong])) == [None]


def test_whole_answers_say_nothing_of_it() -> None:
    answer = {"rows": [{"p": 0.5, "n": None, "t": "NaN"}]}
    assert json.loads(to_json(answer)) == answer
    assert "<" not in to_json({"t": "<b>"})
