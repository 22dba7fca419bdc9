// The map: neurons or prompts at their t-SNE place, on a canvas filled pixel by pixel.
(kn => {
  const h = kn.h;

  const CORNERS = 48; // of a lasso

  const mountMap = pane => {
    let kind = "neurons";
    let hand = "move";
    let points = null;
    let view = null; // left, top and 1 / width of the square that is seen; null: all points
    let hovered = -1;
    let drag = null;
    let outline = null; // corners of what is selected, in the points' coordinates
    const fingers = new Map(); // pointer id -> [x, y]
    let drawn = null; // x, y and colors in the order of drawing
    let image = null; // the canvas' pixels

    const kinds = kn.toggle("What is on the map", [["neurons", "neurons"], ["prompts", "prompts"]], kind,
      value => { kind = value; load(); });
    const hands = kn.toggle("What dragging does", [["move", "move"], ["box", "select a box"], ["lasso", "lasso"]], hand,
      value => { hand = value; canvas.dataset.hand = value; });
    const colours = h("select", { "aria-label": "Colour by", onchange: () => { paintColours(); draw(); } });
    const labels = kn.labelsButton(() => paintMarks());
    const legend = h("div", { class: "kn-legend" });
    const count = h("span", { class: "kn-count" });
    const canvas = h("canvas", {
      tabindex: "0", role: "application", "data-hand": hand,
      "aria-label": "Map of neurons. Arrow keys move to the next point, Enter selects, plus and minus zoom, 0 shows all.",
    });
    const overlay = h("canvas", { class: "kn-overlay", "aria-hidden": "true" });
    const said = h("p", { class: "kn-said", role: "status" });
    const stage = h("div", { class: "kn-stage" }, canvas, overlay,
      h("div", { class: "kn-zoom" },
        h("button", { type: "button", "aria-label": "Zoom in", onclick: () => zoomBy(1.5) }, "+"),
        h("button", { type: "button", "aria-label": "Zoom out", onclick: () => zoomBy(1 / 1.5) }, "−"),
        h("button", { type: "button", "aria-label": "Show all", onclick: () => showAll() }, "⤢")));
    const trouble = h("div", {});
    const selection = h("div", { class: "kn-selection", hidden: true });
    const macro = () => `${kind === "neurons" ? "neuron_points" : "prompt_points"}(${kn.literal(kn.state.model)})`;
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Map"), count, kn.sqlButton(() => `FROM ${macro()}`)),
      h("div", { class: "kn-tools" }, kinds, h("label", {}, "colour by ", colours), hands, labels, legend),
      trouble, stage, said, selection);

    // -- data --------------------------------------------------------------------------------

    let calls = 0;
    const load = async () => {
      if (!kn.state.model) return;
      const call = ++calls;
      unselect();
      stage.classList.add("kn-waiting");
      try {
        const data = await kn.remembered("points", { model: kn.state.model, kind });
        if (call !== calls) return;
        kn.fill(trouble, data.missing && kn.message(data.missing));
        stage.hidden = !data.n;
        points = data.n ? kn.decodePoints(data) : null;
        count.textContent = data.n ? `${kn.integer(data.n)} ${kind}` : "";
      } catch (error) {
        if (call !== calls) return;
        points = null;
        stage.hidden = true;
        kn.fill(trouble, kn.message(error.message, "error"));
      }
      stage.classList.remove("kn-waiting");
      if (!points) { kn.fill(legend); return; }
      canvas.setAttribute("aria-label", `Map of ${kn.integer(points.n)} ${kind}. Arrow keys move to the next point, Enter selects, plus and minus zoom, 0 shows all.`);
      const order = shuffled(points.n);
      drawn = { order, x: Float32Array.from(order, i => points.x[i]), y: Float32Array.from(order, i => points.y[i]) };
      const choices = kn.colourings(points);
      const before = colours.value;
      kn.fill(colours, ...choices.map(([name, words]) => h("option", { value: name }, words)));
      if (choices.some(([name]) => name === before)) colours.value = before;
      hovered = -1;
      paintColours();
      showAll();
      document.documentElement.dataset.knMap = kind;
    };

    // Drawing in a mixed order, so that no layer or country covers the others.
    const shuffled = n => {
      const list = Uint32Array.from({ length: n }, (_, i) => i);
      let seed = 1;
      for (let i = n - 1; i > 0; i--) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const j = seed % (i + 1);
        [list[i], list[j]] = [list[j], list[i]];
      }
      return list;
    };

    const paintColours = () => {
      if (!points) return;
      const how = kn.colourings(points).find(([name]) => name === colours.value)[2];
      const { colors, legend: words } = how(points);
      drawn.colors = Uint32Array.from(drawn.order, i => colors[i]);
      kn.fill(legend, ...words);
    };

    // -- drawing -----------------------------------------------------------------------------

    const side = () => Math.min(stage.clientWidth, stage.clientHeight);
    const toScreen = (x, y) => [
      (x - view.x) * view.zoom * side() + (stage.clientWidth - side()) / 2,
      (y - view.y) * view.zoom * side() + (stage.clientHeight - side()) / 2];
    const fromScreen = (px, py) => [
      (px - (stage.clientWidth - side()) / 2) / side() / view.zoom + view.x,
      (py - (stage.clientHeight - side()) / 2) / side() / view.zoom + view.y];

    let asked = 0;
    const draw = () => { if (!asked) asked = requestAnimationFrame(() => { asked = 0; paint(); }); };

    const paint = () => {
      if (!points || !kn.fit(canvas, stage.clientWidth, stage.clientHeight)) return;
      view ??= whole();
      const context = canvas.getContext("2d");
      const { width, height } = canvas;
      if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      pixels.fill(0);
      const ratio = width / stage.clientWidth;
      const scale = view.zoom * side() * ratio;
      const crowd = Math.sqrt(points.n) / 70;
      const dot = Math.max(2, Math.min(9, Math.round(ratio * 2.6 * Math.sqrt(view.zoom) / Math.sqrt(Math.max(1, crowd)))));
      const [left, top] = toScreen(0, 0).map(v => v * ratio - dot / 2 + 0.5);
      const { x, y, colors } = drawn;
      const [right, bottom] = [width - dot, height - dot];
      for (let i = 0; i < points.n; i++) {
        const px = Math.floor(left + x[i] * scale);
        const py = Math.floor(top + y[i] * scale);
        if (px < 0 || py < 0 || px > right || py > bottom) continue;
        const color = colors[i];
        for (let row = py * width + px, last = row + dot * width; row < last; row += width) {
          for (let at = row; at < row + dot; at++) pixels[at] = color;
        }
      }
      context.putImageData(image, 0, 0);
      paintMarks();
    };

    let sought = { of: null, at: -1 };
    const chosen = () => {
      if (!points) return -1;
      const { layer, neuron, prompt } = kn.state;
      const of = kind === "neurons" ? `${layer} ${neuron}` : `${prompt}`;
      if (sought.of !== of || sought.points !== points) {
        const is = kind === "neurons"
          ? i => points.layer[i] === layer && points.neuron[i] === neuron
          : i => points.promptId(i) === prompt;
        let at = 0;
        while (at < points.n && !is(at)) at++;
        sought = { of, points, at: at < points.n ? at : -1 };
      }
      return sought.at;
    };

    const paintMarks = () => {
      if (!view || !kn.fit(overlay, stage.clientWidth, stage.clientHeight)) return;
      const ratio = overlay.width / stage.clientWidth;
      const context = overlay.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
      const ink = getComputedStyle(stage).color;
      if (points && labels.on) kn.drawLabels(context, points, toScreen, [stage.clientWidth, stage.clientHeight], ink);
      const ring = (i, radius, thickness) => {
        if (i < 0) return;
        const [px, py] = toScreen(points.x[i], points.y[i]);
        for (const [color, extra] of [[kn.css("--kn-ground"), 3], [ink, 0]]) {
          context.beginPath();
          context.arc(px, py, radius, 0, 2 * Math.PI);
          context.lineWidth = thickness + extra;
          context.strokeStyle = color;
          context.stroke();
        }
      };
      const mark = chosen();
      ring(mark, 9, 2.5);
      ring(hovered, 6, 1.5);
      if (mark >= 0 && kind === "neurons") label(context, mark, `layer ${kn.state.layer} · neuron ${kn.state.neuron}`, ink);
      const shape = drag?.outline ?? outline;
      if (shape) {
        context.beginPath();
        for (const corner of shape) context.lineTo(...toScreen(...corner));
        context.closePath();
        context.lineWidth = 1.5;
        context.strokeStyle = ink;
        context.setLineDash([5, 4]);
        context.stroke();
        context.setLineDash([]);
      }
    };

    const label = (context, i, words, ink) => {
      const [px, py] = toScreen(points.x[i], points.y[i]);
      context.font = "600 13px system-ui, sans-serif";
      const width = context.measureText(words).width;
      const left = px + 14 + width > stage.clientWidth ? px - 14 - width : px + 14;
      context.lineWidth = 4;
      context.strokeStyle = kn.css("--kn-ground");
      context.strokeText(words, left, py + 4);
      context.fillStyle = ink;
      context.fillText(words, left, py + 4);
    };

    // -- moving about ------------------------------------------------------------------------

    const showAll = () => { view = null; draw(); };
    const whole = () => {
      const [right, bottom] = points.extent;
      const zoom = Math.min(stage.clientWidth / right, stage.clientHeight / bottom) / side() / 1.04;
      return { x: 0.5 - 0.5 / zoom, y: 0.5 - 0.5 / zoom, zoom };
    };
    const zoomBy = (factor, at = [stage.clientWidth / 2, stage.clientHeight / 2]) => {
      if (!view) return;
      const [x, y] = fromScreen(...at);
      view.zoom = Math.max(0.3, Math.min(200, view.zoom * factor));
      const [x2, y2] = fromScreen(...at);
      view.x += x - x2;
      view.y += y - y2;
      draw();
    };
    const here = event => {
      const frame = canvas.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };
    const nearest = (px, py) => points.find(...fromScreen(px, py), 12 / side() / view.zoom);

    const words = i => {
      const city = points.name(i);
      const place = city === null ? "" : `${city}${points.country(i) ? `, ${points.country(i)}` : ""}`;
      if (kind === "prompts") return (place || `prompt ${points.promptId(i)}`) + kn.clusterWords(points, i);
      return `layer ${points.layer[i]} · neuron ${points.neuron[i]} · fires at ${kn.percent(points.rate[i])}`
        + (place ? ` · strongest in ${place}` : "")
        + kn.clusterWords(points, i);
    };

    const choose = i => {
      if (i < 0) return;
      hovered = i;
      if (kind === "neurons") kn.go({ layer: points.layer[i], neuron: points.neuron[i] });
      else kn.go({ prompt: points.promptId(i) });
      said.replaceChildren(h("bdi", {}, words(i)));
      if (kind === "prompts") said.append(" ", h("button", { type: "button", class: "kn-sql", onclick: () => kn.openPrompt(kn.state.prompt) }, "open in Explore"));
    };

    stage.addEventListener("wheel", event => {
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY * 0.0015), here(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", event => {
      if (!points || !view || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, here(event));
      const from = here(event);
      const selects = hand === "move" ? (event.shiftKey ? "box" : null) : hand;
      drag = fingers.size > 1 ? null : { from, view: { ...view }, moved: false, selects };
    });
    // Two fingers: what is between them stays between them.
    const pinch = (id, at) => {
      const [other] = [...fingers].filter(([key]) => key !== id).map(([, place]) => place);
      const middle = place => [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
      const apart = place => Math.max(1, Math.hypot(place[0] - other[0], place[1] - other[1]));
      const before = fingers.get(id);
      const [from, to] = [middle(before), middle(at)];
      view.x -= (to[0] - from[0]) / side() / view.zoom;
      view.y -= (to[1] - from[1]) / side() / view.zoom;
      zoomBy(apart(at) / apart(before), to);
    };
    const figure = (from, at) => {
      const [a, b] = [fromScreen(...from), fromScreen(...at)];
      return [a, [b[0], a[1]], b, [a[0], b[1]]];
    };
    canvas.addEventListener("pointermove", event => {
      if (!points || !view) return;
      const at = here(event);
      if (fingers.size === 2 && fingers.has(event.pointerId)) {
        pinch(event.pointerId, at);
        fingers.set(event.pointerId, at);
        return;
      }
      if (drag) {
        drag.moved ||= Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > 4;
        if (!drag.moved) return;
        kn.untip();
        if (drag.selects === "box") {
          drag.outline = figure(drag.from, at);
          paintMarks();
        } else if (drag.selects === "lasso") {
          (drag.outline ??= [fromScreen(...drag.from)]).push(fromScreen(...at));
          paintMarks();
        } else {
          view.x = drag.view.x - (at[0] - drag.from[0]) / side() / view.zoom;
          view.y = drag.view.y - (at[1] - drag.from[1]) / side() / view.zoom;
          draw();
        }
        return;
      }
      const found = nearest(...at);
      if (found !== hovered) { hovered = found; paintMarks(); }
      canvas.style.cursor = found >= 0 ? "pointer" : hand === "move" ? "grab" : "crosshair";
      if (found >= 0) kn.tip(event.clientX, event.clientY, words(found));
      else kn.untip();
    });
    canvas.addEventListener("pointerup", event => {
      const done = drag;
      drag = null;
      fingers.delete(event.pointerId);
      if (!done) return;
      if (!done.moved) choose(nearest(...here(event)));
      else if (done.outline?.length > 2) select(thinned(done.outline));
    });
    canvas.addEventListener("pointerleave", () => { hovered = -1; kn.untip(); paintMarks(); });
    canvas.addEventListener("pointercancel", event => { drag = null; fingers.delete(event.pointerId); });
    canvas.addEventListener("keydown", event => {
      if (!points) return;
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.key in steps) {
        const next = towards(hovered >= 0 ? hovered : chosen(), steps[event.key]);
        if (next >= 0) { hovered = next; paintMarks(); said.textContent = words(next); }
      } else if (event.key === "Enter") choose(hovered);
      else if (event.key === "+" || event.key === "=") zoomBy(1.5);
      else if (event.key === "-") zoomBy(1 / 1.5);
      else if (event.key === "0") showAll();
      else if (event.key === "Escape") unselect();
      else return;
      event.preventDefault();
    });

    // The nearest point in a direction, the better the straighter.
    const towards = (from, [dx, dy]) => {
      if (from < 0) return points.find(...fromScreen(stage.clientWidth / 2, stage.clientHeight / 2), 2);
      let best = -1;
      let least = Infinity;
      for (let i = 0; i < points.n; i++) {
        const [ax, ay] = [points.x[i] - points.x[from], points.y[i] - points.y[from]];
        const along = ax * dx + ay * dy;
        const across = Math.abs(ax * dy) + Math.abs(ay * dx);
        const d = along + 2 * across;
        if (i !== from && along > 0 && d < least) { least = d; best = i; }
      }
      return best;
    };

    // -- what is selected --------------------------------------------------------------------

    const unselect = () => { outline = null; selection.hidden = true; paintMarks(); };

    // Every so many of a drawn line's corners.
    const thinned = corners => {
      const step = Math.max(1, corners.length / CORNERS);
      return Array.from({ length: Math.ceil(corners.length / step) }, (_, i) => corners[Math.floor(i * step)]);
    };

    const select = async shape => {
      outline = shape;
      paintMarks();
      const corners = shape.map(corner => points.toData(...corner).map(v => Number(v.toPrecision(5))));
      selection.hidden = false;
      kn.fill(selection, kn.message("counting …"));
      try {
        const found = await kn.ask("selection", { model: kn.state.model, kind, outline: corners });
        if (outline === shape) showSelection(found);
      } catch (error) {
        kn.fill(selection, kn.message(error.message, "error"));
      }
    };

    const showSelection = found => {
      const chips = (list, words) => (list.length
        ? list.map(row => h("span", { class: "kn-chip" }, ...words(row)))
        : [h("span", { class: "kn-faint" }, "–")]);
      kn.fill(selection,
        h("div", { class: "kn-head" },
          h("h3", {}, `${kn.integer(found.n)} ${kind} selected`),
          kn.sqlButton(() => `FROM ${macro()}\nWHERE ${found.condition}`),
          h("button", { type: "button", class: "kn-sql", onclick: unselect }, "clear")),
        h("dl", {},
          h("div", { class: "kn-fact" }, h("dt", {}, "countries"),
            h("dd", {}, ...chips(found.countries, ({ country, n, lift }) => [
              h("bdi", {}, country), ` ${n}`,
              h("span", { class: "kn-faint", title: "share here over share on the whole map" }, ` · ${lift.toFixed(1)}×`)]))),
          kind === "neurons" && h("div", { class: "kn-fact" }, h("dt", {}, "promote"),
            h("dd", {}, ...chips(found.words, ({ token, n }) => [h("bdi", {}, kn.quoted(token)), ` ${n}`])))));
    };

    // -- what it listens to ------------------------------------------------------------------

    kn.on("model", () => { points = null; if (kn.state.tab === "map") load(); });
    kn.on("tab", tab => { if (tab === "map" && !points) load(); });
    kn.on("neuron-asked", () => { if (points) paintMarks(); });
    kn.on("prompt", () => { if (points) paintMarks(); });
    new ResizeObserver(draw).observe(stage);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    if (kn.state.model) load();
  };

  kn.tab("map", ({ element }) => {
    mountMap(kn.section(element, "map"));
    kn.mountNeuron(kn.section(element, "neuron"), { withPrompt: false });
  });
})((window.kn ??= {}));
