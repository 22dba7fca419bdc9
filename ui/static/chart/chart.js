// What charts over the steps of a training share, as SVG: an axis of steps, a marker at the step on
// screen, values told on hover and at the marker, a click or an arrow key moves the step.
(kn => {
  const h = kn.h;
  const NS = "http://www.w3.org/2000/svg";
  const LEFT = 40;
  const RIGHT = 12;
  const TOP = 8;
  const BOTTOM = 19;
  kn.plotHeight = 105; // of the lines of a chart, and of a strip of few layers

  kn.svg = (tag, attributes = {}, ...children) => {
    const node = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children.filter(Boolean));
    return node;
  };
  const s = kn.svg;

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
  // and hands. `draw(svg, box)` draws what is `height()` pixels high; `words(i, y)` tells of the i-th
  // step and of what is `y` pixels under the top, `readout(i)` under the title; `summary()` is what a
  // screen reader is told.
  kn.stepChart = ({ title, note, height, draw, words, readout, summary, onpick, sql }) => {
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
    const tall = () => TOP + height() + BOTTOM;
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
      kn.tip(event.clientX, event.clientY, ...words(i, event.clientY - svg.getBoundingClientRect().top - TOP));
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
})((window.kn ??= {}));
