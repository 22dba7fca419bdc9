// Training: the slider of steps, a fact and a neuron against it, the moving map, births and deaths,
// and the table of checkpoints. What is drawn is fetched once; the slider only moves markers.
(kn => {
  const h = kn.h;

  const CONTROLS = [
    ["refined", "its own neurons", "own"], ["random", "random", "grey"], ["matched", "equally active", "blue"],
    ["unrelated", "on another fact", "orange"], ["final", "the last step's", "violet"]];
  kn.CONTROLS = CONTROLS;

  const share = v => `${Math.round(100 * v)} %`;
  const change = v => {
    if (v === null || v === undefined) return "–";
    const percent = 100 * v;
    const size = Math.abs(percent);
    if (size < 0.05) return "0 %";
    return `${percent > 0 ? "+" : percent < 0 ? "−" : ""}${size >= 1000 ? kn.integer(Math.round(size)) : size >= 9.95 ? Math.round(size) : size.toFixed(1)} %`;
  };
  kn.changeWords = change;

  kn.tab("training", ({ element }) => {
    const pane = name => kn.section(element, name);
    let info = null; // what there is of the model on screen
    let name = null; // the model it is of
    const charts = []; // all that have a marker
    const steps = () => kn.steps.map(s => s.step);
    const last = () => kn.steps[kn.steps.length - 1]?.model;
    const onpick = i => kn.toStep(i);
    const visible = () => kn.state.tab === "training";
    const model = () => kn.literal(kn.state.model);

    // -- the slider --------------------------------------------------------------------------

    const trouble = h("div", {});
    pane("steps").append(kn.stepSlider({ wide: true }), trouble);

    const nothing = ({ name: base, others }) => [
      h("p", {}, h("b", {}, base), " is seen at one moment only: this lake holds no atlases of its training steps."),
      others.length > 0 && h("p", {}, "This lake holds steps of ", ...others.flatMap((other, i) => [i ? ", " : "", h("button", {
        type: "button", class: "kn-link", onclick: () => kn.go({ model: other, fact: "" }, { keepToken: true }),
      }, kn.baseOf(other))]), "."),
      h("p", {}, "Train a small GPT-2 on the facts, on this machine, and make an atlas of each checkpoint, with its facts and interventions:"),
      h("pre", {}, "kn train\nkn knowledge --corpus geonames --model geo-gpt2 --limit 600 --steps-of all"),
      h("p", {}, "Or take the steps that a model was published with:"),
      h("pre", {}, "kn knowledge --corpus geonames --model EleutherAI/pythia-70m --limit 600 --steps-of 16"),
    ];

    // -- a fact ------------------------------------------------------------------------------

    let fact = null;
    let kind = "suppress";
    let whose = "relation";
    const factTitle = h("p", { class: "kn-fact-title" });
    const factTrouble = h("div", {});
    const picker = kn.factPicker({ model: last, onpick: id => kn.go({ fact: String(id) }), popup: true });
    const byStep = (rows, get) => {
      const of = new Map(rows.map(row => [row.step, get(row)]));
      return steps().map(step => of.get(step) ?? null);
    };
    const factCall = macro => () => `FROM ${macro}(${model()}, ${fact?.fact.fact_id ?? 0})`;

    const chance = kn.lineChart({
      title: "Its answer", note: "mean over the wordings", format: v => kn.number(v), onpick, sql: factCall("fact_story"),
      data: () => ({
        min: 0, max: 1, tick: v => String(v),
        series: [
          { name: "probability", colour: "own", values: byStep(fact.story, r => r.probability) },
          { name: "wordings right", colour: "blue", values: byStep(fact.story, r => r.n_right / r.n_wordings), words: i => { const row = fact.story.find(r => r.step === steps()[i]); return `${row.n_right} of ${row.n_wordings}`; } }],
      }),
    });
    const rank = kn.lineChart({
      title: "Rank of its answer", note: "median over the wordings, 1 is first", format: v => kn.integer(Math.round(10 ** v)), onpick,
      data: () => {
        const values = byStep(fact.story, r => Math.log10(r.rank));
        const top = Math.max(1, Math.ceil(Math.max(...values.map(v => v ?? 0))));
        return { min: 0, max: top, reversed: true, ticks: Array.from({ length: top + 1 }, (_, k) => k), series: [{ name: "rank", colour: "own", values, words: i => kn.number(10 ** values[i]) }] };
      },
    });
    const decided = kn.lineChart({
      title: "Layer that decides", note: "from it on the lens ranks the answer first", format: v => kn.number(v), onpick,
      data: () => ({
        min: 0, max: Math.max(1, kn.atlas.n_layers - 1), none: "The lens never ranked the answer first.",
        ticks: kn.ticks(0, kn.atlas.n_layers - 1, 4).filter(Number.isInteger),
        series: [{ name: "layer", colour: "own", values: byStep(fact.story, r => r.decided_layer), words: i => { const row = fact.story.find(r => r.step === steps()[i]); return `layer ${kn.number(row.decided_layer)}`; } }],
      }),
    });
    const mass = kn.layerStrip({
      title: "Attribution by layer", note: "the sum of its neurons' scores", onpick, sql: factCall("fact_mass"), format: v => kn.number(v),
      cellWords: v => `scores sum to ${kn.number(v)}`,
      data: () => {
        const of = new Map(fact.mass.map(row => [row.step, row.layers]));
        const values = Array.from({ length: kn.atlas.n_layers }, (_, layer) => steps().map(step => of.get(step)?.[layer] ?? null));
        const all = values.flat().filter(v => v !== null);
        return {
          values, scale: Math.max(...all.map(Math.abs), 1e-9), negative: all.some(v => v < 0), absent: "not attributed at this step",
          reading: column => { const top = column.indexOf(Math.max(...column)); return `most in layer ${top}: ${kn.number(column[top])}`; },
          none: info?.missing.knowledge ?? "This fact was attributed at no step: the model doesn't know it, or it wasn't among those asked.",
        };
      },
    });
    const effectNote = h("span", { class: "kn-faint" });
    const effects = kn.lineChart({
      title: "Changing neurons, beside the controls", height: 190, onpick, format: change,
      sql: () => (whose === "fact" ? factCall("fact_effects")() : `FROM relation_effects(${model()}, ${kn.literal(fact?.fact.relation ?? "all")})`) + `\nWHERE kind = '${kind}'`,
      extra: i => {
        const row = rowsNow().find(r => r.step === steps()[i] && r.control === "refined");
        return row ? [
          h("div", {}, `${kn.number(row.n_neurons)} neurons${whose === "fact" ? "" : ` a fact, ${row.n} facts`}, ×${kn.number(row.factor)}`),
          h("div", {}, `mean P(answer) ${kn.number(row.before)}, with its own neurons changed ${kn.number(row.after)}`)] : [];
      },
      data: () => {
        const rows = rowsNow();
        return {
          max: 0.1, min: -0.1, none: info?.missing.knowledge ?? (whose === "fact" ? "This fact has no knowledge neurons at any step." : "No interventions on this relation."),
          series: CONTROLS.filter(([control]) => rows.some(r => r.control === control)).map(([control, words, colour]) => {
            const own = rows.filter(r => r.control === control);
            // At the last step they are its own.
            if (control === "final") own.push(...rows.filter(r => r.control === "refined" && r.step === steps().at(-1)));
            return { name: words, colour, values: byStep(own, r => r.ratio), low: byStep(own, r => r.low), high: byStep(own, r => r.high) };
          }),
        };
      },
    });
    const rowsNow = () => (fact ? fact.effects[whose].filter(r => r.kind === kind) : []);
    const showEffects = () => {
      effectNote.textContent = `change of P(answer) over P before; band: ${whose === "fact" ? "the least to the most changed wording" : "95 % interval over the relation's facts"}`;
      effects.show(steps());
    };
    const toggles = h("div", { class: "kn-tools" },
      kn.toggle("What is done to the neurons", [["suppress", "suppress ×0"], ["amplify", "amplify"]], kind, v => { kind = v; if (fact) showEffects(); }),
      kn.toggle("Whose answers", [["relation", "all of its relation"], ["fact", "this fact"]], whose, v => { whose = v; if (fact) showEffects(); }),
      effectNote);
    const factBody = h("div", { class: "kn-charts", hidden: true },
      chance.node, rank.node, decided.node, mass.node, h("div", { class: "kn-whole" }, toggles, effects.node));
    charts.push(chance, rank, decided, mass, effects);
    pane("tfact").append(
      h("div", { class: "kn-head" }, h("h2", {}, "A fact through training"), picker.node),
      factTitle, factTrouble, factBody);

    let factCalls = 0;
    const loadFact = async () => {
      if (!visible() || !kn.steps.length) return;
      const call = ++factCalls;
      if (info?.missing.fact && info.missing.knowledge) {
        kn.fill(factTrouble, kn.message(info.missing.fact));
        factBody.hidden = true;
        return;
      }
      try {
        if (!kn.state.fact) {
          const first = await kn.firstFact(last());
          if (call !== factCalls || kn.state.fact) return;
          if (first === null) { kn.fill(factTrouble, kn.message((await kn.ask("facts", { model: last(), text: "", offset: 0, limit: 1 })).missing ?? "This corpus tells no facts.")); factBody.hidden = true; return; }
          await kn.go({ fact: String(first) }, { push: false });
          return; // which has called this again
        }
        if (!kn.isFact(kn.state.fact)) { await kn.dropFact(last()); return; }
        pane("tfact").classList.add("kn-waiting");
        const found = await kn.remembered("training_fact", { model: last(), fact: Number(kn.state.fact) });
        if (call !== factCalls) return;
        fact = found;
        showFact();
      } catch (error) {
        if (call !== factCalls) return;
        if (/there is no fact/.test(error.message)) { await kn.dropFact(last()); return; }
        factBody.hidden = true;
        kn.fill(factTrouble, kn.message(error.message, "error"));
      } finally {
        if (call === factCalls) pane("tfact").classList.remove("kn-waiting");
      }
    };
    const showFact = () => {
      const { subject, object, relation } = fact.fact;
      kn.fill(factTrouble);
      kn.fill(factTitle, h("b", {}, h("bdi", {}, subject)), h("span", { class: "kn-faint" }, " → "), h("b", {}, h("bdi", {}, object)),
        h("span", { class: "kn-faint" }, ` · ${relation} · `),
        h("button", { type: "button", class: "kn-sql", onclick: () => kn.go({ tab: "knowledge" }) }, "its neurons in Knowledge"));
      factBody.hidden = false;
      const missing = info?.missing.fact ?? (fact.story.length ? null : "This fact wasn't asked of the steps: `kn knowledge --facts` asks more.");
      for (const chart of [chance, rank, decided]) chart.show(steps(), missing);
      mass.show(steps());
      showEffects();
    };

    // -- a neuron ----------------------------------------------------------------------------

    let story = [];
    const neuronTitle = h("h2", {}, "A neuron through training");
    const rate = kn.lineChart({
      title: "Firing rate", note: "share of tokens", format: v => kn.percent(v), onpick,
      data: () => ({ min: 0, series: [{ name: "fires at", colour: "own", values: byStep(story, r => r.firing_rate) }] }),
    });
    const overlap = kn.lineChart({
      title: "Like its final self", note: "top prompts shared, IoU", format: v => kn.number(v), onpick,
      data: () => ({ min: 0, max: 1, none: "It has no strongest prompts.", series: [{ name: "overlap", colour: "own", values: byStep(story, r => r.top_iou) }] }),
    });
    const concept = kn.lineChart({
      title: "What it marks best", note: "AUROC of its peaks", format: v => kn.number(v), onpick,
      data: () => {
        const rows = new Map(story.map(r => [r.step, r]));
        return {
          min: 0.5, max: 1, none: info?.missing.concepts ?? "Its peaks mark no country, continent, capital or size surely at any step.",
          series: [{ name: "", colour: "own", values: byStep(story, r => r.auroc), words: i => { const r = rows.get(steps()[i]); return `${r.value} ${kn.number(r.auroc)}`; } }],
        };
      },
    });
    charts.push(rate, overlap, concept);
    const neuronTrouble = h("div", {});
    const neuronBody = h("div", { class: "kn-charts kn-three", hidden: true }, rate.node, overlap.node, concept.node);
    pane("tneuron").append(
      h("div", { class: "kn-head" }, neuronTitle,
        h("button", { type: "button", class: "kn-sql", onclick: () => kn.go({ tab: "explore" }) }, "what fires it, in Explore"),
        kn.sqlButton(() => `FROM neuron_story(${model()}, ${kn.state.layer}, ${kn.state.neuron})`)),
      neuronTrouble, neuronBody);
    let neuronCalls = 0;
    const loadNeuron = async () => {
      const { layer, neuron } = kn.state;
      if (!visible() || !kn.steps.length || layer === null || neuron === null) return;
      neuronTitle.textContent = `Layer ${layer} · neuron ${neuron} through training`;
      const call = ++neuronCalls;
      neuronBody.hidden = Boolean(info?.missing.neuron);
      kn.fill(neuronTrouble, info?.missing.neuron && kn.message(info.missing.neuron));
      if (info?.missing.neuron) return;
      try {
        const found = await kn.remembered("training_neuron", { model: last(), layer, neuron });
        if (call !== neuronCalls) return;
        story = found.story;
        rate.show(steps());
        overlap.show(steps());
        concept.show(steps());
      } catch (error) {
        if (call !== neuronCalls) return;
        neuronBody.hidden = true;
        kn.fill(neuronTrouble, kn.message(error.message, "error"));
      }
    };

    // -- births and deaths -------------------------------------------------------------------

    const total = column => kn.integer(column.reduce((a, b) => a + (b ?? 0), 0));
    const strip = (title, note, key, format, reading) => kn.layerStrip({
      title, note, format, onpick, cellWords: v => `${format(v)} ${note}`,
      data: () => {
        const values = info.layers[key];
        return { values, scale: Math.max(...values.flat().map(v => v ?? 0), 1e-9), absent: "the first step has none before", reading };
      },
    });
    const mean = column => kn.number(column.reduce((a, b) => a + (b ?? 0), 0) / column.length);
    const layers = [
      strip("Born", "since the step before", "births", kn.integer, total),
      strip("Gone", "since the step before", "deaths", kn.integer, total),
      strip("Alive", "neurons", "n_alive", kn.integer, total),
      strip("Like the last step", "mean IoU of top prompts", "mean_top_iou", kn.number, mean)];
    charts.push(...layers);
    const layersTrouble = h("div", {});
    const layersBody = h("div", { class: "kn-charts kn-four" }, ...layers.map(chart => chart.node));
    pane("tlayers").append(
      h("div", { class: "kn-head" }, h("h2", {}, "Births and deaths of neurons, by layer"),
        h("span", { class: "kn-faint" }, "alive: fires on at least 0.1 % of tokens"),
        kn.sqlButton(() => `FROM births_deaths(${model()})`)),
      layersTrouble, layersBody);

    // -- checkpoints -------------------------------------------------------------------------

    const relation = h("select", { "aria-label": "Relation", onchange: () => loadStory() });
    const table = h("div", { class: "kn-checkpoints", tabindex: "0", role: "region", "aria-label": "Checkpoints" });
    const storyTrouble = h("div", {});
    pane("story").append(
      h("div", { class: "kn-head" }, h("h2", {}, "Checkpoints"), h("label", { class: "kn-faint" }, "facts of ", relation),
        kn.sqlButton(() => `FROM training_story(${model()}, relation := ${kn.literal(relation.value || "all")})`)),
      storyTrouble, table,
      h("p", { class: "kn-faint" }, "Suppressing: mean change of the answers' probability over its mean, when a fact's neurons at that step are set to 0 at the answer position, with its 95 % interval over facts; beside it the controls."));
    const COLUMNS = [
      ["step", r => kn.integer(r.step), "step"],
      ["facts known", r => (r.known === null ? "–" : share(r.known)), "share of the facts asked that are answered right in half of the wordings or more"],
      ["in told wordings", r => (r.known_taught === null ? "–" : share(r.known_taught)), "in wordings that training told"],
      ["in new wordings", r => (r.known_unseen === null ? "–" : share(r.known_unseen)), "in wordings that training never told"],
      ["P(answer)", r => kn.number(r.probability), "mean probability of the answer"],
      ["decides at layer", r => (r.decided_layer === null ? "–" : kn.number(r.decided_layer)), "from this layer on the lens ranks the answer first; mean over the prompts answered right"],
      ["neurons a fact", r => (r.neurons_per_fact === null ? "–" : kn.number(r.neurons_per_fact)), "knowledge neurons of a fact, mean"],
      ["suppressing them", r => (r.suppress === null ? "–" : [h("b", {}, change(r.suppress)), r.suppress_low === null ? "" : h("span", { class: "kn-faint" }, ` ${change(r.suppress_low)} to ${change(r.suppress_high)}`)]), "the fact's own knowledge neurons at that step"],
      ["random", r => change(r.suppress_random), "as many random neurons"],
      ["equally active", r => change(r.suppress_matched), "neurons with the nearest activations"],
      ["on another fact", r => change(r.suppress_unrelated), "the same neurons, another fact asked"],
      ["the last step's", r => change(r.suppress_final), "the neurons that hold the fact at the last step"]];
    let storyRows = [];
    let storyCalls = 0;
    const loadStory = async () => {
      if (!visible() || !kn.steps.length) return;
      const call = ++storyCalls;
      kn.fill(storyTrouble, ...["fact", "knowledge"].filter(part => info?.missing[part]).map(part => kn.message(info.missing[part])));
      try {
        const found = await kn.remembered("training_story", { model: last(), relation: relation.value || "all" });
        if (call !== storyCalls) return;
        storyRows = found.rows;
        kn.fill(table, storyRows.length > 0 && h("table", {},
          h("thead", {}, h("tr", {}, ...COLUMNS.map(([words, , told]) => h("th", { scope: "col", title: told }, words)))),
          h("tbody", {}, ...storyRows.map(row => h("tr", { "data-step": row.step, onclick: () => kn.toStep(steps().indexOf(row.step)) },
            ...COLUMNS.map(([, cell], i) => (i ? h("td", {}, ...[cell(row)].flat()) : h("th", { scope: "row" },
              h("button", { type: "button", class: "kn-link", "aria-label": `Go to step ${row.step}` }, cell(row))))))))));
        table.hidden = !storyRows.length;
        markRow();
      } catch (error) {
        if (call === storyCalls) kn.fill(table, kn.message(error.message, "error"));
      }
    };
    const markRow = () => {
      const step = steps()[kn.step];
      for (const row of table.querySelectorAll("tr[data-step]")) {
        const here = Number(row.dataset.step) === step;
        row.classList.toggle("kn-here", here);
        if (here) row.setAttribute("aria-current", "step");
        else row.removeAttribute("aria-current");
      }
    };

    // -- all of it ---------------------------------------------------------------------------

    const map = kn.mountStepMap(pane("tmap"));
    const parts = ["tfact", "tmap", "tneuron", "tlayers", "story"].map(pane);

    let calls = 0;
    const load = async () => {
      if (!visible() || !kn.state.model) return;
      const base = kn.baseOf(kn.state.model);
      const again = info && Object.keys(info.missing ?? {}).length; // it may have come
      if (base === name && !again) { await Promise.all([loadFact(), loadNeuron()]); return; }
      const call = ++calls;
      try {
        const found = await kn.ask("training", { model: kn.state.model });
        if (call !== calls) return;
        const fresh = base !== name || JSON.stringify(found) !== JSON.stringify(info);
        info = found;
        name = base;
        if (fresh) show();
        else await Promise.all([loadFact(), loadNeuron()]);
      } catch (error) {
        if (call === calls) kn.fill(trouble, kn.message(error.message, "error"));
      }
    };
    const show = () => {
      const some = info.steps.length > 0;
      for (const part of parts) part.hidden = !some;
      kn.fill(trouble, ...(some ? [] : [h("div", { class: "kn-none-yet" }, ...nothing(info).filter(Boolean))]));
      fact = null;
      story = [];
      if (!some) return;
      kn.fill(layersTrouble, info.missing.layers && kn.message(info.missing.layers));
      layersBody.hidden = Boolean(info.missing.layers);
      if (info.layers) layers.forEach(chart => chart.show(steps()));
      const relations = info.relations.length ? info.relations : ["all"];
      kn.fill(relation, ...relations.map(r => h("option", { value: r }, r === "all" ? "all relations" : r)));
      map.load(kn.steps, info.missing.map);
      map.show(kn.step);
      loadFact();
      loadNeuron();
      loadStory();
      at(kn.step);
      document.documentElement.dataset.knTraining = name;
    };
    const at = i => {
      charts.forEach(chart => chart.mark(i));
      markRow();
      if (visible() && name === kn.baseOf(kn.state.model)) map.show(i);
    };

    kn.onStep(at);
    kn.on("tab", tab => { if (tab === "training") load(); });
    kn.on("model", load);
    kn.on("fact", () => { if (info?.steps.length) loadFact(); });
    kn.on("neuron-asked", () => { if (info?.steps.length) loadNeuron(); });
    if (kn.state.model) load();
  }, ["fact"]);
})((window.kn ??= {}));
