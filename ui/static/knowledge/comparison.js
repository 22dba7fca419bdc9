// Suppressing and amplifying neurons: the answer before and after, always beside the controls. What
// is stored shows at once; any other choice is run live where the model is on this machine.
(kn => {
  const h = kn.h;
  const NAMES = { own: "these neurons", refined: "these neurons", random: "random ones", matched: "equally active ones", unrelated: "on another fact", final: "the last step's ones" };
  const TOLD = {
    random: "as many neurons of the same layers, drawn at random", matched: "for each the neuron of its layer with the nearest activation",
    unrelated: "these neurons, while the model is asked something else", final: "the neurons that hold the fact at the last step of training",
  };
  const ORDER = ["own", "refined", "random", "matched", "unrelated", "final"];
  const mean = (list, get) => list.reduce((sum, x) => sum + get(x), 0) / list.length;
  const exact = p => (p === 0 ? "0" : p < 0.001 ? p.toExponential(0) : p.toFixed(3));

  // A row of the comparison from its trials, each {before, after, rank_before, rank_after}.
  const summed = (control, trials) => {
    const before = mean(trials, t => t.before);
    const after = mean(trials, t => t.after);
    const changes = trials.map(t => t.after / t.before - 1).filter(Number.isFinite);
    return {
      control, n: trials.length, before, after, change: before > 0 ? after / before - 1 : null,
      low: Math.min(...changes), high: Math.max(...changes),
      rankBefore: Math.round(mean(trials, t => t.rank_before) * 10) / 10, rankAfter: Math.round(mean(trials, t => t.rank_after) * 10) / 10,
    };
  };

  // Stored interventions of one kind as rows by control; `wording` null for all.
  kn.storedChange = (rows, kind, wording) => ORDER.flatMap(control => {
    const own = rows.filter(r => r.kind === kind && r.control === control
      && (wording === null || control === "unrelated" || r.paraphrase === wording));
    if (!own.length) return [];
    const trials = own.map(r => ({ before: r.probability_before, after: r.probability_after, rank_before: r.rank_before, rank_after: r.rank_after }));
    return [{
      ...summed(control, trials), neurons: own[0].n_neurons, factor: own[0].factor,
      about: control === "unrelated" ? `${own[0].subject} → ${own[0].object}` : null,
      topBefore: own[0].top_before.map(t => [t, null]), topAfter: own[0].top_after.map(t => [t, null]),
    }];
  });
  kn.liveChange = found => ORDER.flatMap(control => found.controls.filter(c => c.control === control).map(c => ({
    ...summed(control, c.trials), neurons: found.n_neurons, factor: found.factor,
    about: control === "unrelated" ? [...new Set(c.trials.map(t => t.words))].join(" · ") : null,
    topBefore: c.top_before, topAfter: c.top_after,
  })));

  const bar = (p, kind) => h("span", { class: `kn-pbar ${kind}` }, h("i", { style: `width:${Math.max(0.5, 100 * p).toFixed(1)}%` }), h("span", {}, exact(p)));
  const tops = (list, answer) => h("span", { class: "kn-tops" }, ...list.map(([token, p]) =>
    h("span", { class: token === answer ? "kn-chip kn-answer" : "kn-chip", title: p === null ? null : `probability ${exact(p)}` },
      h("bdi", {}, kn.quoted(token)), p === null ? "" : h("span", { class: "kn-faint" }, ` ${kn.probability(p)}`))));

  // The comparison of an intervention: the claim first, the controls under it; then what is said.
  kn.changeTable = (rows, answer) => {
    const claim = row => row.control === "own" || row.control === "refined";
    const spread = row => (row.n > 1 && Number.isFinite(row.low) ? h("span", { class: "kn-faint" }, ` ${kn.changeWords(row.low)} to ${kn.changeWords(row.high)}`) : null);
    const rank = r => kn.number(r);
    const said = (words, list) => h("tr", {}, h("th", { scope: "row" }, words), h("td", {}, tops(list, answer)));
    const same = rows.filter(row => row.control !== "unrelated");
    return h("div", {},
      h("div", { class: "kn-change", tabindex: "0", role: "region", "aria-label": "The answer before and after" }, h("table", {},
        h("thead", {}, h("tr", {}, ...["changed", "P(answer) before", "after", "change", "rank"].map((words, i) => h("th", { scope: "col", class: i > 2 ? "kn-num" : null }, words)))),
        h("tbody", {}, ...rows.map(row => h("tr", { class: claim(row) ? "kn-claim" : null, "data-control": row.control },
          h("th", { scope: "row", title: TOLD[row.control] ?? null }, NAMES[row.control],
            row.about ? h("span", { class: "kn-about-fact", title: row.about }, h("bdi", {}, row.about)) : null),
          h("td", {}, bar(row.before, "kn-before")), h("td", {}, bar(row.after, "kn-after")),
          h("td", { class: "kn-num" }, h("b", {}, kn.changeWords(row.change)), spread(row)),
          h("td", { class: "kn-num" }, `${rank(row.rankBefore)} → ${rank(row.rankAfter)}`)))))),
      h("div", { class: "kn-change", tabindex: "0", role: "region", "aria-label": "The five likeliest tokens" }, h("table", {},
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "the five likeliest"), h("th", { scope: "col" }))),
        h("tbody", {}, said("before", same[0].topBefore), ...same.map(row => said(claim(row) ? "after" : `after: ${NAMES[row.control]}`, row.topAfter))))));
  };
})((window.kn ??= {}));
