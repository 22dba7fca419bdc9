// Lines over the steps of a training.
(kn => {
  const h = kn.h;
  const s = kn.svg;

  const swatch = series => {
    const key = s("svg", { class: "kn-swatch", width: 18, height: 8, "aria-hidden": "true" });
    key.append(s("line", { x1: 0, x2: 18, y1: 4, y2: 4, class: `kn-line kn-c-${series.colour}` }));
    return key;
  };

  // Lines. `data()` gives {series: [{name, colour, values, low, high, words}], min, max}; values, low
  // and high are lists by step with null where there is none. `format` words a value.
  kn.lineChart = ({ title, note, height = kn.plotHeight, format, data, onpick, extra, sql }) => {
    let found = { series: [] };
    const told = i => found.series.filter(series => series.values[i] !== null && series.values[i] !== undefined);
    const value = (series, i) => series.words?.(i) ?? format(series.values[i]);
    const draw = (svg, { x, inner, top, left, bottom, scale }) => {
      const all = found.series.flatMap(series => [series.values, series.low ?? [], series.high ?? []].flat())
        .filter(v => v !== null && v !== undefined);
      let [low, high] = [found.min ?? Math.min(...all), found.max ?? Math.max(...all)];
      low = Math.min(low, ...all);
      high = Math.max(high, ...all);
      if (!(high > low)) [low, high] = [low - 0.5, low + 0.5];
      const reach = found.reversed ? [high, low] : [low, high];
      const y = v => bottom - ((v - reach[0]) / (reach[1] - reach[0])) * (bottom - top);
      const grid = s("g", { class: "kn-axis kn-grid" });
      for (const v of (found.ticks ?? kn.ticks(low, high))) {
        const text = s("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" });
        text.textContent = (found.tick ?? format)(v);
        grid.append(s("line", { x1: left, x2: left + inner, y1: y(v), y2: y(v), class: v === 0 && low < 0 ? "kn-zero" : null }), text);
      }
      svg.append(grid);
      for (const series of found.series) {
        const runs = [];
        let run = null;
        for (const i of scale.steps.keys()) {
          if (series.values[i] === null || series.values[i] === undefined) run = null;
          else if (run) run.push(i);
          else runs.push(run = [i]);
        }
        for (const is of runs) {
          if (series.low && is.every(i => series.low[i] !== null && series.high[i] !== null)) {
            const edge = [...is.map(i => `${x(i)},${y(series.high[i])}`), ...is.map(i => `${x(i)},${y(series.low[i])}`).reverse()];
            svg.append(s("polygon", { class: `kn-band kn-c-${series.colour}`, points: edge.join(" ") }));
            if (is.length === 1) svg.append(s("line", { class: `kn-line kn-c-${series.colour}`, x1: x(is[0]), x2: x(is[0]), y1: y(series.low[is[0]]), y2: y(series.high[is[0]]) }));
          }
          svg.append(s("polyline", { class: `kn-line kn-c-${series.colour}`, points: is.map(i => `${x(i)},${y(series.values[i])}`).join(" ") }));
          for (const i of is) svg.append(s("circle", { class: `kn-dot kn-c-${series.colour}`, cx: x(i), cy: y(series.values[i]), r: 2.4 }));
        }
      }
    };
    const spread = (series, i) => (series.low && series.low[i] !== null && series.low[i] !== undefined ? ` (${format(series.low[i])} to ${format(series.high[i])})` : "");
    let steps = [];
    const chart = kn.stepChart({
      title, note, draw, height: () => height, onpick, sql,
      words: i => [h("strong", {}, `step ${kn.integer(steps[i])}`),
        ...(told(i).length ? [h("table", {}, ...told(i).map(series => h("tr", {}, h("td", {}, series.name), h("td", { class: "kn-num" }, value(series, i) + spread(series, i)))))] : [h("div", {}, "not measured at this step")]),
        ...(extra?.(i) ?? [])],
      readout: i => found.series.map(series => h("span", { class: "kn-reading" }, swatch(series), series.name, " ",
        h("b", {}, series.values[i] === null || series.values[i] === undefined ? "–" : value(series, i)))),
      summary: () => found.series.map(series => {
        const last = series.values.findLastIndex(v => v !== null && v !== undefined);
        return last < 0 ? `${series.name}: none.` : `${series.name} at step ${kn.integer(steps[last])}: ${value(series, last)}.`;
      }).join(" "),
    });
    return {
      node: chart.node, mark: chart.mark,
      show: (given, missing) => {
        steps = given ?? [];
        found = missing ? { series: [] } : data();
        const nothing = !missing && found.series.every(series => series.values.every(v => v === null || v === undefined));
        chart.show(steps, missing ?? (nothing ? found.none ?? "Nothing was measured." : null));
      },
    };
  };
})((window.kn ??= {}));
