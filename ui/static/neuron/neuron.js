// Right pane: what the selected neuron is, the prompts that fire it, and the prompt on screen
// with the neuron's activations weighted with self-attention.
(kn => {
  const h = kn.h;

  // Attention comes as the rows of a lower triangle: [0,0], [1,0], [1,1], [2,0], ...
  kn.decodeNeuron = data => (data.attention ? { ...data, weighted: weigh(data.attention) } : data);

  const weigh = ({ weights: packed, activations, unit = 1 }) => {
    const weights = kn.unpack(packed);
    const attention = (position, source) => unit * weights[position * (position + 1) / 2 + source];
    // weight(source) = attention(layer, position -> source) * activation(source)
    const at = position => activations.map((activation, source) =>
      (activation === null || source > position ? null : attention(position, source) * activation));
    const sum = activations.map((activation, source) => {
      if (activation === null) return null;
      let total = 0;
      for (let position = source; position < activations.length; position++) total += attention(position, source);
      return total * activation;
    });
    return { at, sum, attention, activations };
  };

  kn.mountNeuron = (pane, { withPrompt }) => {
    let reading = "current";
    const title = h("h2", {}, "Neuron");
    const count = h("span", { class: "kn-count" });
    const body = h("div", { class: "kn-body" });
    const card = h("div", { class: "kn-card" });
    const strongest = h("div", { class: "kn-examples" });
    const sample = h("div", { class: "kn-examples" });
    const upper = h("div", { class: "kn-upper", tabindex: "0", role: "region", "aria-label": "Prompts that fire this neuron" },
      card,
      h("div", { class: "kn-two" },
        h("section", {}, h("h3", {}, "Prompts that fire it most"), strongest),
        h("section", {}, h("h3", { title: "Top examples alone mislead: these are drawn from the rest of its firing range" },
          "A random sample of the rest"), sample)));
    const where = () => `${kn.literal(kn.state.model)}, ${kn.state.layer}, ${kn.state.neuron}`;
    const head = h("div", { class: "kn-head" }, title, count,
      kn.sqlButton(() => `FROM neuron_examples(${where()}, 10, 6)\nORDER BY rank`));

    const readings = kn.toggle("What the colours below show",
      [["current", "current position"], ["sum", "sum over positions"]], reading,
      value => { reading = value; showWeighted(); });
    const whose = h("select", {
      class: "kn-heads", "aria-label": "Whose attention", onchange: () => { chosen = whose.value === "" ? null : Number(whose.value); askHead(); },
    });
    const noHeads = h("span", { class: "kn-faint" });
    const sentence = h("p", { class: "kn-sentence" });
    const weighted = h("div", { class: "kn-weighted" });
    const weightedSql = kn.sqlButton(() => `FROM attention_weighted(${kn.literal(kn.state.model)}, ${kn.state.prompt}, ${kn.state.layer}, ${kn.state.neuron})\nORDER BY position, source_position`);
    const lower = h("section", { class: "kn-lower", "aria-label": "This prompt, weighted with self-attention" },
      h("div", { class: "kn-head" }, h("h3", {}, "This prompt, weighted with self-attention"),
        weightedSql),
      h("div", { class: "kn-tools" }, readings, whose, noHeads), weighted, sentence);

    const hint = kn.message("Select a neuron to see the prompts that fire it.");
    const trouble = h("div", {}, hint);
    pane.append(head, trouble, body);

    // -- the neuron --------------------------------------------------------------------------

    const words = tokens => (tokens.length
      ? tokens.map(({ token, score }) => h("span", { class: "kn-chip", title: kn.number(score) }, h("bdi", {}, kn.quoted(token))))
      : [h("span", { class: "kn-faint" }, "–")]);

    const showCard = () => {
      const { card: facts, countries, vocabulary, missing } = kn.neuron;
      const row = (name, ...values) => h("div", { class: "kn-fact" }, h("dt", {}, name), h("dd", { class: "kn-one", title: values.map(v => v?.textContent ?? v).join(" ") }, ...values));
      kn.fill(card, h("dl", {},
        facts && row("fires at", `${kn.percent(facts.firing_rate)} of tokens`,
          h("span", { class: "kn-faint" }, ` · ${kn.integer(facts.n_fired)} times, threshold ${kn.number(facts.threshold)}`)),
        facts && row("range", `${kn.number(facts.min)} to ${kn.number(facts.max)}`,
          h("span", { class: "kn-faint" }, ` · mean ${kn.number(facts.mean)} · std ${kn.number(facts.std)}`)),
        !facts && row("facts", (missing.card ?? "none").replaceAll("`", "")),
        countries.length > 0 && row("strongest in", ...countries.map(({ country, n }) =>
          h("span", { class: "kn-chip" }, h("bdi", {}, country), n > 1 ? ` ×${n}` : ""))),
        vocabulary
          ? row("promotes", ...words(vocabulary.promotes))
          : row("vocabulary", (missing.vocabulary ?? "none").replaceAll("`", "")),
        vocabulary && row("suppresses", ...words(vocabulary.suppresses))));
    };

    const example = (row, scale) => h("article", { class: "kn-example" },
      h("button", {
        type: "button", class: "kn-open", title: "Open this prompt",
        onclick: () => kn.openPrompt(row.prompt_id, row.peak_position),
      },
      h("b", {}, h("bdi", {}, row.name ?? `prompt ${row.prompt_id}`)),
      row.country ? h("span", { class: "kn-faint" }, " ", h("bdi", {}, row.country)) : null,
      h("span", { class: "kn-peak" }, kn.number(row.peak))),
      kn.shade(kn.prose(row.tokens, {
        title: i => (row.activations[i] === null ? "below the threshold" : `activation ${kn.number(row.activations[i])}`)
          + (i === row.peak_position ? " · its peak" : ""),
      }), row.activations, scale));

    const showExamples = () => {
      const { top, sample: rest, missing } = kn.neuron;
      const scale = Math.max(...top.map(row => Math.abs(row.peak)), 1e-9);
      kn.fill(strongest, ...(top.length ? top.map(row => example(row, scale))
        : [kn.message(missing.top ?? "It fired in no prompt.")]));
      kn.fill(sample, ...(rest.length ? rest.map(row => example(row, scale))
        : [kn.message(missing.sample ?? "It fired in no other prompt.")]));
    };

    // -- the prompt weighted with attention ----------------------------------------------------

    // Position 0 is an attention sink with outsized activations: left in, it would pale the rest.
    const fullColour = values => {
      const sizes = values.map(x => Math.abs(x ?? 0));
      return Math.max(0, ...sizes.slice(1)) || sizes[0] || 0;
    };

    let shown = null; // what the colours show: of the mean or of a head
    const weightWords = source => {
      const { at, sum, attention, activations } = shown;
      const { token } = kn.state;
      if (activations[source] === null) return "did not fire here";
      if (reading === "sum") return `sum ${kn.number(sum[source])}`;
      if (source > token) return "after the current position: not attended to";
      return `${kn.number(attention(token, source))} attention × ${kn.number(activations[source])} activation = ${kn.number(at(token)[source])}`;
    };

    // -- single heads, which the model is asked for --------------------------------------------

    let chosen = null; // a head, or null: the mean over heads, which the atlas holds
    let ofHead = null; // {key, weights, unit}, or {key, words}, or {key, trouble}
    const heads = new Map(); // model -> {n, missing}

    const headKey = () => {
      const { model, prompt, text, layer } = kn.state;
      return JSON.stringify([model, text || prompt, layer, chosen]);
    };

    const askHead = async () => {
      const key = headKey();
      if (chosen !== null && ofHead?.key !== key) {
        const { model, prompt, text, layer } = kn.state;
        const wanted = () => headKey() === key;
        ofHead = { key, words: "starting …" };
        showWeighted();
        try {
          const found = await kn.requested("head", { model, layer, head: chosen, ...(text ? { text } : { prompt }) }, wanted,
            words => { ofHead = { key, words }; showWeighted(); });
          if (!found) return;
          ofHead = { key, ...found };
        } catch (error) {
          if (!wanted()) return;
          ofHead = { key, trouble: error.message };
        }
      }
      showWeighted();
    };

    const showHeads = async () => {
      const { model } = kn.state;
      if (!heads.has(model)) heads.set(model, await kn.ask("heads", { model }).catch(error => ({ n: null, missing: error.message })));
      if (model !== kn.state.model) return;
      const { n, missing } = heads.get(model);
      if (chosen !== null && chosen >= (n ?? 1)) chosen = null;
      kn.fill(whose, h("option", { value: "" }, "mean of heads"),
        ...Array.from({ length: missing ? 0 : n ?? 1 }, (_, i) => h("option", { value: String(i) }, `head ${i}`)));
      whose.value = chosen === null ? "" : String(chosen);
      whose.disabled = Boolean(missing);
      noHeads.textContent = missing ? "single heads need the model, which can't be asked here" : "";
      noHeads.title = (missing ?? "").replaceAll("`", "");
      whose.title = missing ? `Single heads are asked of the model: ${missing}`.replaceAll("`", "") : "Single heads are asked of the model";
    };

    let prose = null;
    const showWeighted = () => {
      if (!withPrompt || stale || !kn.neuron || !kn.prompt) return;
      const { layer, neuron, token } = kn.state;
      weightedSql.hidden = Boolean(kn.prompt.prompt.live) || chosen !== null; // no row of a table holds it
      whose.hidden = noHeads.hidden = !kn.neuron.attention;
      const single = chosen !== null && kn.neuron.attention && ofHead?.key === headKey();
      if (chosen !== null && kn.neuron.attention && !ofHead?.weights) {
        kn.fill(sentence);
        kn.fill(weighted, kn.message(ofHead?.trouble ?? `Head ${chosen} of layer ${layer} is asked of the model: ${ofHead?.words ?? ""}`));
        return;
      }
      if (single && ofHead.of !== kn.neuron) Object.assign(ofHead, { of: kn.neuron, weighted: weigh({ ...kn.neuron.attention, ...ofHead }) });
      const found = single ? ofHead.weighted : kn.neuron.weighted;
      shown = found;
      if (!found) {
        kn.fill(sentence);
        kn.fill(weighted, kn.message(kn.neuron.missing.attention ?? "no attention in this atlas yet"));
        return;
      }
      const values = reading === "sum" ? found.sum : found.at(token);
      const scale = fullColour(values);
      if (prose?.tokens !== kn.prompt.tokens) {
        prose = kn.prose(kn.prompt.tokens, { title: weightWords, onpick: i => kn.go({ token: i }) });
        prose.tokens = kn.prompt.tokens;
      }
      if (!prose.isConnected) kn.fill(weighted, prose);
      kn.shade(prose, values, scale);
      kn.mark(prose, token);
      const nowhere = found.activations.every(a => a === null);
      kn.fill(sentence,
        h("code", {}, "weight(source) = attention(layer, current position → source) * activation(source)"),
        reading === "sum" ? ", summed over all positions as the current one" : `, current position ${token}`,
        single ? `; attention is that of head ${chosen} of layer ${layer} alone, computed by the model just now. ` : `; attention is layer ${layer}'s, mean over its heads. `,
        nowhere || !scale ? "" : `Full colour is ${kn.number(scale)}, the largest here, source 0 aside. `,
        nowhere ? `Neuron ${neuron} fired nowhere in this prompt, so nothing is shaded.` : "");
    };

    // -- what it listens to --------------------------------------------------------------------

    const name = () => {
      const { layer, neuron } = kn.state;
      title.textContent = layer === null ? "Neuron" : `Layer ${layer} · neuron ${neuron}`;
    };
    // The pane of a tab that isn't on screen is filled when it comes on.
    let stale = false;
    const show = () => {
      pane.classList.remove("kn-waiting");
      stale = pane.clientWidth === 0;
      if (stale) return;
      name();
      kn.fill(trouble);
      kn.fill(body, upper, withPrompt && lower);
      showCard();
      showExamples();
      if (withPrompt) { showHeads(); askHead(); }
      upper.scrollTop = 0;
    };
    kn.on("neuron-asked", () => { name(); pane.classList.add("kn-waiting"); });
    kn.on("neuron", show);
    kn.on("token", showWeighted);
    kn.on("prompt-asked", () => pane.classList.add("kn-waiting"));
    const clear = words => {
      pane.classList.remove("kn-waiting");
      stale = false;
      kn.fill(body);
      kn.fill(trouble, words && kn.message(words, "error"));
    };
    kn.on("neuron-none", () => { name(); clear(); });
    kn.on("neuron-failed", clear);
    new ResizeObserver(() => { if (stale) show(); }).observe(pane);
    if (kn.neuron) show();
  };
})((window.kn ??= {}));
