// The table of checkpoints: what is known when, and what suppressing does beside its controls.
(kn => {
  const h = kn.h;
  const share = v => `${Math.round(100 * v)} %`;
  const change = kn.changeWords;

  // `tab` is what the tab Training tells its panes. Gives {show, mark}.
  kn.trainingStory = (pane, tab) => {
    const { steps, last, visible, model } = tab;
    const relation = h("select", { "aria-label": "Relation", onchange: () => load() });
    const table = h("div", { class: "kn-checkpoints", tabindex: "0", role: "region", "aria-label": "Checkpoints" });
    const trouble = h("div", {});
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Checkpoints"), h("label", { class: "kn-faint" }, "facts of ", relation),
        kn.sqlButton(() => `FROM training_story(${model()}, relation := ${kn.literal(relation.value || "all")})`)),
      trouble, table,
      h("p", { class: "kn-faint" }, "Suppressing: mean change of the answers' probability over its mean, when a fact's neurons at that step are set to 0 at the answer position, with its 95 % interval over facts; beside it the controls. Where P(answer) is next to nothing, so is what changes."));
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
    const load = async () => {
      if (!visible() || !kn.steps.length) return;
      const call = ++storyCalls;
      kn.fill(trouble, ...["fact", "knowledge"].filter(part => tab.info()?.missing[part]).map(part => kn.message(tab.info().missing[part])));
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
        mark();
      } catch (error) {
        if (call === storyCalls) kn.fill(table, kn.message(error.message, "error"));
      }
    };
    const mark = () => {
      const step = steps()[kn.step];
      for (const row of table.querySelectorAll("tr[data-step]")) {
        const here = Number(row.dataset.step) === step;
        row.classList.toggle("kn-here", here);
        if (here) row.setAttribute("aria-current", "step");
        else row.removeAttribute("aria-current");
      }
    };

    const show = () => {
      const { relations } = tab.info();
      kn.fill(relation, ...(relations.length ? relations : ["all"]).map(r => h("option", { value: r }, r === "all" ? "all relations" : r)));
      load();
    };
    return { show, mark };
  };
})((window.kn ??= {}));
