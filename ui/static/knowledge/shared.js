// The facts that share the selected neuron.
(kn => {
  const h = kn.h;

  // Gives what loads them.
  kn.knowledgeShared = (pane, { model, visible }) => {
    const title = h("h3", {}, "Facts that share it");
    const list = h("div", { class: "kn-shared" });
    pane.append(h("div", { class: "kn-head" }, title,
      h("button", { type: "button", class: "kn-sql", onclick: () => kn.go({ tab: "explore" }) }, "where it fires, in Explore"),
      kn.sqlButton(() => `FROM neuron_facts(${kn.literal(model())}, ${kn.state.layer}, ${kn.state.neuron})`)), list);
    let calls = 0;
    return async () => {
      const { layer, neuron } = kn.state;
      if (!visible() || layer === null || neuron === null) return;
      const call = ++calls;
      try {
        const { rows } = await kn.remembered("neuron_facts", { model: model(), layer, neuron });
        if (call !== calls) return;
        title.textContent = rows.length ? `${kn.integer(rows.length)} ${rows.length === 1 ? "fact shares" : "facts share"} it` : "Facts that share it";
        kn.fill(list, ...(rows.length ? rows.map(row => h("button", {
          type: "button", class: "kn-shared-fact", "aria-current": String(row.fact_id) === kn.state.fact ? "true" : null,
          onclick: () => kn.go({ fact: String(row.fact_id), sentence: "", answer: "" }),
        }, h("bdi", {}, row.subject), " → ", h("bdi", {}, row.object), h("span", { class: "kn-faint" }, ` ${row.relation} · ${kn.number(row.score)}`)))
          : [h("p", { class: "kn-faint" }, "It is no knowledge neuron of any fact that was attributed.")]));
      } catch (error) {
        if (call === calls) kn.fill(list, kn.message(error.message, "error"));
      }
    };
  };
})((window.kn ??= {}));
