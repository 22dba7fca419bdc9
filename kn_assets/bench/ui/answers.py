"""Times of what answers a person's questions: a target, a fact, what is asked in the box.

Each from the act to the frame that shows its answer. Of a target that are its contributions; its
ranks after each layer, for which the model takes longer, come later and have a figure of their own.
"""

from __future__ import annotations

import json
import random
from typing import Any

from kn_assets.bench.ui.page import SLIDER, Times, page

# Words that most models have as one token, with the space before them.
WORDS = """
the city of and in is a France to with for Paris capital London from this one China India Japan its
town north south island river west east state world great new old first last war king church school
house road time people year day men water land sea hill port field white black red green large small
high long two three four five six ten home line park station bridge market
"""
A_PROMPT = 6
LOADING = 300_000  # milliseconds
SETTLED = "Boolean(kn.target.trouble || kn.target.missing || kn.target.data?.lensRank)"
TARGET = """
async target => {
  const token = JSON.parse(target);
  const isOf = () => JSON.parse(kn.target.key || '{}').target?.token === token;
  const isThere = () => isOf() && (kn.target.data || kn.target.trouble);
  const painted = await bench.when('contributions', isThere, () => kn.go({target}));
  if (!kn.target.data) return null;
  const begun = performance.now();
  const whole = await bench.when('contributions', () => kn.target.data.lensRank, () => {});
  return [painted, painted + whole];
}
"""
FACT = """
async fact => {
  const started = performance.now();
  kn.go({fact});
  while (!bench.isNamed(fact)) await bench.frame();
  await bench.frame();
  return performance.now() - started;
}
"""
NAMED = """
bench.named = null;
kn.on('fact-named', id => { bench.named = String(id); });
bench.isNamed = fact => bench.named === fact && !document.querySelector('.kn-waiting');
"""
ASK = """
async ask => {
  const sheet = document.querySelector('.kn-ask-sheet');
  const started = performance.now();
  await kn.go({ask});
  while (sheet.hidden || !sheet.querySelector('.kn-ask-reading, .kn-error')) await bench.frame();
  await bench.frame();
  return performance.now() - started;
}
"""


def targets(chromium: Any, url: str, atlas: dict[str, Any], repeats: int, seed: int) -> Times:
    """`target`, `target, ranks by layer`, and `slider, by target`: none where the model isn't here.

    Prompts are opened, and their first target waited for, between the times.
    """
    rng = random.Random(seed)
    times: Times = {"target": [], "target, ranks by layer": [], "slider, by target": []}
    with page(chromium, url, atlas) as opened:
        if opened.evaluate("model => kn.ask('can_run', {model})", atlas["model"])["missing"]:
            return {}
        prompts = _prompts(opened, atlas["model"])
        while len(times["target"]) < repeats and prompts:
            opened.evaluate("prompt => kn.go({prompt, target: ''})", prompts.pop(0))
            opened.wait_for_function(SETTLED, timeout=LOADING)  # the first one loads the model
            last = opened.evaluate("kn.prompt.tokens.length - 1")
            for token in rng.sample(WORDS.split(), A_PROMPT):
                found = opened.evaluate(TARGET, json.dumps(f" {token}"))
                if found is None:
                    continue  # this model has several tokens for it
                for name, value in zip(times, found, strict=False):
                    times[name].append(value)
                times["slider, by target"].append(opened.evaluate(SLIDER, rng.randint(0, last)))
    return {name: values for name, values in times.items() if values}


def facts(chromium: Any, url: str, atlas: dict[str, Any], repeats: int) -> Times:
    """`fact`, in Knowledge, and `fact, training`: none where the atlas has no such tables."""
    times: Times = {}
    with page(chromium, url, atlas) as opened:
        opened.evaluate(NAMED)
        listed = opened.evaluate(
            "model => kn.ask('facts', {model, text: '', offset: 0, limit: 500})", atlas["model"]
        )
        held = [str(row["fact_id"]) for row in listed["rows"]][: 2 * repeats + 2]
        if len(held) < 4:
            return {}
        for name, tab in (("fact", "knowledge"), ("fact, training", "training")):
            if tab == "training" and not opened.evaluate("kn.steps.length"):
                continue
            first, *others = held[::2] if tab == "knowledge" else held[1::2]
            opened.evaluate("([tab, fact]) => kn.go({tab, fact})", [tab, first])
            opened.wait_for_function("fact => bench.isNamed(fact)", arg=first, timeout=LOADING)
            times[name] = [opened.evaluate(FACT, fact) for fact in others]
    return times


def asks(chromium: Any, url: str, atlas: dict[str, Any], repeats: int, seed: int) -> Times:
    """`ask`: facts, cities, countries, neurons, tokens and sentences, none asked twice."""
    rng = random.Random(seed)
    with page(chromium, url, atlas) as opened:
        found = opened.evaluate(
            "model => kn.ask('search', {model, text: '', offset: 0, limit: 500}).then(f => f.rows)",
            atlas["model"],
        )
        cities = rng.sample(found, min(repeats, len(found)))
        kinds = (
            lambda city: f"{city['name']} is in {city['country']}",
            lambda city: city["name"],
            lambda city: city["country"] or city["name"],
            lambda _: f"{rng.randrange(atlas['n_layers'])}/{rng.randrange(atlas['n_neurons'])}",
            lambda city: f" {city['name']}",
            lambda city: f"{city['name']} lies on the banks of a river and",
        )
        texts = [kinds[i % len(kinds)](city) for i, city in enumerate(cities)]
        return {"ask": [opened.evaluate(ASK, text) for text in dict.fromkeys(texts)]}


def _prompts(opened: Any, model: str) -> list[int]:
    """Prompts of the atlas but the one on screen."""
    held: list[int] = opened.evaluate(
        "async model => (await kn.ask('search', {model, text: '', offset: 0, limit: 500}))"
        ".rows.map(row => row.prompt_id).filter(prompt => prompt !== kn.state.prompt)",
        model,
    )
    return held
