"""A lake for notebooks and scripts: what `import kn_assets` offers.

    import kn_assets

    lake = kn_assets.open("data")
    lake.atlases()
    lake.ask.neuron_prompts("smollm2-135m", 3, 123, 20).df()
    lake.sql("FROM neurons WHERE model = ? AND layer = ?", ["smollm2-135m", 3]).arrow()
    lake.activations("smollm2-135m", prompt=0, layer=3)

Nothing is written to the lake. torch is imported only where activations are computed anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kn_assets.database.answers import Answer, Parameters, answer
from kn_assets.database.database import Database
from kn_assets.database.questions import Questions
from kn_assets.errors import KnError
from kn_assets.lake import Lake
from kn_assets.lake import model as partition

if TYPE_CHECKING:
    import torch

    from kn_assets.atlas.direct.contributions import Contributions
    from kn_assets.live.direct import LiveDirect
    from kn_assets.live.model import LiveModel


def open(
    root: str | os.PathLike[str] | None = None,
    memory_limit: str = "2GB",
    threads: int | None = None,
) -> OpenLake:
    """Open a lake to read from: the folder `root`, or `$KN_DATA`, or `data`.

    memory_limit, threads: what DuckDB may use, all cores by default. Raises KnError where the
    folder isn't there.
    """
    lake = Lake(None if root is None else Path(root))
    if not lake.root.is_dir():
        raise KnError(f"there is no lake at {lake.root}: `kn demo` or `kn run` makes one")
    return OpenLake(Database(lake, memory_limit, threads, hold=False))


class OpenLake:
    """A lake to read from; `open` gives it.

    `ask` holds a function for each macro: `lake.ask.heatmap("gpt2", 0)`, which
    `lake.ask("heatmap", "gpt2", 0)` calls by name.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live: tuple[str, LiveModel] | None = None
        self._direct: tuple[str, LiveDirect] | None = None
        self.ask = Questions(self.sql, self._check)

    @property
    def root(self) -> Path:
        """The lake's folder."""
        return self._database.lake.root

    def atlases(self) -> Answer:
        """All atlases, a row each: its key `model`, corpus, prompts, layers, neurons of a layer."""
        return self.sql(
            "SELECT model, corpus, n_prompts, n_layers, n_neurons, created_at "
            "FROM atlases ORDER BY model"
        )

    def sql(self, sql: str, parameters: Parameters | None = None) -> Answer:
        """Answer one query over the views and macros of `sql/`.

        parameters: values for `?` in order, or by name for `$name`. Raises KnError where the query
        is wrong or does anything but read the lake.
        """
        return answer(self._database.cursor(), sql, parameters)

    def activations(
        self,
        atlas: str,
        prompt: int,
        layer: int | None = None,
        *,
        missing: float = 0.0,
        live: bool = False,
    ) -> np.ndarray:
        """Activations of one prompt of an atlas: at the input of the MLP's output projection.

        Returns float32 [tokens, neurons] of a layer, or [layers, tokens, neurons] of all. An atlas
        stores fired neurons only, |activation| >= the layer's threshold: all others are `missing`
        (give `numpy.nan` to tell them from 0). With `live` the atlas' model computes every value;
        it must be on this machine, and stays loaded. Raises KnError for an unknown atlas, prompt
        or layer.
        """
        self._check(atlas)
        n_layers, n_neurons = self._sizes()[atlas]
        if layer is not None and not 0 <= layer < n_layers:
            raise KnError(f"atlas {atlas} has no layer {layer}, but 0 to {n_layers - 1}")
        layers = range(n_layers) if layer is None else range(layer, layer + 1)
        shape = (len(layers), self._n_tokens(atlas, prompt), n_neurons)
        values = np.full(shape, missing, np.float32)
        if live:
            self._compute(values, atlas, prompt, layers)
        else:
            self._fill(values, atlas, prompt, layers)
        return values if layer is None else values[0]

    def contributions(
        self, atlas: str, prompt: int, target: object = None, against: object = None
    ) -> Contributions:
        """What each unit adds to the logit of a token, at all positions of a prompt of an atlas.

        target: a token's text (" France" with its space; it must be one token), `{"kind": "next"}`
        for what really follows (the default), `{"kind": "answer"}` for the model's likeliest, or
        `{"kind": "token", "id": 4649}`. against: None, or a token or the answer: then all numbers
        are of the difference of the two logits. Returns float32 arrays: `logit`, `embedding` and
        `biases` [tokens], `attention` and `mlp` [tokens, layers], `heads` [tokens, layers, heads]
        and `neurons` [tokens, layers, neurons]; embedding, attention, mlp and biases sum to logit.
        The atlas' model computes them in float32; it must be on this machine, and stays loaded.
        Raises KnError for an unknown atlas, prompt or token, and where a model's parts don't sum to
        its logits.
        """
        from kn_assets.atlas.lazy_lens import prompt_of
        from kn_assets.progress import Progress

        self._check(atlas)
        ids = prompt_of(self._database.lake, partition(atlas), prompt).ids
        wanted = {"kind": "next"} if target is None else target
        return self._in_float32(atlas).contributions(ids, wanted, against, Progress())

    def _fill(self, values: np.ndarray, atlas: str, prompt: int, layers: range) -> None:
        """Set what is stored of a prompt in `values`, [layers, tokens, neurons]."""
        fired = self._database.cursor().execute(
            "SELECT layer - $3 AS layer, position, neuron, activation "
            "FROM lake.activations_of($1, $2) WHERE layer BETWEEN $3 AND $4",
            [atlas, prompt, layers[0], layers[-1]],
        )
        rows = fired.fetchnumpy()
        values[rows["layer"], rows["position"], rows["neuron"]] = rows["activation"]

    def _compute(self, values: np.ndarray, atlas: str, prompt: int, layers: range) -> None:
        """Set all `values`, [layers, tokens, neurons], by running the atlas' model."""
        import torch

        from kn_assets.atlas.forward.capture import capturing, forward
        from kn_assets.atlas.lazy_lens import prompt_of

        model = self._model(atlas)
        ids = prompt_of(self._database.lake, partition(atlas), prompt).ids

        def take(layer: int, activations: torch.Tensor) -> None:
            if layer in layers:
                values[layer - layers[0]] = activations[0].float().cpu().numpy()

        with torch.inference_mode(), capturing(model.loaded.parts, activations=take):
            forward(model.loaded, ids[None].astype(np.int64))

    def _model(self, atlas: str) -> LiveModel:
        """The atlas' model, loaded once: the last one asked for is kept."""
        from kn_assets.live.model import LiveModel
        from kn_assets.progress import Progress

        if self._live is None or self._live[0] != atlas:
            self._live = None
            self._live = (atlas, LiveModel.of(self._database.lake, atlas, Progress()))
        return self._live[1]

    def _in_float32(self, atlas: str) -> LiveDirect:
        """The atlas' model in float32, loaded once: the last one asked for is kept."""
        from kn_assets.live.direct import LiveDirect
        from kn_assets.progress import Progress

        if self._direct is None or self._direct[0] != atlas:
            self._direct = None
            self._direct = (atlas, LiveDirect.of(self._database.lake, atlas, Progress()))
        return self._direct[1]

    def _check(self, atlas: str) -> None:
        """Raise KnError where there is no such atlas."""
        keys = self._sizes()
        if atlas not in keys:
            there = ", ".join(keys) or "none yet: `kn demo` or `kn run` makes one"
            raise KnError(f"no atlas is called {atlas}: there are {there}")

    def _sizes(self) -> dict[str, tuple[int, int]]:
        """Layers of each atlas, and neurons of a layer."""
        return {row["model"]: (row["n_layers"], row["n_neurons"]) for row in self.atlases()}

    def _n_tokens(self, atlas: str, prompt: int) -> int:
        cursor = self._database.cursor()
        counted = cursor.execute(
            "SELECT count(*) FROM lake.tokens_of(?) WHERE prompt_id = ?", [atlas, prompt]
        ).fetchone()
        if not counted or not counted[0]:
            raise KnError(f"atlas {atlas} has no prompt {prompt}: view prompts lists them")
        return int(counted[0])

    def __repr__(self) -> str:
        return f"lake {self.root}\n{self.atlases()!r}"
