// Left pane: search as one types; the neurons that mark what was named, and the prompts found.
(kn => {
  const h = kn.h;
  const PAGE = 100;
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

  kn.mountCities = pane => {
    let rows = [];
    let concepts = []; // what the text names, e.g. {attribute: "country", value: "Japan", neurons}
    let total = 0;
    let missing = null;
    let active = null; // the option that the keyboard is on
    let calls = 0;

    const box = h("input", {
      type: "search", class: "kn-search", placeholder: "City, country or word", autocomplete: "off",
      spellcheck: "false", role: "combobox", "aria-label": "Search cities and prompts",
      "aria-controls": "kn-list", "aria-expanded": "true", "aria-autocomplete": "list",
    });
    const count = h("span", { class: "kn-count kn-found", role: "status" });
    const list = h("ul", { class: "kn-list", id: "kn-list", role: "listbox", "aria-label": "Prompts", tabindex: "0" });
    const more = h("button", { type: "button", class: "kn-more", hidden: true, onclick: () => search(rows.length) }, "show more");
    const query = () => (box.value.trim()
      ? `SELECT prompt_id, name, country, population, text\nFROM search_prompts(${kn.literal(kn.state.model)}, ${kn.literal(box.value.trim())})`
      : `FROM atlas_prompts(${kn.literal(kn.state.model)})\nORDER BY population DESC`);
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Prompts"), kn.sqlButton(query)),
      box, count, list, more);

    const option = (row, i) => {
      const mark = row.is_capital ? h("span", { class: "kn-capital", title: "capital" }, " ★") : null;
      const node = h("li", {
        role: "option", id: `kn-option-${i}`, "data-prompt": row.prompt_id,
        "aria-selected": String(row.prompt_id === kn.state.prompt),
        onclick: event => pick(event.currentTarget),
      },
      h("div", { class: "kn-line" },
        h("span", { class: "kn-city" }, h("bdi", {}, row.name ?? `prompt ${row.prompt_id}`), mark),
        h("span", { class: "kn-population", title: row.population ? `${kn.integer(row.population)} inhabitants` : null },
          row.population ? compact.format(row.population) : "")),
      h("span", { class: "kn-snippet" }, h("bdi", {}, row.country ?? "")),
      h("span", { class: "kn-snippet", title: row.text }, h("bdi", {}, row.text)));
      return node;
    };

    // A neuron that marks a value: of the prompts in which it fires how many have it, of those that
    // have it in how many it fires, and how well |peak| tells them from the others.
    const marker = (found, concept) => h("li", {
      role: "option", class: "kn-marks", "data-layer": found.layer, "data-neuron": found.neuron,
      id: `kn-marks-${found.layer}-${found.neuron}-${concepts.indexOf(concept)}`,
      "aria-selected": String(isShown(found)), onclick: event => pick(event.currentTarget),
      title: `Of the prompts in which it fires, ${kn.percent(found.precision)} are of ${named(concept)}; `
        + `it fires in ${kn.percent(found.recall)} of those of ${named(concept)}. AUROC ${kn.number(found.auroc)}: how well its peak tells them apart (0.5: not at all, 1: fully).`,
    },
    h("span", { class: "kn-city" }, `layer ${found.layer} · neuron ${found.neuron}`),
    h("span", { class: "kn-snippet" }, ["precision", "recall", "AUROC"]
      .map(name => `${name}\u00a0${found[name.toLowerCase()].toFixed(2)}`).join(" · ")));

    const isShown = ({ layer, neuron }) => layer === kn.state.layer && neuron === kn.state.neuron;

    const named = ({ attribute, value }) => {
      if (attribute === "capital") return value === "capital" ? "capitals" : "cities that are no capital";
      return attribute === "population" ? `cities of ${value}` : value;
    };
    const drawConcepts = () => {
      for (const group of list.querySelectorAll(".kn-concept")) group.remove();
      list.prepend(...concepts.map(concept => h("li", { class: "kn-concept", role: "presentation" },
        h("ul", { role: "group", "aria-label": `Neurons for ${named(concept)}` },
          h("li", { class: "kn-concept-name", role: "presentation" },
            h("span", {}, "Neurons for ", h("bdi", {}, named(concept))),
            kn.sqlButton(() => `FROM concept_neurons(${kn.literal(kn.state.model)}, ${kn.literal(concept.value)}, attribute := ${kn.literal(concept.attribute)})`)),
          ...concept.neurons.map(found => marker(found, concept))))));
      // What was drawn anew keeps the keyboard's place, where it is still there.
      if (active && !active.isConnected) activate(active.dataset.layer ? document.getElementById(active.id) : null);
    };

    const draw = from => {
      if (!from) list.replaceChildren();
      for (const note of list.querySelectorAll(".kn-none")) note.remove();
      list.append(...rows.slice(from).map((row, i) => option(row, from + i)));
      if (missing) list.append(h("li", { class: "kn-none" }, kn.message(missing)));
      else if (!rows.length) list.append(h("li", { class: "kn-none" },
        `No prompt of this atlas has “${box.value.trim()}” in its city's names, country or text.`));
      more.hidden = rows.length >= total;
      count.textContent = `${kn.integer(total)} ${total === 1 ? "prompt" : "prompts"}`
        + (rows.length < total ? `, ${kn.integer(rows.length)} listed` : "");
    };

    const name = async call => {
      const text = box.value.trim();
      const found = text.length < 2 ? [] : (await kn.ask("concepts", { model: kn.state.model, text })).concepts;
      if (call !== calls) return;
      concepts = found;
      drawConcepts();
    };

    const search = async from => {
      const call = ++calls;
      if (!kn.state.model) return;
      if (!from) activate(null);
      // Beside the prompts, so that neither waits for the other; without a word where that fails.
      if (!from) name(call).catch(() => { if (call === calls) { concepts = []; drawConcepts(); } });
      try {
        const found = await kn.ask("search", { model: kn.state.model, text: box.value, offset: from, limit: PAGE });
        if (call !== calls) return;
        rows = from ? rows.concat(found.rows) : found.rows;
        total = found.total;
        missing = found.missing;
        draw(from);
        drawConcepts();
      } catch (error) {
        if (call !== calls) return;
        more.hidden = true;
        count.textContent = "";
        kn.fill(list, h("li", { class: "kn-none" }, error.message));
      }
    };

    const activate = node => {
      active?.classList.remove("kn-active");
      active = node;
      node?.classList.add("kn-active");
      node?.scrollIntoView({ block: "nearest" });
      for (const owner of [box, list]) {
        if (node) owner.setAttribute("aria-activedescendant", node.id);
        else owner.removeAttribute("aria-activedescendant");
      }
    };

    const pick = node => {
      if (!node) return;
      activate(node);
      const { prompt, layer, neuron } = node.dataset;
      if (prompt !== undefined) kn.go({ prompt: Number(prompt) });
      else kn.go({ layer: Number(layer), neuron: Number(neuron) });
    };

    const keys = event => {
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
      const options = [...list.querySelectorAll("[role=option]")];
      if (event.key in steps && options.length) {
        const to = options.indexOf(active) + steps[event.key];
        activate(options[Math.max(0, Math.min(options.length - 1, to))]);
        event.preventDefault();
      } else if (event.key === "Enter") {
        pick(active ?? list.querySelector("[data-prompt]"));
        event.preventDefault();
      }
    };
    box.addEventListener("keydown", keys);
    list.addEventListener("keydown", keys);
    box.addEventListener("input", kn.debounce(40, () => search(0)));

    const select = () => {
      for (const node of list.querySelectorAll("[role=option]")) {
        const { prompt, layer, neuron } = node.dataset;
        node.setAttribute("aria-selected", String(prompt === undefined
          ? isShown({ layer: Number(layer), neuron: Number(neuron) }) : Number(prompt) === kn.state.prompt));
      }
    };
    kn.on("prompt-asked", select);
    kn.on("neuron-asked", select);
    // What nobody sees isn't asked for: the step of training moves many times on another tab.
    let stale = false;
    const follow = () => {
      stale = pane.clientWidth === 0;
      if (!stale) { search(0); return; }
      calls++; // what is still to come is of another model
      rows = [];
      count.textContent = "";
      kn.fill(list);
    };
    kn.on("model", follow);
    new ResizeObserver(() => { if (stale) follow(); }).observe(pane);
    if (kn.state.model) follow();
  };
})((window.kn ??= {}));
