"""The embedded model in float32 over 90 real descriptions, against plain hooks, every number."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from kn_assets.atlas import extract as extraction
from kn_assets.atlas.extract import NEEDS, extract
from kn_assets.atlas.needs import FIRED
from kn_assets.atlas.plan import AtlasPlan
from kn_assets.atlas.settings import AtlasSettings
from kn_assets.corpora import plan as corpus_tables
from kn_assets.models import embedded
from kn_assets.progress import Progress
from tests.models.store import lake_with_embedded_model

N_PROMPTS, N_TOKENS, K = 90, 30, 20
SHARD_PROMPTS = 40  # so that there are three, the last one smaller
AT_ONCE = 40  # prompts whose dense activations are in memory


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> AtlasPlan:
    lake = lake_with_embedded_model(tmp_path_factory.mktemp("exact") / "lake")
    corpus = corpus_tables.CorpusPlan(lake, "geonames")
    corpus.make(corpus.tables, Progress())
    settings = AtlasSettings(
        corpus="geonames", model=embedded.KEY, limit=N_PROMPTS, dtype="float32", top_k=K
    )
    plan = AtlasPlan(lake, settings)
    tables = [t for t, need in NEEDS.items() if need == FIRED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extraction, "SHARD_PROMPTS", SHARD_PROMPTS)
        extract(plan, ["atlases", "thresholds", "tokens", *tables], Progress())
    return plan


def hooked(plan: AtlasPlan) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Each prompt's activations, float32 [layers, tokens, neurons], and norms of the residual
    stream, float32 [layers, tokens]: one prompt at a time, hooks by module name, nothing of the
    package's own."""
    folder = embedded.folder(plan.lake)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    seen: list[torch.Tensor] = []
    norms: list[torch.Tensor] = []
    for layer in model.model.layers:
        layer.register_forward_hook(
            lambda _m, _i, o: norms.append((o[0] if isinstance(o, tuple) else o).norm(dim=-1)[0])
        )
        layer.mlp.down_proj.register_forward_hook(lambda _m, i, _o: seen.append(i[0][0]))
    for text in plan.lake.read(plan.corpus, "prompts")["text"].to_pylist()[:N_PROMPTS]:
        with torch.no_grad():
            model.model(torch.tensor([tokenizer(text)["input_ids"][:N_TOKENS]]))
        yield torch.stack(seen).numpy(), torch.stack(norms).numpy()
        seen.clear()
        norms.clear()


def sinks_of(plan: AtlasPlan) -> list[np.ndarray]:
    """Which tokens of each prompt are sinks by the atlas, bool [tokens]."""
    tokens = plan.lake.read(plan.model, "tokens")
    starts = np.flatnonzero(tokens["position"].to_numpy() == 0)
    return np.split(tokens["sink"].to_numpy(), starts)[1:]


@pytest.mark.thorough
def test_every_number_of_90_prompts(plan: AtlasPlan) -> None:
    """Fired sets, stored values, sinks, statistics and top k.

    A matrix product's last digits depend on its batch, so the few values within 1e-4 of a threshold
    may fall on either side of it.
    """
    lake, key = plan.lake, plan.model
    calibrated = lake.read(key, "thresholds")
    thresholds = calibrated["threshold"].to_numpy()[:, None, None]
    bars = calibrated["sink_norm"].to_numpy()[:, None]
    sinks = sinks_of(plan)
    stored = {
        t: [lake.read(key, t)[c].to_numpy() for c in ("prompt_id", "layer", "position", "neuron")]
        + [lake.read(key, t)["activation"].to_numpy()]
        for t in ("activations", "activations_by_neuron")
    }
    order = np.lexsort(stored["activations_by_neuron"][3::-1])
    wanted_order = np.lexsort(stored["activations"][3::-1])
    for a, b in zip(*stored.values(), strict=True):
        assert (a[wanted_order] == b[order]).all(), "both orders hold the same rows"
    prompt_of, *places, values = (c[wanted_order] for c in stored["activations"])
    edges = np.searchsorted(prompt_of, np.arange(N_PROMPTS + 1))

    count = differing = 0
    fired, sums, squares = (np.zeros(()) for _ in range(3))
    most: list[np.ndarray] = []
    least: list[np.ndarray] = []
    for prompt, (dense, norms) in enumerate(hooked(plan)):
        counted = ~sinks[prompt]
        assert (counted == (norms < bars).all(0)).all()
        assert not counted[0], "as in all texts"
        mine = slice(edges[prompt], edges[prompt + 1])
        kept = np.zeros_like(dense)
        kept[tuple(p[mine] for p in places)] = values[mine]
        over = np.abs(dense) >= thresholds
        differ = (kept != 0) != over
        assert (np.abs(np.abs(dense) / thresholds - 1)[differ] <= 1e-4).all()
        differing += differ.sum()
        both = (kept != 0) & over
        error = np.abs(kept[both] - dense[both]) / np.maximum(1, np.abs(dense[both]))
        assert error.max() <= 1e-4
        later = dense[:, counted].astype(float)
        count, fired = count + later.shape[1], fired + over[:, counted].sum(1)
        sums, squares = sums + later.sum(1), squares + (later**2).sum(1)
        most.append(dense[:, counted])
        least.append(-dense[:, counted])
        if len(most) == AT_ONCE:
            most, least = [_strongest(most)], [_strongest(least)]
    assert differing <= 1e-4 * len(values)

    neurons = lake.read(key, "neurons")
    shape = sums.shape
    found = {c: neurons[c].to_numpy().reshape(shape) for c in neurons.column_names}
    assert np.abs(found["n_fired"] - fired).sum() <= differing
    scale = np.sqrt(squares / count)
    assert (np.abs(found["mean"] - sums / count) <= 1e-4 * scale).all()
    deviation = np.sqrt(squares / count - (sums / count) ** 2)
    assert (np.abs(found["std"] - deviation) <= 1e-3 * scale).all()
    top = lake.read(key, "neuron_top")
    for sign, strongest in ((1, _strongest(most)), (-1, _strongest(least))):
        rows = top.filter(np.asarray(top["sign"]) == sign)
        got = sign * rows["activation"].to_numpy().reshape(*shape, K)
        wanted = np.moveaxis(strongest, 1, 2)
        assert (np.abs(got - wanted) <= 1e-4 * np.maximum(1, np.abs(wanted))).all()


def _strongest(parts: list[np.ndarray]) -> np.ndarray:
    """The K largest of each layer and neuron, largest first: [layers, K, neurons]."""
    return torch.topk(torch.from_numpy(np.concatenate(parts, axis=1)), K, dim=1).values.numpy()
