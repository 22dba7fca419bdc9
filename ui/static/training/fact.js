// A fact through training: its answer, the layer that decides it, where it is attributed, and what
// changing neurons does to it and to its relation, beside the controls.
(kn => {
  const h = kn.h;

  const CONTROLS = [
    ["refined", "its own neurons", "own"], ["random", "random", "grey"], ["matched", "equally active", "blue"],
    ["unrelated", "on another fact", "orange"], ["final", "the last step's", "violet"]];

  // `tab` is what the tab Training tells its panes. Gives {charts, load, reset}.
  kn.trainingFact = (pane, tab) => {
    const { steps, last, onpick, visible, model, byStep } = tab;
    let fact = null;
    let kind = "suppress";
    let whose = "relation";
    const factTitle = h("p", { class: "kn-fact-title" });
    const factTrouble = h("div", {});
    const picker = kn.factPicker({ model: last, onpick: id => kn.go({ fact: String(id) }), popup: true });
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
          none: tab.info()?.missing.knowledge ?? "This fact was attributed at no step: the model doesn't know it, or it wasn't among those asked.",
        };
      },
    });
    const effectNote = h("span", { class: "kn-faint" });
    const effects = kn.lineChart({
      title: "Changing neurons, beside the controls", height: 163, onpick, format: kn.changeWords,
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
          max: 0.1, min: -0.1, none: tab.info()?.missing.knowledge ?? (whose === "fact" ? "This fact has no knowledge neurons at any step." : "No interventions on this relation."),
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
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "A fact through training"), picker.node),
      factTitle, factTrouble, factBody);

    let factCalls = 0;
    const load = async () => {
      if (!visible() || !kn.steps.length) return;
      const call = ++factCalls;
      if (tab.info()?.missing.fact && tab.info().missing.knowledge) {
        kn.fill(factTrouble, kn.message(tab.info().missing.fact));
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
        pane.classList.add("kn-waiting");
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
        if (call === factCalls) pane.classList.remove("kn-waiting");
      }
    };
    const showFact = () => {
      const { subject, object, relation } = fact.fact;
      kn.fill(factTrouble);
      kn.fill(factTitle, h("b", {}, h("bdi", {}, subject)), h("span", { class: "kn-faint" }, " → "), h("b", {}, h("bdi", {}, object)),
        h("span", { class: "kn-faint" }, ` · ${relation} · `),
        h("button", { type: "button", class: "kn-sql", onclick: () => kn.go({ tab: "knowledge" }) }, "its neurons in Knowledge"));
      factBody.hidden = false;
      const missing = tab.info()?.missing.fact ?? (fact.story.length ? null : "This fact wasn't asked of the steps: `kn knowledge --facts` asks more.");
      for (const chart of [chance, rank, decided]) chart.show(steps(), missing);
      mass.show(steps());
      showEffects();
    };

    return { charts: [chance, rank, decided, mass, effects], load, reset: () => { fact = null; } };
  };
})((window.kn ??= {}));
