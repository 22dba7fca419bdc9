// Knowledge: a fact or any sentence with its answer, the neurons it is attributed to, and what
// becomes of the answer when they are changed.
(kn => {
  const h = kn.h;
  const ordinal = n => `${kn.integer(n)}${n % 100 > 10 && n % 100 < 14 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th"}`;

  kn.tab("knowledge", widget => {
    const { element } = widget;
    const pane = name => kn.section(element, name);
    const visible = () => kn.state.tab === "knowledge";
    const model = () => kn.state.model;
    const sql = macro => () => `FROM ${macro}(${kn.literal(model())}, ${fact?.fact.fact_id ?? 0})`;

    let fact = null; // the fact on screen, as the server tells it
    let live = null; // what a live attribution told: of a sentence, or of the fact
    let wording = null; // of the fact's wordings, null for all
    const run = kn.knowledgeRuns(widget);

    // -- the list of facts -----------------------------------------------------------------------

    const picker = kn.factPicker({ model, onpick: id => kn.go({ fact: String(id), sentence: "", answer: "" }) });
    pane("facts").append(
      h("div", { class: "kn-head" }, h("h2", {}, "Facts"),
        kn.sqlButton(() => `FROM search_facts(${kn.literal(model())}, ${kn.literal(picker.text())})`)),
      picker.node);

    const form = kn.sentenceForm({ model, again: () => load() });
    const loadShared = kn.knowledgeShared(pane("shared"), { model, visible });

    // -- the fact --------------------------------------------------------------------------------

    const title = h("h2", {}, "A fact");
    const about = h("span", { class: "kn-count" });
    const notes = h("div", { class: "kn-notes" });
    const wordings = h("div", { class: "kn-wordings" });
    const grid = kn.neuronGrid();
    const gridNote = h("p", { class: "kn-faint" });
    const gridTrouble = h("div", {});
    const gridRun = kn.progressLine();
    const gridSql = kn.sqlButton(sql("fact_neuron_grid"));
    const gridPart = h("section", { "aria-label": "Neurons by layer" },
      h("div", { class: "kn-head" }, h("h3", {}, "Neurons by layer"), gridSql), gridNote, gridTrouble, gridRun.node, grid.node);
    const changes = kn.knowledgeChange({
      fact: () => fact, live: () => live, wording: () => wording, model, run,
      gone: form.gone,
    });
    const trouble = h("div", {});
    const factSql = kn.sqlButton(sql("fact_wordings"));
    const body = h("div", { class: "kn-fact-body" });

    pane("fact").append(form.node,
      h("div", { class: "kn-head" }, title, about, factSql), notes, trouble, body);

    // -- showing a fact ----------------------------------------------------------------------------

    const showWordings = () => {
      const choose = value => { wording = value; showWordings(); changes.show(); };
      const row = (value, ...cells) => h("tr", { "aria-selected": String(wording === value), class: wording === value ? "kn-here" : null, onclick: () => choose(value) },
        h("th", { scope: "row" }, h("button", { type: "button", class: "kn-pick", "aria-pressed": String(wording === value) }, ...cells[0])), ...cells.slice(1));
      const asked = fact.wordings.filter(w => w.rank !== null);
      const several = new Set(fact.wordings.map(w => w.answer_token)).size > 1; // else the note says it
      const told = words => (several ? words : null);
      kn.fill(wordings, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "asked as"), told(h("th", { scope: "col" }, "answer")), h("th", { scope: "col" }, "P"), h("th", { scope: "col" }, "rank"), h("th", { scope: "col", class: "kn-likeliest" }, "likeliest"))),
        h("tbody", {},
          asked.length > 1 && row(null, [`all ${asked.length} wordings`], told(h("td", {})),
            h("td", { class: "kn-num" }, kn.number(asked.reduce((s, w) => s + w.probability, 0) / asked.length)), h("td", { class: "kn-num" }, `first in ${asked.filter(w => w.rank === 1).length}`), h("td", { class: "kn-likeliest" })),
          ...fact.wordings.map(w => row(w.paraphrase, [h("bdi", {}, w.text), w.given ? h("span", { class: "kn-faint", title: "the beginning of the object, which the prompt was given" }, h("bdi", {}, w.given)) : ""],
            told(h("td", {}, w.answer_token === null ? h("span", { class: "kn-faint" }, "not asked") : h("span", { class: "kn-chip" }, h("bdi", {}, kn.quoted(w.answer_token))))),
            h("td", { class: "kn-num" }, w.probability === null ? "" : kn.number(w.probability)),
            h("td", { class: w.rank === 1 ? "kn-num kn-first" : "kn-num" }, w.rank === null ? "" : kn.integer(w.rank)),
            h("td", { class: "kn-likeliest" }, w.top ? h("span", { class: "kn-chip" }, h("bdi", {}, kn.quoted(w.top[0])), h("span", { class: "kn-faint" }, ` ${kn.probability(w.top_probabilities[0])}`)) : ""))))));
    };

    const scoredBy = fact_ => {
      const w = fact_.wordings.find(x => x.answer_token !== null);
      if (!w) return null;
      const whole = fact_.fact.object;
      if (w.answer_token.trim() === whole && !w.given) return `Scored by its token “${kn.quoted(w.answer_token)}”.`;
      return `“${whole}” is more than one token: it is scored by its first distinguishing token, “${kn.quoted(w.answer_token)}”`
        + (w.given ? `, after “${kn.quoted(w.given)}”, which it shares with another object and the prompt is given.` : ".");
    };

    const showFact = () => {
      const { subject, object, relation } = fact.fact;
      kn.fill(title, h("bdi", {}, subject), h("span", { class: "kn-faint" }, " → "), h("bdi", {}, object));
      const asked = fact.wordings.filter(w => w.rank !== null);
      const right = asked.filter(w => w.rank === 1).length;
      const known = asked.length > 0 && 2 * right >= asked.length;
      kn.fill(about, `${relation} · `, !asked.length ? "not asked of this model" : h("b", { class: known ? "kn-first" : null }, known ? "known" : "not known"),
        asked.length ? `, right in ${right} of ${asked.length} wordings` : "");
      factSql.hidden = false;
      const says = scoredBy(fact);
      kn.fill(notes, says && h("p", { class: "kn-faint" }, says),
        !asked.length && !fact.missing && h("p", { class: "kn-faint" }, "It is not among the facts that were asked of each relation: ", h("code", {}, "kn knowledge --facts"), " asks more."),
        asked.length > 0 && !known && h("p", { class: "kn-faint" }, "The model doesn't know this fact: there is hardly an answer for neurons to share out, ",
          fact.neurons.length ? "so that their scores say little." : "so nothing is attributed to them."),
        kn.steps.length > 1 && h("p", { class: "kn-faint" }, h("button", { type: "button", class: "kn-sql", onclick: () => kn.go({ tab: "training" }) }, "how it came to be, in Training")));
      kn.fill(trouble, fact.missing && kn.message(fact.missing));
      kn.fill(body, wordings, gridPart, changes.node);
      showWordings();
      showGrid();
    };

    const showGrid = () => {
      kn.fill(gridTrouble);
      gridSql.hidden = Boolean(live) || !fact?.neurons.length;
      const cells = live
        ? live.neurons.map(([layer, neuron, score, activation], i) => ({ layer, neuron, score, activation, refined: i < live.coarse, share: 1 }))
        : fact.neurons;
      const n = cells.filter(c => c.refined).length;
      gridNote.textContent = !cells.length ? "" : live
        ? `${kn.integer(live.n_over_floor)} neurons with a score of at least 5 % of the largest; framed: the ${n} over 20 %. ${completeness()}`
        : `${kn.integer(cells.length)} neurons with a score over the floor in some wording; framed: the ${n} that its wordings share. Full colour is ${kn.number(Math.max(...cells.map(c => c.score)))}.`;
      grid.node.hidden = !cells.length;
      if (cells.length) grid.show(cells, kn.atlas.n_layers, live ? 1 : fact.wordings.filter(w => w.rank !== null).length, live ? "among the strongest" : "knowledge neuron");
      else kn.fill(gridTrouble, attributeLive());
      changes.show();
    };
    const completeness = () => {
      const gaps = live.layers.filter(l => Math.abs(l.difference) > 1e-6).map(l => Math.abs(l.total - l.difference) / Math.abs(l.difference)).sort((a, b) => a - b);
      return gaps.length ? `A layer's scores sum to P − P(layer at 0) within ${kn.percent(gaps[Math.floor(gaps.length / 2)])} at the median (${live.steps} steps, ${live.rule} rule).` : "";
    };
    const attributeLive = () => h("p", { class: "kn-message kn-note" }, "Nothing is stored of this fact's neurons here. ",
      h("button", { type: "button", class: "kn-link", onclick: () => runLive({ fact: fact.fact.fact_id, paraphrase: wording ?? fact.wordings[0]?.paraphrase ?? 0 }) }, "Attribute it live"), " in one wording.");

    // -- attribution, live -------------------------------------------------------------------------

    let liveCalls = 0;
    const runLive = async question => {
      const call = ++liveCalls;
      live = null;
      grid.node.hidden = true;
      gridNote.textContent = "";
      kn.fill(gridTrouble);
      changes.clear();
      gridRun.tell({ words: "asking", done: 0, of: 0 });
      try {
        const found = await run({ model: model(), do: "attribute", steps: form.steps(), ...question }, told => { if (call === liveCalls) gridRun.tell(told); });
        if (call !== liveCalls) return;
        live = found;
        if (kn.state.sentence) showSentence();
        showGrid();
      } catch (error) {
        if (call !== liveCalls) return;
        kn.fill(gridTrouble, kn.message(error.message, "error"));
      } finally {
        if (call === liveCalls) gridRun.end();
      }
    };
    const showSentence = () => {
      const { answer_token: token, answer_tokens: n, given, probability, rank, top } = live;
      const text = [
        n > 1 && (given
          ? `“${kn.state.answer}” is ${n} tokens: it is scored by “${kn.quoted(token)}”, the first that tells it from other answers of its kind, after “${kn.quoted(given)}”, which the sentence is given.`
          : `“${kn.state.answer}” is ${n} tokens: it is scored by its first, “${kn.quoted(token)}”${""}.`),
        rank > 1 && `The model doesn't know this answer: it ranks ${ordinal(rank)} with a probability of ${kn.number(probability)}. What is attributed is what little there is of it.`];
      kn.fill(about, `run live · P ${kn.number(probability)}, rank ${kn.integer(rank)}`);
      kn.fill(notes, h("p", { class: "kn-own-sentence" }, h("bdi", {}, live.tokens.join("")), given ? h("span", { class: "kn-faint" }, h("bdi", {}, given)) : "", " ",
        h("span", { class: "kn-chip kn-answer" }, h("bdi", {}, kn.quoted(token))),
        h("span", { class: "kn-faint" }, " likeliest: "), ...top.map(([word, p]) => h("span", { class: "kn-chip" }, h("bdi", {}, kn.quoted(word)), h("span", { class: "kn-faint" }, ` ${kn.probability(p)}`)))),
      ...text.filter(Boolean).map(words => h("p", { class: "kn-faint" }, words)));
    };

    // -- all of it ---------------------------------------------------------------------------------

    let calls = 0;
    const load = async () => {
      if (!visible() || !model()) return;
      const call = ++calls;
      liveCalls++; // a run under way is of what was
      live = null;
      form.forget();
      if (kn.state.sentence) {
        fact = null;
        factSql.hidden = true;
        form.fill(kn.state.sentence, kn.state.answer);
        kn.fill(title, "Your sentence");
        kn.fill(about);
        kn.fill(notes);
        kn.fill(trouble);
        kn.fill(body, gridPart, changes.node);
        gridSql.hidden = true;
        runLive({ sentence: kn.state.sentence, answer: kn.state.answer });
        return;
      }
      gridRun.end();
      try {
        if (!kn.state.fact) {
          const first = await kn.firstFact(model());
          if (call !== calls || kn.state.fact) return;
          if (first !== null) { await kn.go({ fact: String(first) }, { push: false }); return; }
          const { missing } = await kn.ask("facts", { model: model(), text: "", offset: 0, limit: 1 });
          kn.fill(body);
          kn.fill(trouble, kn.message(missing ?? "This corpus tells no facts."));
          return;
        }
        if (!kn.isFact(kn.state.fact)) { await kn.dropFact(model()); return; }
        pane("fact").classList.add("kn-waiting");
        const found = await kn.remembered("fact", { model: model(), fact: Number(kn.state.fact) });
        if (call !== calls) return;
        if (fact?.fact.fact_id !== found.fact.fact_id) wording = null;
        fact = found;
        showFact();
        const own = fact.neurons.find(n => n.refined);
        const among = fact.neurons.some(n => n.layer === kn.state.layer && n.neuron === kn.state.neuron);
        if (own && !among) await kn.go({ layer: own.layer, neuron: own.neuron }, { push: false });
      } catch (error) {
        if (call !== calls) return;
        if (/there is no fact/.test(error.message)) { await kn.dropFact(model()); return; }
        kn.fill(body);
        kn.fill(trouble, kn.message(error.message, "error"));
      } finally {
        if (call === calls) pane("fact").classList.remove("kn-waiting");
      }
    };

    kn.mountNeuron(pane("neuron"), { withPrompt: false });
    let listed = null;
    const list = () => { if (visible() && listed !== model()) { listed = model(); picker.search(); } };
    const both = kn.debounce(0, () => { list(); load(); loadShared(); });
    kn.on("tab", tab => { if (tab === "knowledge") both(); });
    kn.on("model", both);
    kn.on("fact", () => { if (visible()) { load(); loadShared(); } });
    kn.on("sentence", both);
    kn.on("answer", both);
    kn.on("neuron-asked", () => {
      if (!visible()) return;
      loadShared();
      if (fact || live) changes.neuron();
    });
    if (kn.state.model) both();
  }, ["sentence", "answer"]);
})((window.kn ??= {}));
