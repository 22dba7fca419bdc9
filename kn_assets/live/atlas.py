"""What an atlas' own model tells on request: lenses of a prompt, one head's attention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kn_assets.atlas import lazy_lens
from kn_assets.atlas.forward.capture import capturing, forward
from kn_assets.atlas.forward.tokens import TokenizedPrompts
from kn_assets.atlas.lens.readings import OtherLens, reading, rows_of
from kn_assets.atlas.lens.rows import LensRows
from kn_assets.atlas.lens.translators import Translators
from kn_assets.atlas.linear_lens import TRANSLATORS
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition
from kn_assets.live.model import LiveModel
from kn_assets.live.reading import LiveReading
from kn_assets.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa
    from torch import Tensor


class LiveAtlas:
    """An atlas with its model loaded; `kn_assets.live.process` runs it."""

    def __init__(self, lake: Lake, key: str, model: LiveModel) -> None:
        self.lake, self.atlas, self.model = lake, partition(key), model
        self._translators: tuple[object, Translators] | None = None

    @classmethod
    def of(cls, lake: Lake, key: str, progress: Progress) -> LiveAtlas:
        """Load the model of an atlas. Raises KnError as `LiveModel.of`."""
        return cls(lake, key, LiveModel.of(lake, key, progress))

    def answer(self, asked: dict[str, Any], progress: Progress) -> bytes:
        """Do what `asked["do"]` names.

        `lens`: `keep_lens` of `prompt`; empty. `reading`: `reading` by another `lens`; the bytes of
        its `LiveReading`. `head`: `head` of a `prompt` of the atlas or of the
        first `longest` tokens of a `text`; the bytes of its float32 array.
        """
        if asked["do"] == "lens":
            self.keep_lens(asked["prompt"], progress)
            return b""
        if asked["do"] == "reading":
            return self.reading(self._prompt(asked), asked["lens"], progress).to_bytes()
        ids = self._prompt(asked).ids
        return self.head(ids, asked["layer"], asked["head"]).tobytes()

    def keep_lens(self, prompt: int, progress: Progress) -> None:
        """Compute the lens of a prompt of the atlas and keep it there, unless it is there.

        Raises KnError where the atlas has no such prompt.
        """
        if lazy_lens.waits(self.lake, self.atlas, prompt):  # another app may have been quicker
            found = self.lens_rows(lazy_lens.prompt_of(self.lake, self.atlas, prompt), progress)
            lazy_lens.keep(self.lake, self.atlas, prompt, found)

    def _prompt(self, asked: dict[str, Any]) -> TokenizedPrompts:
        """The prompt that a question is about; a text as one without an id."""
        if asked["prompt"] is not None:
            return lazy_lens.prompt_of(self.lake, self.atlas, asked["prompt"])
        ids = self.model.ids_of(asked["text"], asked["longest"])[0]
        return TokenizedPrompts(np.array([-1], np.int32), np.array([len(ids)], np.int32), ids)

    def reading(self, prompt: TokenizedPrompts, lens: OtherLens, progress: Progress) -> LiveReading:
        """What another lens than the logit lens reads of a prompt of the atlas, which keeps it, or
        of a text.

        Raises KnError where the atlas has no such lens, see `translators` and `middles`.
        """
        maps = self.translators() if lens == "linear" else None
        rows = reading(self.model.loaded, prompt, lens, maps, progress)
        (number,) = prompt.prompt_ids.tolist()
        if number >= 0:
            kept = rows_of(lens, rows, self.model.words)
            lazy_lens.keep(self.lake, self.atlas, number, kept, lens)
        return LiveReading.of(rows, self.model.words)

    def translators(self) -> Translators:
        """The maps of the linear lens; those read last stay as long as their table does.

        Raises KnError where there are none, or they aren't of this model.
        """
        note = self.lake.meta(self.atlas, TRANSLATORS)
        if self._translators is None or self._translators[0] != note:
            found = Translators.of_table(self.lake.read(self.atlas, TRANSLATORS))
            parts = self.model.loaded.parts
            if tuple(found.constants.shape) != (parts.n_layers - 1, parts.d_model):
                raise KnError(f"the atlas {self.atlas.key} has too few prompts for a linear lens")
            self._translators = note, found
        return self._translators[1]

    def lens_rows(self, prompt: TokenizedPrompts, progress: Progress) -> pa.Table:
        """The rows of `logit_lens` of one prompt, as a whole run writes them."""
        import torch

        loaded = self.model.loaded
        index = np.arange(len(prompt.ids))[None]
        rows = LensRows(prompt, loaded.parts.n_layers)
        with progress.bar("lens", loaded.parts.n_layers, "layers") as bar, torch.inference_mode():

            def take(layer: int, residuals: Tensor) -> None:
                rows.take(loaded.parts, layer, residuals, index)
                bar.advance()

            with capturing(loaded.parts, residuals=take):
                forward(loaded, prompt.ids[None].astype(np.int64))
        return rows.table(self.model.words)

    def head(self, ids: np.ndarray, layer: int, head: int) -> np.ndarray:
        """Attention of one head: float32 [T (T + 1) / 2], the rows of a lower triangle.

        ids: int32 [T]. Raises KnError where the model has no such layer or head.
        """
        import torch

        parts = self.model.loaded.parts
        if layer >= parts.n_layers or head >= self.model.n_heads:
            raise KnError(
                f"the model has {self.model.n_heads} heads in each of {parts.n_layers} layers: "
                f"there is no head {head} in layer {layer}"
            )
        found: list[np.ndarray] = []

        def take(of_layer: int, weights: Tensor) -> None:
            if of_layer == layer:
                found.append(weights[0, head].float().cpu().numpy())

        with torch.inference_mode(), capturing(parts, attention=take):
            forward(self.model.loaded, ids[None].astype(np.int64))
        return found[0][np.tril_indices(len(ids))]
