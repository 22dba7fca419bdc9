// The section of the tab Knowledge that changes neurons: the set or one of them, by any factor.
(kn => {
  const h = kn.h;

  // `tab` tells what is on screen: fact(), live(), wording(), model(); run(question, tell) runs live,
  // gone() says why that can't be. Gives {node, show, neuron, clear}.
  kn.knowledgeChange = tab => {
    let kind = "suppress";
    let factor = 2; // where neither suppressed nor doubled
    let which = "set";
    let chosenByHand = false; // that it is one neuron

    const changed = h("div", {});
    const note = h("p", { class: "kn-faint" });
    const running = kn.progressLine();
    const other = h("input", { type: "number", min: "0", max: "100", step: "0.5", value: String(factor), "aria-label": "Factor", class: "kn-factor", onchange: () => { factor = Number(other.value); kinds.set("other"); kind = "other"; change(true); } });
    const kinds = kn.toggle("What is done to the neurons", [["suppress", "suppress ×0"], ["amplify", "amplify ×2"], ["other", "× factor"]], kind,
      value => { kind = value; change(true); });
    const sets = h("div", {});
    const asSql = kn.sqlButton(() => `FROM fact_interventions(${kn.literal(tab.model())}, ${tab.fact()?.fact.fact_id ?? 0})\nWHERE kind = '${kind}'`);
    const node = h("section", { "aria-label": "What changing them does" },
      h("div", { class: "kn-head" }, h("h3", {}, "What changing them does"), asSql),
      h("div", { class: "kn-tools" }, kinds, other, sets), note, running.node, changed);

    const chosen = () => (kind === "suppress" ? 0 : kind === "amplify" ? 2 : factor);
    const ownNeurons = () => (tab.live() ? tab.live().neurons.slice(0, tab.live().coarse) : tab.fact()?.neurons.filter(n => n.refined).map(n => [n.layer, n.neuron]) ?? []).map(n => [n[0], n[1]]);
    const answerToken = () => (tab.live() ? tab.live().answer_token : tab.fact()?.wordings.find(w => tab.wording() === null || w.paraphrase === tab.wording())?.answer_token);

    const showSets = () => {
      const n = ownNeurons().length;
      const { layer, neuron } = kn.state;
      const one = layer === null ? null : `layer ${layer} · neuron ${neuron} alone`;
      const choices = [...(n ? [["set", tab.live() ? `its ${n} strongest neurons` : `its ${n} knowledge ${n === 1 ? "neuron" : "neurons"}`]] : []), ...(one ? [["one", one]] : [])];
      if (!chosenByHand || !choices.some(([value]) => value === which)) { which = choices[0]?.[0] ?? "set"; chosenByHand = false; }
      kn.fill(sets, choices.length > 0 && kn.toggle("Which neurons", choices, which, value => { which = value; chosenByHand = true; change(true); }));
    };

    const wordingsTold = () => (tab.wording() === null ? `mean over ${tab.fact().wordings.filter(w => w.rank !== null).length} wordings` : `in “${tab.fact().wordings.find(w => w.paraphrase === tab.wording())?.text}”`);
    const effectLine = () => {
      const rows = tab.fact()?.effects.filter(r => r.kind === kind) ?? [];
      const own = rows.find(r => r.control === "refined");
      if (!own) return null;
      const words = r => `${kn.changeWords(r.ratio)}${r.low === null ? "" : ` (${kn.changeWords(r.low)} to ${kn.changeWords(r.high)})`}`;
      const by = name => rows.find(r => r.control === name);
      return h("p", { class: "kn-faint" }, `Over ${own.n_facts} facts of ${tab.fact().fact.relation}, with 95 % intervals: own neurons `, h("b", {}, words(own)),
        ...[["random", "random"], ["matched", "equally active"], ["unrelated", "on another fact"]].filter(([c]) => by(c)).map(([c, name]) => `; ${name} ${words(by(c))}`), ".");
    };

    let calls = 0;
    // `clicked`: what isn't stored is run at once, since someone has just chosen it.
    const change = async (clicked = false) => {
      const call = ++calls;
      const set = ownNeurons();
      running.end();
      asSql.hidden = true;
      if (!set.length && kn.state.layer === null) { kn.fill(changed); note.textContent = ""; return; }
      const neurons = which === "one" ? [[kn.state.layer, kn.state.neuron]] : set;
      const stored = !tab.live() && which === "set" && kind !== "other" && tab.fact()?.interventions.length > 0;
      if (stored) {
        const rows = kn.storedChange(tab.fact().interventions, kind, tab.wording());
        asSql.hidden = false;
        note.textContent = `${rows[0].neurons === 1 ? "One neuron" : `${rows[0].neurons} neurons`} ×${kn.number(rows[0].factor)} at the answer position, ${wordingsTold()}; stored.`;
        kn.fill(changed, kn.changeTable(rows, answerToken()), effectLine());
        return;
      }
      const question = {
        model: tab.model(), do: "change", factor: chosen(), neurons,
        ...(kn.state.sentence ? { sentence: kn.state.sentence, answer: kn.state.answer } : { fact: tab.fact().fact.fact_id, paraphrase: tab.wording() ?? firstAsked() }),
      };
      note.textContent = "";
      const gone = await tab.gone();
      if (call !== calls) return;
      if (!clicked && !tab.live() && !gone) {
        kn.fill(changed, h("p", { class: "kn-message kn-note" }, "No such intervention is stored. ",
          h("button", { type: "button", class: "kn-link", onclick: () => change(true) }, "Run it live"), "."));
        return;
      }
      if (gone) { kn.fill(changed, kn.message(gone)); return; }
      try {
        changed.classList.add("kn-waiting");
        const found = await tab.run(question, told => { if (call === calls) running.tell(told); });
        if (call !== calls) return;
        note.textContent = `${neurons.length === 1 ? "One neuron" : `${neurons.length} neurons`} ×${kn.number(found.factor)} at the answer position`
          + `${kn.state.sentence ? "" : `, in “${(found.tokens.join("") + found.given).trim()}”`}; run live, random ones drawn ${found.controls.find(c => c.control === "random").trials.length} times.`;
        kn.fill(changed, kn.changeTable(kn.liveChange(found), found.answer_token),
          !found.controls.some(c => c.control === "unrelated") && kn.message("No unrelated fact to compare with: this corpus has none. `kn knowledge` tells them."));
      } catch (error) {
        if (call === calls) kn.fill(changed, kn.message(error.message, "error"));
      } finally {
        if (call === calls) { changed.classList.remove("kn-waiting"); running.end(); }
      }
    };
    const firstAsked = () => tab.fact().wordings[0]?.paraphrase ?? 0;

    return {
      node,
      // For what has just come on screen.
      show: () => { showSets(); change(); },
      // Another neuron was selected.
      neuron: () => { showSets(); if (which === "one") change(chosenByHand); },
      clear: () => { calls++; running.end(); asSql.hidden = true; note.textContent = ""; kn.fill(changed); kn.fill(sets); },
    };
  };
})((window.kn ??= {}));
