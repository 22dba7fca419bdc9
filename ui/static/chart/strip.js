// Strips over the steps of a training: what each layer is at each step.
(kn => {
  const h = kn.h;
  const s = kn.svg;

  // A strip of cells, a column for each step and a row for each layer: green above 0, purple below.
  // `data()` gives {values: [layer][step], scale: value of full colour}.
  kn.layerStrip = ({ title, note, format, data, onpick, sql, cellWords }) => {
    let found = { values: [] };
    let steps = [];
    const rows = () => found.values.length;
    const size = () => Math.max(5, Math.min(26, Math.floor(kn.plotHeight / Math.max(1, rows()))));
    const draw = (svg, { inner, top, left, scale }) => {
      const group = s("g", {});
      const every = Math.ceil(11 / size());
      found.values.forEach((values, layer) => {
        const y = top + layer * size();
        if (layer % every === 0) {
          const text = s("text", { x: left - 6, y: y + size() / 2 + 4, "text-anchor": "end", class: "kn-layer" });
          text.textContent = String(layer);
          group.append(text);
        }
        values.forEach((value, i) => {
          const [a, b] = scale.cell(i);
          const none = value === null || value === undefined;
          const share = none ? 0 : Math.min(1, Math.abs(value) / (found.scale || 1));
          group.append(s("rect", {
            x: left + a * inner, y, width: Math.max(1, (b - a) * inner - 0.5), height: size() - 0.5,
            class: none ? "kn-cell kn-none" : value < 0 ? "kn-cell kn-minus" : "kn-cell",
            style: none ? null : `fill-opacity:${(0.04 + 0.96 * share).toFixed(3)}`,
          }));
        });
      });
      svg.append(group);
    };
    const words = (i, y) => {
      const layer = Math.max(0, Math.min(rows() - 1, Math.floor(y / size())));
      const value = found.values[layer]?.[i];
      return [h("strong", {}, `step ${kn.integer(steps[i])} · layer ${layer}`),
        h("div", {}, value === null || value === undefined ? found.absent ?? "not measured" : (cellWords ?? (v => format(v)))(value, layer, i))];
    };
    const chart = kn.stepChart({
      title, note, draw, words, onpick, sql, height: () => rows() * size(),
      readout: i => {
        const column = found.values.map(values => values[i]);
        const known = column.filter(v => v !== null && v !== undefined);
        if (!known.length) return [h("span", { class: "kn-reading" }, found.absent ?? "not measured at this step")];
        return [
          h("span", { class: "kn-reading" }, h("span", { class: "kn-ramp", "aria-hidden": "true" }), `to ${format(found.scale)}`),
          found.negative && h("span", { class: "kn-reading" }, h("span", { class: "kn-ramp kn-minus", "aria-hidden": "true" }), "below 0"),
          h("span", { class: "kn-reading" }, h("b", {}, found.reading?.(column) ?? format(known.reduce((a, b) => a + b, 0))))];
      },
      summary: () => `${rows()} layers by ${steps.length} steps.`,
    });
    return {
      node: chart.node, mark: chart.mark,
      show: (given, missing) => {
        steps = given ?? [];
        found = missing ? { values: [] } : data();
        const nothing = !missing && found.values.every(values => values.every(v => v === null || v === undefined));
        chart.show(steps, missing ?? (nothing ? found.none ?? "Nothing was measured." : null));
      },
    };
  };
})((window.kn ??= {}));
