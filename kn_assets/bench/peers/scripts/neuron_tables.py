"""The tables that the peers make of activations: of what fired, or all that an atlas holds.

Every peer's script hands the activations of each batch and layer to one of these, and shares with
the others all that comes after: torch on the dense activations, NumPy on the rows that fired.
"""

from __future__ import annotations

import numpy as np
import torch

ROW = ("prompt_id", "position", "layer", "neuron", "activation")
BY_NEURON = ("layer", "neuron", "prompt_id", "position", "activation")
Columns = dict[str, np.ndarray]


class Rows:
    """Where each token of a batch belongs: prompt id and position, and which are real."""

    def __init__(self, prompt_ids: np.ndarray, lengths: np.ndarray, sinks: np.ndarray) -> None:
        width = int(lengths.max())
        self.prompt = np.repeat(prompt_ids.astype(np.int32), width)
        self.position = np.tile(np.arange(width, dtype=np.int16), len(lengths))
        self.real = self.position < np.repeat(lengths, width)
        self.padded = not self.real.all()
        # The real ones that are no attention sinks, and a number for each.
        counted = self.real.copy()
        counted[counted] = ~sinks[self.prompt[counted], self.position[counted]]
        self.counted = torch.from_numpy(np.flatnonzero(counted))
        place = self.prompt.astype(np.int64) << 16 | self.position
        self.place = torch.from_numpy(place)[self.counted]


class Fired:
    """Collects the fired neurons of each batch and layer: a table in the order of batches."""

    def __init__(self, thresholds: list[float]) -> None:
        self.thresholds = thresholds
        self.columns: list[list[np.ndarray]] = [[] for _ in ROW]

    def add(self, layer: int, activations: torch.Tensor, rows: Rows) -> None:
        """activations: [prompts, tokens, neurons] of one layer."""
        row, neuron, value = found(activations, self.thresholds[layer])
        if rows.padded:
            real = rows.real[row]
            row, neuron, value = row[real], neuron[real], value[real]
        columns = (
            rows.prompt[row],
            rows.position[row],
            np.full(len(row), layer, np.int16),
            neuron.astype(np.int32),
            value,
        )
        for kept, column in zip(self.columns, columns, strict=True):
            kept.append(column)

    def tables(self) -> dict[str, Columns]:
        """The tables by name."""
        columns = {n: np.concatenate(c) for n, c in zip(ROW, self.columns, strict=True)}
        self.columns = [[] for _ in ROW]  # millions of rows, which needn't be held twice
        return {"activations": columns}


class Atlas(Fired):
    """All that ours makes: what fired in two orders, peaks, statistics and strongest tokens.

    sinks: bool [largest prompt id + 1, longest], tokens that are left out of all but what fired.
    """

    def __init__(self, thresholds: list[float], top_k: int, sinks: np.ndarray) -> None:
        super().__init__(thresholds)
        self.sinks = sinks
        self.layers = [Layer(top_k) for _ in thresholds]

    def add(self, layer: int, activations: torch.Tensor, rows: Rows) -> None:
        super().add(layer, activations, rows)
        self.layers[layer].add(activations.flatten(0, -2)[rows.counted], rows.place)

    def tables(self) -> dict[str, Columns]:
        fired = super().tables()["activations"]
        by_neuron = in_order(fired, BY_NEURON)
        return {
            "activations": in_order(fired, ROW),
            "activations_by_neuron": by_neuron,
            "neuron_peaks": peaks(by_neuron, self.sinks),
            "neurons": self._statistics(by_neuron),
            "neuron_top": self._tops(),
        }

    def _statistics(self, fired: Columns) -> Columns:
        count, sums, squares = (
            np.stack([getattr(layer, name) for layer in self.layers])
            for name in ("count", "sums", "squares")
        )
        n_layers, n_neurons = sums.shape
        counted = ~self.sinks[fired["prompt_id"], fired["position"]]
        number = fired["layer"][counted] * np.int32(n_neurons) + fired["neuron"][counted]
        n_fired = np.bincount(number, minlength=sums.size).reshape(sums.shape)
        mean = sums / count[:, None]
        high, low = (
            np.stack([layer.top[sign][0][0].float().numpy() for layer in self.layers])
            for sign in (1, -1)
        )
        return {
            "layer": np.repeat(np.arange(n_layers, dtype=np.int16), n_neurons),
            "neuron": np.tile(np.arange(n_neurons, dtype=np.int32), n_layers),
            "n_fired": n_fired.ravel(),
            "firing_rate": (n_fired / count[:, None]).ravel(),
            "mean": mean.ravel(),
            "std": np.sqrt(np.maximum(squares / count[:, None] - mean**2, 0)).ravel(),
            "min": low.ravel(),
            "max": high.ravel(),
        }

    def _tops(self) -> Columns:
        parts: list[tuple[np.ndarray, ...]] = []
        for layer, of in enumerate(self.layers):
            values, places = (
                torch.stack([of.top[sign][i] for sign in (1, -1)]).permute(2, 0, 1) for i in (0, 1)
            )  # [neurons, signs, k]
            neuron, sign, rank = np.indices(values.shape, np.int32).reshape(3, -1)
            place = places.reshape(-1).numpy()
            parts.append(
                (
                    np.full(len(neuron), layer, np.int16),
                    neuron,
                    (1 - 2 * sign).astype(np.int8),
                    (rank + 1).astype(np.int16),
                    (place >> 16).astype(np.int32),
                    (place & 0xFFFF).astype(np.int16),
                    values.reshape(-1).float().numpy(),
                )
            )
        names = ("layer", "neuron", "sign", "rank", "prompt_id", "position", "activation")
        columns = (np.concatenate(c) for c in zip(*parts, strict=True))
        return dict(zip(names, columns, strict=True))


class Layer:
    """Running sums of one layer, and each neuron's largest and smallest values so far."""

    def __init__(self, top_k: int) -> None:
        self.top_k, self.count = top_k, 0
        self.sums: np.ndarray | float = 0.0
        self.squares: np.ndarray | float = 0.0
        self.top: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        """By sign: values [k, neurons], strongest first, and the numbers of their tokens."""

    def add(self, activations: torch.Tensor, place: torch.Tensor) -> None:
        """activations: [tokens, neurons]; place: int64 [tokens]."""
        self.count += len(activations)
        dense = activations.float()
        self.sums += dense.sum(0).double().numpy()
        self.squares += dense.square().sum(0).double().numpy()
        for sign in (1, -1):
            values, row = self._topk(activations, sign)
            places = place[row]
            if sign in self.top:
                before, places_before = self.top[sign]
                values, row = self._topk(torch.cat([before, values]), sign)
                places = torch.cat([places_before, places]).gather(0, row)
            self.top[sign] = values, places

    def _topk(self, values: torch.Tensor, sign: int) -> tuple[torch.Tensor, torch.Tensor]:
        k = min(self.top_k, len(values))
        found = torch.topk(values, k, dim=0, largest=sign > 0)
        return found.values, found.indices


def found(activations: torch.Tensor, threshold: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, neuron and value (float32) of each activation of at least `threshold` by size."""
    flat = activations.flatten(0, -2)
    row, neuron = torch.nonzero(flat.abs() >= threshold, as_tuple=True)
    return row.numpy(), neuron.numpy(), flat[row, neuron].float().numpy()


def in_order(rows: Columns, names: tuple[str, ...]) -> Columns:
    """Rows that fired, in the order of all of `names` but the last, which are the columns.

    Their places are packed into one integer: NumPy sorts those several times faster than it finds
    an order by four columns (np.lexsort).
    """
    key = np.zeros(len(rows["activation"]), np.int64)
    for name in names[:-1]:
        key *= int(rows[name].max(initial=0)) + 1
        key += rows[name]
    order = np.argsort(key)
    return {name: rows[name][order] for name in names}


def peaks(by_neuron: Columns, sinks: np.ndarray) -> Columns:
    """Each neuron's largest |activation| in each prompt, sinks left out; the first of equals."""
    counted = ~sinks[by_neuron["prompt_id"], by_neuron["position"]]
    rows = {name: column[counted] for name, column in by_neuron.items()}
    size = np.abs(rows["activation"])
    new = np.ones(len(size), bool)
    new[1:] = np.any([rows[n][1:] != rows[n][:-1] for n in BY_NEURON[:3]], axis=0)
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    largest = np.flatnonzero(size == np.maximum.reduceat(size, starts)[group])
    first = largest[np.searchsorted(largest, starts)]
    return {name: column[first] for name, column in rows.items()}
