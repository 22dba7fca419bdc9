// Lines and strips over the steps of a training, as SVG: an axis of steps, a marker at the step on
// screen, values told on hover and at the marker, a click or an arrow key moves the step.
(kn => {
  const h = kn.h;
  const NS = "http://www.w3.org/2000/svg";
  const LEFT = 40;
  const RIGHT = 12;
  const TOP = 8;
  const BOTTOM = 19;
  const LINES = 132; // height of a chart, and of a strip of few layers
  const STRIP = LINES - TOP - BOTTOM;

  const s = (tag, attributes = {}, ...children) => {
    const node = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.filter(Boolean));
    return node;
  };

  // Steps on a logarithmic axis with room for step 0: at(i) is the place of the i-th in 0..1.
  kn.stepScale = steps => {
    const low = Math.log1p(steps[0]);
    const span = Math.log1p(steps[steps.length - 1]) - low;
    const places = steps.map((step, i) => (span ? (Math.log1p(step) - low) / span : steps.length > 1 ? i / (steps.length - 1) : 0.5));
    return {
      steps, places,
      at: i => places[i],
      nearest: x => places.reduce((best, p, i) => (Math.abs(p - x) < Math.abs(places[best] - x) ? i : best), 0),
      // Where the i-th has its cell of a strip: half-way to its neighbours.
      cell: i => [
        i ? (places[i - 1] + places[i]) / 2 : 0,
        i < places.length - 1 ? (places[i] + places[i + 1]) / 2 : 1],
    };
  };

  const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
  kn.stepWords = step => (step < 10000 ? kn.integer(step) : compact.format(step));

  // The steps whose labels have room, the last first, then the first, then from the left.
  kn.stepLabels = (scale, width) => {
    const taken = [];
    const room = i => {
      const half = 3.6 * kn.stepWords(scale.steps[i]).length + 4;
      const x = scale.at(i) * width;
      return taken.every(([a, b]) => x + half < a || x - half > b) && taken.push([x - half, x + half]);
    };
    const order = [...new Set([scale.steps.length - 1, ...scale.steps.keys()])];
    return order.filter(i => room(i));
  };

  // A share as a signed percentage.
  kn.changeWords = v => {
    if (v === null || v === undefined) return "–";
    const percent = 100 * v;
    const size = Math.abs(percent);
    if (size < 0.05) return "0 %";
    return `${percent > 0 ? "+" : percent < 0 ? "−" : ""}${size >= 1000 ? kn.integer(Math.round(size)) : size >= 9.95 ? Math.round(size) : size.toFixed(1)} %`;
  };

  // Round values between low and high, at most `most` + 1 of them.
  kn.ticks = (low, high, most = 3) => {
    const rough = (high - low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const unit = [1, 2, 2.5, 5, 10].find(u => u * power >= rough * 0.999) * power;
    const found = [];
    for (let k = Math.ceil(low / unit - 1e-9); k * unit <= high + 1e-9 * unit; k++) found.push(Number((k * unit).toPrecision(10)));
    return found;
  };

  // What charts and strips share: a figure with its title, an svg as wide as its place, the marker,
  // and hands. `draw(svg, width)` draws; `words(i)` tells of the i-th step, `readout(i)` under the
  // title; `summary()` is what a screen reader is told.
  const frame = ({ title, note, height, draw, words, readout, summary, onpick, sql }) => {
    let scale = null;
    let at = -1;
    let width = 0;
    const svg = s("svg", { class: "kn-plot", role: "img", tabindex: "0" });
    const reads = h("div", { class: "kn-readout" });
    const empty = h("div", {});
    const box = h("div", { class: "kn-plot-box" }, svg);
    const node = h("figure", { class: "kn-chart" },
      h("figcaption", {}, h("span", { class: "kn-chart-title" }, title),
        note && h("span", { class: "kn-faint" }, ` ${note}`),
        sql && h("button", { type: "button", class: "kn-sql", "aria-label": `${title}: show as SQL`, title: "Open the query that made this", onclick: () => kn.openSql(sql()) }, "SQL")),
      reads, empty, box);
    const marker = s("line", { class: "kn-marker" });
    const hover = s("line", { class: "kn-hovered" });

    const inner = () => Math.max(1, width - LEFT - RIGHT);
    const x = i => LEFT + scale.at(i) * inner();
    const tall = () => (typeof height === "function" ? height() : height);
    const put = (line, i) => {
      line.style.display = i < 0 || !scale || i >= scale.steps.length ? "none" : "";
      if (line.style.display) return;
      for (const [name, value] of [["x1", x(i)], ["x2", x(i)], ["y1", TOP], ["y2", tall() - BOTTOM]]) line.setAttribute(name, value);
    };
    const axis = () => {
      const y = tall() - BOTTOM;
      const group = s("g", { class: "kn-axis" }, s("line", { x1: LEFT, x2: LEFT + inner(), y1: y, y2: y }));
      for (const i of scale.steps.keys()) group.append(s("line", { x1: x(i), x2: x(i), y1: y, y2: y + 3 }));
      for (const i of kn.stepLabels(scale, inner())) {
        const words = kn.stepWords(scale.steps[i]);
        const text = s("text", { x: Math.min(x(i), width - 3.4 * words.length), y: y + 14, "text-anchor": "middle" });
        text.textContent = words;
        group.append(text);
      }
      return group;
    };
    const paint = () => {
      if (!scale || !(width > LEFT + RIGHT)) return;
      svg.setAttribute("width", width);
      svg.setAttribute("height", tall());
      svg.replaceChildren();
      draw(svg, { x, inner: inner(), top: TOP, left: LEFT, bottom: tall() - BOTTOM, scale });
      svg.append(axis(), hover, marker);
      put(marker, at);
      put(hover, -1);
    };
    const mark = i => {
      at = i;
      put(marker, i);
      kn.fill(reads, ...(scale && i >= 0 ? readout?.(i) ?? [] : []));
    };
    const over = event => scale.nearest((event.clientX - svg.getBoundingClientRect().left - LEFT) / inner());
    svg.addEventListener("mousemove", event => {
      if (!scale) return;
      const i = over(event);
      put(hover, i);
      kn.tip(event.clientX, event.clientY, ...words(i, event.clientY - svg.getBoundingClientRect().top));
    });
    svg.addEventListener("mouseleave", () => { put(hover, -1); kn.untip(); });
    svg.addEventListener("click", event => { if (scale) onpick(over(event)); });
    svg.addEventListener("keydown", event => {
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: scale?.steps.length - 1 }[event.key];
      if (to === undefined || !scale) return;
      onpick(Math.max(0, Math.min(scale.steps.length - 1, to)));
      event.preventDefault();
    });
    new ResizeObserver(([entry]) => {
      if (Math.abs(entry.contentRect.width - width) < 1) return;
      width = entry.contentRect.width;
      paint();
    }).observe(box);
    return {
      node, mark,
      // Draw for these steps, or say in words why there is nothing to draw.
      show: (steps, missing) => {
        scale = steps?.length && !missing ? kn.stepScale(steps) : null;
        box.hidden = reads.hidden = !scale;
        kn.fill(empty, missing && kn.message(missing));
        if (!scale) return;
        svg.setAttribute("aria-label", `${title}. ${summary()} Arrow keys move the step.`);
        paint();
        mark(Math.min(at, steps.length - 1));
      },
    };
  };

  const swatch = series => {
    const key = s("svg", { class: "kn-swatch", width: 18, height: 8, "aria-hidden": "true" });
    key.append(s("line", { x1: 0, x2: 18, y1: 4, y2: 4, class: `kn-line kn-c-${series.colour}` }));
    return key;
  };

  // Lines. `data()` gives {series: [{name, colour, values, low, high, words}], min, max}; values, low
  // and high are lists by step with null where there is none. `format` words a value.
  kn.lineChart = ({ title, note, height = LINES, format, data, onpick, extra, sql }) => {
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
    const chart = frame({
      title, note, height, draw, onpick, sql,
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

  // A strip of cells, a column for each step and a row for each layer: green above 0, purple below.
  // `data()` gives {values: [layer][step], scale: value of full colour}.
  kn.layerStrip = ({ title, note, format, data, onpick, sql, cellWords }) => {
    let found = { values: [] };
    let steps = [];
    const rows = () => found.values.length;
    const size = () => Math.max(5, Math.min(26, Math.floor(STRIP / Math.max(1, rows()))));
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
      const layer = Math.max(0, Math.min(rows() - 1, Math.floor((y - TOP) / size())));
      const value = found.values[layer]?.[i];
      return [h("strong", {}, `step ${kn.integer(steps[i])} · layer ${layer}`),
        h("div", {}, value === null || value === undefined ? found.absent ?? "not measured" : (cellWords ?? (v => format(v)))(value, layer, i))];
    };
    const chart = frame({
      title, note, draw, words, onpick, sql, height: () => TOP + rows() * size() + BOTTOM,
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
