// Left pane: search as one types, and the list of prompts found.
(kn => {
  const h = kn.h;
  const PAGE = 100;
  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

  kn.mountCities = pane => {
    let rows = [];
    let total = 0;
    let missing = null;
    let active = -1;
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
      ? `SELECT p.prompt_id, c.name, c.country, c.population, p.text\nFROM search_cities(${kn.literal(box.value.trim())}) c\nJOIN atlas_prompts(${kn.literal(kn.state.model)}) p USING (prompt_id)\nORDER BY c.score DESC, c.population DESC`
      : `FROM atlas_prompts(${kn.literal(kn.state.model)})\nORDER BY population DESC`);
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Prompts"), kn.sqlButton(query)),
      box, count, list, more);

    const option = (row, i) => {
      const mark = row.is_capital ? h("span", { class: "kn-capital", title: "capital" }, " ★") : null;
      const node = h("li", {
        role: "option", id: `kn-option-${i}`, "data-prompt": row.prompt_id,
        "aria-selected": String(row.prompt_id === kn.state.prompt),
        onclick: () => pick(i),
      },
      h("div", { class: "kn-line" },
        h("span", { class: "kn-city" }, h("bdi", {}, row.name ?? `prompt ${row.prompt_id}`), mark),
        h("span", { class: "kn-population", title: row.population ? `${kn.integer(row.population)} inhabitants` : null },
          row.population ? compact.format(row.population) : "")),
      h("span", { class: "kn-snippet" }, h("bdi", {}, row.country ?? "")),
      h("span", { class: "kn-snippet", title: row.text }, h("bdi", {}, row.text)));
      return node;
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

    const search = async from => {
      const call = ++calls;
      if (!kn.state.model) return;
      try {
        const found = await kn.ask("search", { model: kn.state.model, text: box.value, offset: from, limit: PAGE });
        if (call !== calls) return;
        rows = from ? rows.concat(found.rows) : found.rows;
        total = found.total;
        missing = found.missing;
        if (!from) activate(-1);
        draw(from);
      } catch (error) {
        if (call !== calls) return;
        more.hidden = true;
        count.textContent = "";
        kn.fill(list, h("li", { class: "kn-none" }, error.message));
      }
    };

    const activate = i => {
      list.querySelector(".kn-active")?.classList.remove("kn-active");
      active = i;
      const node = i >= 0 ? list.children[i] : null;
      node?.classList.add("kn-active");
      node?.scrollIntoView({ block: "nearest" });
      for (const owner of [box, list]) {
        if (node) owner.setAttribute("aria-activedescendant", node.id);
        else owner.removeAttribute("aria-activedescendant");
      }
    };

    const pick = i => {
      if (!rows[i]) return;
      activate(i);
      kn.go({ prompt: rows[i].prompt_id });
    };

    const keys = event => {
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
      if (event.key in steps && rows.length) {
        activate(Math.max(0, Math.min(rows.length - 1, active + steps[event.key])));
        event.preventDefault();
      } else if (event.key === "Enter") {
        pick(active < 0 ? 0 : active);
        event.preventDefault();
      }
    };
    box.addEventListener("keydown", keys);
    list.addEventListener("keydown", keys);
    box.addEventListener("input", kn.debounce(40, () => search(0)));

    const select = () => {
      for (const node of list.children) {
        if (node.dataset.prompt !== undefined) {
          node.setAttribute("aria-selected", String(Number(node.dataset.prompt) === kn.state.prompt));
        }
      }
    };
    kn.on("prompt-asked", select);
    kn.on("model", () => search(0));
    if (kn.state.model) search(0);
  };
})((window.kn ??= {}));
