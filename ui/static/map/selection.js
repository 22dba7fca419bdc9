// What a box or lasso on the map holds: counted, summed up, and opened as SQL.
(kn => {
  const h = kn.h;
  const CORNERS = 48; // of a lasso

  // Every so many of a drawn line's corners.
  const thinned = corners => {
    const step = Math.max(1, corners.length / CORNERS);
    return Array.from({ length: Math.ceil(corners.length / step) }, (_, i) => corners[Math.floor(i * step)]);
  };

  // `changed(outline)` hears of the figure, null where there is none.
  kn.mapSelection = changed => {
    const node = h("div", { class: "kn-selection", hidden: true });
    let outline = null;

    const clear = () => { outline = null; node.hidden = true; changed(null); };

    const select = async (drawn, points, kind, macro) => {
      const shape = thinned(drawn);
      outline = shape;
      changed(shape);
      const corners = shape.map(corner => points.toData(...corner).map(v => Number(v.toPrecision(5))));
      node.hidden = false;
      kn.fill(node, kn.message("counting …"));
      try {
        const found = await kn.ask("selection", { model: kn.state.model, kind, outline: corners });
        if (outline === shape) show(found, kind, macro);
      } catch (error) {
        kn.fill(node, kn.message(error.message, "error"));
      }
    };

    const chips = (list, words) => (list.length
      ? list.map(row => h("span", { class: "kn-chip" }, ...words(row)))
      : [h("span", { class: "kn-faint" }, "–")]);
    const show = (found, kind, macro) => kn.fill(node,
      h("div", { class: "kn-head" },
        h("h3", {}, `${kn.integer(found.n)} ${kind} selected`),
        kn.sqlButton(() => `FROM ${macro}\nWHERE ${found.condition}`),
        h("button", { type: "button", class: "kn-sql", onclick: clear }, "clear")),
      h("dl", {},
        h("div", { class: "kn-fact" }, h("dt", {}, "countries"),
          h("dd", {}, ...chips(found.countries, ({ country, n, lift }) => [
            h("bdi", {}, country), ` ${n}`,
            h("span", { class: "kn-faint", title: "share here over share on the whole map" }, ` · ${lift.toFixed(1)}×`)]))),
        kind === "neurons" && h("div", { class: "kn-fact" }, h("dt", {}, "promote"),
          h("dd", {}, ...chips(found.words, ({ token, n }) => [h("bdi", {}, kn.quoted(token)), ` ${n}`])))));

    return { node, select, clear };
  };
})((window.kn ??= {}));
