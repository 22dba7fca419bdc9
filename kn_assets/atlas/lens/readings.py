"""Other lenses than the logit lens, of one prompt, as rows of `lens_readings`.

They are computed when they are asked for and kept in the atlas, as a lens left for later is
(`kn_assets.atlas.lazy_lens`): each costs as much as the logit lens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pyarrow as pa

from kn_assets.atlas.forward.capture import capturing, forward
from kn_assets.atlas.lens.middle import middles
from kn_assets.atlas.lens.rows import LensRows
from kn_assets.lake.schema import TABLES
from kn_assets.progress import Progress

if TYPE_CHECKING:
    from torch import Tensor

    from kn_assets.atlas.forward.tokens import TokenizedPrompts
    from kn_assets.atlas.lens.translators import Translators
    from kn_assets.models.load import LoadedModel

OtherLens = Literal["linear", "middle"]
OTHER_LENSES: tuple[OtherLens, ...] = get_args(OtherLens)


def reading(
    loaded: LoadedModel,
    prompt: TokenizedPrompts,
    lens: OtherLens,
    translators: Translators | None,
    progress: Progress,
) -> LensRows:
    """What a lens reads after each layer of one prompt; `translators`: needed for `linear`.

    Raises KnError as `middles`.
    """
    import torch

    parts, index = loaded.parts, np.arange(len(prompt.ids))[None]
    rows = LensRows(prompt, parts.n_layers)
    with progress.bar("lens", parts.n_layers, "layers") as bar, torch.inference_mode():

        def take(layer: int, stream: Tensor) -> None:
            if lens == "linear":
                assert translators is not None
                stream = translators.translated(layer, stream)
            rows.take(parts, layer, stream, index)
            bar.advance()

        watched = middles(parts, take) if lens == "middle" else capturing(parts, residuals=take)
        with watched:
            forward(loaded, prompt.ids[None].astype(np.int64))
    return rows


def rows_of(lens: OtherLens, rows: LensRows, vocabulary: list[str]) -> pa.Table:
    """Rows of `lens_readings`; `vocabulary` is the text of every id."""
    table = rows.table(vocabulary)
    schema = TABLES["lens_readings"].schema
    named = table.append_column("lens", pa.array([lens] * len(table), pa.string()))
    return named.select(schema.names).cast(schema)
