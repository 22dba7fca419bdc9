// Finding a fact: a box to type in, and the facts found, as a list beside or under it.
(kn => {
  const h = kn.h;
  const PAGE = 100;
  let made = 0;

  kn.isFact = text => /^\d{1,9}$/.test(text);

  // The fact that is shown where none was chosen: the first that has knowledge neurons.
  kn.firstFact = async model => (await kn.remembered("facts", { model, text: "", offset: 0, limit: 1 })).rows[0]?.fact_id ?? null;

  // A fact that isn't there is said, and the first one shown instead.
  kn.dropFact = async model => {
    kn.notice(`There is no fact ${kn.state.fact} in this corpus: another one is shown.`);
    const first = await kn.firstFact(model);
    await kn.go({ fact: first === null ? "" : String(first) }, { push: false });
  };

  const standing = ({ n_wordings, n_right, known, mean_probability, n_neurons }) => {
    if (n_wordings === null) return ["kn-unasked", "not asked", "the model wasn't asked this fact"];
    const told = `right in ${n_right} of ${n_wordings} wordings, mean probability ${kn.number(mean_probability)}`
      + (n_neurons ? `, ${n_neurons} knowledge neurons` : "");
    return known ? ["kn-known", `known ${kn.probability(mean_probability)}`, told] : ["kn-unknown", `not known ${kn.probability(mean_probability)}`, told];
  };

  // `model()` says whose facts, `onpick(id)` hears of the choice. `popup`: the list shows while typing.
  kn.factPicker = ({ model, onpick, popup = false }) => {
    const id = `kn-facts-${++made}`;
    let rows = [];
    let total = 0;
    let active = -1;
    let calls = 0;

    const box = h("input", {
      type: "search", class: "kn-search", placeholder: "City, country or relation", autocomplete: "off",
      spellcheck: "false", role: "combobox", "aria-label": "Search facts", "aria-controls": id,
      "aria-expanded": String(!popup), "aria-autocomplete": "list",
    });
    const count = h("span", { class: "kn-count kn-found", role: "status" });
    const list = h("ul", { class: "kn-list kn-facts", id, role: "listbox", "aria-label": "Facts", tabindex: popup ? "-1" : "0", hidden: popup });
    const more = h("button", { type: "button", class: "kn-more", hidden: true, onclick: () => search(rows.length) }, "show more");
    const node = h("div", { class: popup ? "kn-picker kn-popup" : "kn-picker" }, box, popup ? null : count, list, popup ? null : more);

    const open = shown => {
      if (!popup) return;
      list.hidden = !shown;
      box.setAttribute("aria-expanded", String(shown));
      if (!shown) activate(-1);
    };

    const option = (row, i) => {
      const [kind, words, told] = standing(row);
      return h("li", {
        role: "option", id: `${id}-${i}`, "data-fact": row.fact_id,
        "aria-selected": String(String(row.fact_id) === kn.state.fact), onmousedown: event => event.preventDefault(),
        onclick: () => pick(i),
      },
      h("div", { class: "kn-line" },
        h("span", { class: "kn-city" }, h("bdi", {}, row.subject), h("span", { class: "kn-faint" }, " → "), h("bdi", {}, row.object))),
      h("div", { class: "kn-line" },
        h("span", { class: "kn-snippet" }, row.relation),
        h("span", { class: `kn-standing ${kind}`, title: told }, words)));
    };

    const draw = (from, missing) => {
      if (!from) list.replaceChildren();
      for (const note of list.querySelectorAll(".kn-none")) note.remove();
      list.append(...rows.slice(from).map((row, i) => option(row, from + i)));
      if (missing) list.append(h("li", { class: "kn-none" }, kn.message(missing)));
      else if (!rows.length) list.append(h("li", { class: "kn-none" }, `No fact has “${box.value.trim()}” in its subject, object or relation.`));
      more.hidden = rows.length >= total;
      count.textContent = `${kn.integer(total)} ${total === 1 ? "fact" : "facts"}` + (rows.length < total ? `, ${kn.integer(rows.length)} listed` : "");
    };

    const search = async from => {
      const call = ++calls;
      if (!model()) return;
      try {
        const found = await kn.remembered("facts", { model: model(), text: box.value.trim(), offset: from, limit: PAGE });
        if (call !== calls) return;
        rows = from ? rows.concat(found.rows) : found.rows;
        total = found.total;
        if (!from) activate(-1);
        draw(from, found.missing);
      } catch (error) {
        if (call !== calls) return;
        rows = [];
        more.hidden = true;
        count.textContent = "";
        kn.fill(list, h("li", { class: "kn-none" }, error.message));
      }
    };

    const activate = i => {
      list.querySelector(".kn-active")?.classList.remove("kn-active");
      active = i;
      const option = i >= 0 ? list.children[i] : null;
      option?.classList.add("kn-active");
      option?.scrollIntoView({ block: "nearest" });
      for (const owner of [box, list]) {
        if (option) owner.setAttribute("aria-activedescendant", option.id);
        else owner.removeAttribute("aria-activedescendant");
      }
    };
    const pick = i => {
      if (!rows[i]) return;
      open(false);
      if (popup) box.value = "";
      onpick(rows[i].fact_id);
    };
    const keys = event => {
      if (popup && list.hidden && event.key === "ArrowDown") { open(true); search(0); event.preventDefault(); return; }
      const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 10, PageUp: active - 10 }[event.key];
      if (to !== undefined) {
        activate(Math.max(0, Math.min(rows.length - 1, to)));
        event.preventDefault();
      } else if (event.key === "Enter") {
        pick(active >= 0 ? active : 0);
        event.preventDefault();
      } else if (event.key === "Escape") {
        open(false);
      }
    };
    box.addEventListener("keydown", keys);
    list.addEventListener("keydown", keys);
    box.addEventListener("input", () => { open(true); later(); });
    const later = kn.debounce(60, () => search(0));
    if (popup) {
      box.addEventListener("click", () => { open(true); search(0); });
      box.addEventListener("blur", () => setTimeout(() => open(false), 120));
    }

    const select = () => {
      for (const option of list.querySelectorAll("[role=option]")) option.setAttribute("aria-selected", String(option.dataset.fact === kn.state.fact));
    };
    kn.on("fact", select);
    return { node, search: () => search(0), text: () => box.value.trim() };
  };
})((window.kn ??= {}));
