"""Columns that many tables share."""

from __future__ import annotations

import pyarrow as pa

from kn_assets.lake.schema.table import Column

PROMPT = Column("prompt_id", pa.int32(), "prompt, numbered from 0 in the corpus' order")
CITY = Column("city_id", pa.int64(), "city: GeoNames id, or index in the corpus")
POSITION = Column("position", pa.int16(), "token index in the prompt, from 0")
LAYER = Column("layer", pa.int16(), "transformer block, from 0")
NEURON = Column("neuron", pa.int32(), "unit of the MLP's hidden layer, from 0")
ACTIVATION = Column("activation", pa.float32(), "value at the input of the MLP's output projection")
SIGN = Column("sign", pa.int8(), "+1: largest values first, -1: smallest values first")
TOKEN_ID = Column("token_id", pa.int32(), "id in the model's vocabulary")
TOKEN = Column("token", pa.string(), "text of the token")
COORDINATES = (
    Column("x", pa.float32(), "coordinate in the plane (arbitrary unit); null: it never fired"),
    Column("y", pa.float32(), "coordinate in the plane (arbitrary unit); null: it never fired"),
    Column("cluster", pa.int16(), "community of nearest neighbours, 0 the largest; -1: none"),
)
FACT = Column("fact_id", pa.int32(), "fact, numbered from 0 in the corpus")
FACT_PROMPT = Column("prompt", pa.int16(), "number of the fact's prompt, from 0")
FACT_SET = Column(
    "fact_set",
    pa.string(),
    "fingerprint of all facts and prompts of the corpus: rows of two sets don't belong together",
)
