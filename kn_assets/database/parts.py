"""Which file of a table holds a prompt or a layer, as SQL: the number in the file's name.

A run writes some tables as a file for each layer and others as a part for each shard of prompts.
Parts nearly always hold the same number of prompts, so that a division gives the part; where they
don't, the first prompts of all parts are listed.
"""

from __future__ import annotations

from dataclasses import dataclass

from kn_assets.lake import Lake, model
from kn_assets.lake.schema import Table

BY_LAYER = ("activations_by_neuron", "neuron_peaks")
"""Tables that a run writes as a file for each layer, `layer-000.parquet` and so on."""
BY_PROMPT = ("activations", "logit_lens", "attention")
"""Tables that a run writes as a part for each shard, `part-00000.parquet` and so on."""


@dataclass(frozen=True)
class Numbered:
    """The files `prefix-NUMBER.parquet` of a model's table, NUMBER being of so many digits.

    number: SQL of `of_prompt` or `of_layer` for the file's number. last: the last file's.
    """

    prefix: str
    digits: int
    number: str
    last: int

    def name(self, clamped: bool = False) -> str:
        """SQL for `/NAME`, of few functions, since each is bound at each query.

        clamped: of a file that is there, whatever is asked for.
        """
        number = f"least(greatest({self.number}, 0), {self.last})" if clamped else self.number
        form = f"/{self.prefix}-{{:0{self.digits}d}}.parquet"
        return f"format('{form}', ({number})::BIGINT)"


def numbered(lake: Lake, table: Table, key: str) -> Numbered | None:
    """How the files of a model's table are numbered; None where they aren't, or there is one."""
    if table.name in BY_LAYER:
        n = len(list(lake.table(model(key), table.name).glob("layer-*.parquet")))
        return Numbered("layer", 3, "of_layer", n - 1) if n else None
    if table.name not in BY_PROMPT:
        return None
    firsts = _first_prompts(lake, table, key)
    if len(firsts) < 2:
        return None
    size = firsts[1]
    even = firsts == list(range(0, size * len(firsts), size))
    number = f"of_prompt // {size}" if even else _uneven(firsts)
    return Numbered("part", 5, number, len(firsts) - 1)


def _first_prompts(lake: Lake, table: Table, key: str) -> list[int]:
    """The first prompt of each part; none where parts don't follow each other or can't be read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted(lake.table(model(key), table.name).glob("part-*.parquet"))
    if any(f.name != f"part-{i:05}.parquet" for i, f in enumerate(files)):
        return []
    place = table.names.index("prompt_id")
    firsts, last = [], -1
    for file in files:
        try:
            meta = pq.read_metadata(file)
        except (pa.ArrowException, OSError):
            return []
        groups = [
            meta.row_group(i).column(place).statistics
            for i in sorted({0, meta.num_row_groups - 1})
            if meta.num_row_groups
        ]
        if not groups or any(g is None or not g.has_min_max for g in groups):
            return []
        if groups[0].min <= last:
            return []
        firsts.append(groups[0].min)
        last = groups[-1].max
    return firsts


def _uneven(firsts: list[int]) -> str:
    # How many begin at the prompt or before it: its place among them. No lambda, since the prompt
    # may come from a subquery.
    behind = "of_prompt + 0.5"
    return f"list_position(list_sort(list_append({firsts}::DOUBLE[], {behind})), {behind}) - 2"
