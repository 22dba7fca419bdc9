// The neurons' places through training: each step's map begins where the one before ended, so that
// points move from one to the next. Drawn pixel by pixel, moved on this side alone.
(kn => {
  const h = kn.h;
  const MOVE_MS = 450;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // Dark blue over green to yellow by layer, as on the map.
  const RAMP = [[72, 61, 180], [40, 125, 190], [25, 165, 140], [105, 190, 70], [225, 180, 20]];
  const ramp = share => {
    const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
    const low = Math.min(RAMP.length - 2, Math.floor(at));
    return RAMP[low].map((v, k) => Math.round(v + (at - low) * (RAMP[low + 1][k] - v)));
  };

  // A step's places by neuron: NaN for one that isn't on the map.
  const decode = data => {
    const n = data.n_layers * data.n_neurons;
    const [layer, neuron, qx, qy] = ["layer", "neuron", "x", "y"].map(name => kn.unpack(data[name]));
    const x = new Float32Array(n).fill(NaN);
    const y = new Float32Array(n).fill(NaN);
    for (let i = 0; i < data.n; i++) {
      const at = layer[i] * data.n_neurons + neuron[i];
      x[at] = qx[i] / 65535;
      y[at] = 1 - qy[i] / 65535;
    }
    return { n, x, y, nNeurons: data.n_neurons, nLayers: data.n_layers, extent: data.extent };
  };

  kn.mountStepMap = pane => {
    let models = [];
    let steps = [];
    let maps = []; // by step: a promise of its places
    let shape = null; // a step's map, for its shape
    let at = -1; // the step on screen
    let now = null; // the places drawn: {x, y}
    let order = null;
    let colors = null;
    let moving = 0; // the frame asked for
    let view = null; // null: all points
    let touched = false; // by who zoomed or moved it
    let hovered = -1;
    let drag = null;
    let image = null;

    const count = h("span", { class: "kn-count" });
    const legend = h("div", { class: "kn-legend" });
    const canvas = h("canvas", { tabindex: "0", role: "application", "aria-label": "Map of neurons through training" });
    const overlay = h("canvas", { class: "kn-overlay", "aria-hidden": "true" });
    const stage = h("div", { class: "kn-stage kn-step-stage" }, canvas, overlay,
      h("div", { class: "kn-zoom" },
        h("button", { type: "button", "aria-label": "Zoom in", onclick: () => zoomBy(1.5) }, "+"),
        h("button", { type: "button", "aria-label": "Zoom out", onclick: () => zoomBy(1 / 1.5) }, "−"),
        h("button", { type: "button", "aria-label": "Show all", onclick: () => showAll() }, "⤢")));
    const trouble = h("div", {});
    const said = h("p", { class: "kn-said", role: "status" });
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Neurons on the map"), count,
        kn.sqlButton(() => `FROM neuron_places(${kn.literal(kn.state.model)}, ${steps[Math.max(0, at)] ?? 0})`)),
      legend, trouble, stage, said);

    // -- data --------------------------------------------------------------------------------

    const fetched = i => (maps[i] ??= kn.ask("training_places", { model: models[i], step: steps[i] }).then(decode)
      .catch(error => { maps[i] = null; throw error; }));

    // The steps of a model, or why there is no map of them.
    const load = (given, missing) => {
      models = given.map(s => s.model);
      steps = given.map(s => s.step);
      maps = [];
      shape = now = view = null;
      touched = false;
      at = hovered = -1;
      stage.hidden = Boolean(missing);
      legend.hidden = said.hidden = Boolean(missing);
      count.textContent = "";
      kn.fill(trouble, missing && kn.message(missing));
    };

    let wanted = -1;
    const show = async i => {
      if (stage.hidden || !steps.length || i === wanted) return;
      wanted = i;
      if (!pane.clientWidth) { wanted = -1; return; }
      try {
        const map = await fetched(i);
        if (wanted !== i) return;
        if (!shape) begin(map);
        move(map, i);
        rest(i);
      } catch (error) {
        wanted = -1;
        kn.fill(trouble, kn.message(error.message, "error"));
      }
    };

    // The other steps come one after the other, the nearest first, so that the slider finds them.
    let coming = false;
    const rest = async from => {
      if (coming) return;
      coming = true;
      const of = maps;
      const nearest = [...steps.keys()].sort((a, b) => Math.abs(a - from) - Math.abs(b - from));
      try {
        for (const i of nearest) if (maps === of) await fetched(i);
      } catch { /* said when that step is shown */ }
      coming = false;
      document.documentElement.dataset.knStepMaps = String(maps.filter(Boolean).length);
    };

    const begin = map => {
      shape = map;
      now = { x: Float32Array.from(map.x), y: Float32Array.from(map.y) };
      count.textContent = `${kn.integer(map.n)} neurons`;
      order = Uint32Array.from({ length: map.n }, (_, i) => i);
      let seed = 1; // a mixed order, so that no layer covers the others
      for (let i = map.n - 1; i > 0; i--) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const j = seed % (i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      const packed = Array.from({ length: map.nLayers }, (_, layer) => {
        const [r, g, b] = ramp(map.nLayers > 1 ? layer / (map.nLayers - 1) : 0.5);
        return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
      });
      colors = Uint32Array.from({ length: map.n }, (_, i) => packed[Math.floor(i / map.nNeurons)]);
      const stops = [0, 0.25, 0.5, 0.75, 1].map(share => `rgb(${ramp(share).join(" ")})`).join(", ");
      kn.fill(legend, h("span", {}, "layer 0"), h("span", { class: "kn-ramp", "aria-hidden": "true", style: `background: linear-gradient(90deg, ${stops})` }),
        h("span", {}, `layer ${map.nLayers - 1}`), h("span", { class: "kn-faint" }, "· each step's t-SNE starts from the one before; the disc apart: neurons that fire nowhere"));
    };

    // -- moving and drawing ------------------------------------------------------------------

    const move = (map, i) => {
      cancelAnimationFrame(moving);
      at = i;
      canvas.setAttribute("aria-label", `Map of ${kn.integer(map.n)} neurons at step ${kn.integer(steps[i])}. Arrow keys move to the next point, Enter selects, plus and minus zoom, 0 shows all.`);
      const from = { x: now.x.slice(), y: now.y.slice() };
      const started = performance.now();
      const frame = time => {
        const share = still.matches ? 1 : Math.min(1, (time - started) / MOVE_MS);
        const t = share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2;
        const { x, y } = now;
        for (let k = 0; k < map.n; k++) {
          x[k] = from.x[k] === from.x[k] && map.x[k] === map.x[k] ? from.x[k] + t * (map.x[k] - from.x[k]) : map.x[k];
          y[k] = from.y[k] === from.y[k] && map.y[k] === map.y[k] ? from.y[k] + t * (map.y[k] - from.y[k]) : map.y[k];
        }
        paint();
        if (share < 1) moving = requestAnimationFrame(frame);
        else document.documentElement.dataset.knStepMap = String(steps[i]);
      };
      moving = requestAnimationFrame(frame);
    };

    const side = () => Math.min(stage.clientWidth, stage.clientHeight);
    const margin = () => [(stage.clientWidth - side()) / 2, (stage.clientHeight - side()) / 2];
    const toScreen = (x, y) => [(x - view.x) * view.zoom * side() + margin()[0], (y - view.y) * view.zoom * side() + margin()[1]];
    const fromScreen = (px, py) => [(px - margin()[0]) / side() / view.zoom + view.x, (py - margin()[1]) / side() / view.zoom + view.y];
    const whole = () => {
      const [right, bottom] = shape.extent;
      const zoom = Math.min(stage.clientWidth / right, stage.clientHeight / bottom) / side() / 1.04;
      return { x: 0.5 - 0.5 / zoom, y: 0.5 - 0.5 / zoom, zoom };
    };
    const showAll = () => { view = null; touched = false; paint(); };
    const zoomBy = (factor, place = [stage.clientWidth / 2, stage.clientHeight / 2]) => {
      if (!view) return;
      touched = true;
      const [x, y] = fromScreen(...place);
      view.zoom = Math.max(0.3, Math.min(200, view.zoom * factor));
      const [x2, y2] = fromScreen(...place);
      view.x += x - x2;
      view.y += y - y2;
      paint();
    };

    const paint = () => {
      if (!now || !kn.fit(canvas, stage.clientWidth, stage.clientHeight)) return;
      view ??= whole();
      const context = canvas.getContext("2d");
      const { width, height } = canvas;
      if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      pixels.fill(0);
      const ratio = width / stage.clientWidth;
      const scale = view.zoom * side() * ratio;
      const crowd = Math.sqrt(shape.n) / 70;
      const dot = Math.max(2, Math.min(9, Math.round(ratio * 3 * Math.sqrt(view.zoom) / Math.sqrt(Math.max(1, crowd)))));
      const [left, top] = toScreen(0, 0).map(v => v * ratio - dot / 2 + 0.5);
      const { x, y } = now;
      const [right, bottom] = [width - dot, height - dot];
      for (let k = 0; k < shape.n; k++) {
        const i = order[k];
        const px = Math.floor(left + x[i] * scale);
        const py = Math.floor(top + y[i] * scale);
        if (!(px >= 0 && py >= 0 && px <= right && py <= bottom)) continue;
        const color = colors[i];
        for (let row = py * width + px, last = row + dot * width; row < last; row += width) {
          for (let p = row; p < row + dot; p++) pixels[p] = color;
        }
      }
      context.putImageData(image, 0, 0);
      marks();
    };

    const chosen = () => {
      const { layer, neuron } = kn.state;
      return shape && layer !== null && neuron !== null && layer < shape.nLayers && neuron < shape.nNeurons ? layer * shape.nNeurons + neuron : -1;
    };
    const name = i => `layer ${Math.floor(i / shape.nNeurons)} · neuron ${i % shape.nNeurons}`;

    const marks = () => {
      if (!view || !kn.fit(overlay, stage.clientWidth, stage.clientHeight)) return;
      const ratio = overlay.width / stage.clientWidth;
      const context = overlay.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
      const ink = getComputedStyle(stage).color;
      const ground = kn.css("--kn-raised");
      const ring = (i, radius, thickness) => {
        if (i < 0 || Number.isNaN(now.x[i])) return;
        const [px, py] = toScreen(now.x[i], now.y[i]);
        for (const [color, extra] of [[ground, 3], [ink, 0]]) {
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
      if (mark < 0 || Number.isNaN(now.x[mark])) return;
      const [px, py] = toScreen(now.x[mark], now.y[mark]);
      context.font = "600 13px system-ui, sans-serif";
      const words = name(mark);
      const width = context.measureText(words).width;
      const left = px + 14 + width > stage.clientWidth ? px - 14 - width : px + 14;
      context.lineWidth = 4;
      context.strokeStyle = ground;
      context.strokeText(words, left, py + 4);
      context.fillStyle = ink;
      context.fillText(words, left, py + 4);
    };

    // -- hands -------------------------------------------------------------------------------

    const here = event => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const nearest = (px, py) => {
      const [x, y] = fromScreen(px, py);
      let best = -1;
      let least = (12 / side() / view.zoom) ** 2;
      for (let i = 0; i < shape.n; i++) {
        const d = (now.x[i] - x) ** 2 + (now.y[i] - y) ** 2;
        if (d < least) { least = d; best = i; }
      }
      return best;
    };
    // The nearest point in a direction, the better the straighter.
    const towards = (from, [dx, dy]) => {
      if (from < 0) return nearest(stage.clientWidth / 2, stage.clientHeight / 2);
      let best = -1;
      let least = Infinity;
      for (let i = 0; i < shape.n; i++) {
        const [ax, ay] = [now.x[i] - now.x[from], now.y[i] - now.y[from]];
        const along = ax * dx + ay * dy;
        const d = along + 2 * (Math.abs(ax * dy) + Math.abs(ay * dx));
        if (i !== from && along > 0 && d < least) { least = d; best = i; }
      }
      return best;
    };
    const choose = i => {
      if (i < 0) return;
      hovered = i;
      kn.go({ layer: Math.floor(i / shape.nNeurons), neuron: i % shape.nNeurons });
      said.textContent = name(i);
    };
    stage.addEventListener("wheel", event => {
      if (!now) return;
      event.preventDefault();
      zoomBy(Math.exp(-event.deltaY * 0.0015), here(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", event => {
      if (!now || !view || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      drag = { from: here(event), view: { ...view }, moved: false };
    });
    canvas.addEventListener("pointermove", event => {
      if (!now || !view) return;
      const place = here(event);
      if (drag) {
        drag.moved ||= Math.hypot(place[0] - drag.from[0], place[1] - drag.from[1]) > 4;
        if (!drag.moved) return;
        kn.untip();
        touched = true;
        view.x = drag.view.x - (place[0] - drag.from[0]) / side() / view.zoom;
        view.y = drag.view.y - (place[1] - drag.from[1]) / side() / view.zoom;
        paint();
        return;
      }
      const found = nearest(...place);
      if (found !== hovered) { hovered = found; marks(); }
      canvas.style.cursor = found >= 0 ? "pointer" : "grab";
      if (found >= 0) kn.tip(event.clientX, event.clientY, name(found));
      else kn.untip();
    });
    canvas.addEventListener("pointerup", event => {
      const done = drag;
      drag = null;
      if (done && !done.moved) choose(nearest(...here(event)));
    });
    canvas.addEventListener("pointercancel", () => { drag = null; });
    canvas.addEventListener("pointerleave", () => { hovered = -1; kn.untip(); if (now) marks(); });
    canvas.addEventListener("keydown", event => {
      if (!now) return;
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.key in ways) {
        const next = towards(hovered >= 0 ? hovered : chosen(), ways[event.key]);
        if (next >= 0) { hovered = next; marks(); said.textContent = name(next); }
      } else if (event.key === "Enter") choose(hovered);
      else if (event.key === "+" || event.key === "=") zoomBy(1.5);
      else if (event.key === "-") zoomBy(1 / 1.5);
      else if (event.key === "0") showAll();
      else return;
      event.preventDefault();
    });

    kn.on("neuron-asked", () => { if (now) marks(); });
    new ResizeObserver(() => { if (!touched) view = null; if (now) paint(); else if (wanted < 0 && pendingStep >= 0) show(pendingStep); }).observe(stage);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (now) paint(); });
    let pendingStep = -1;
    return { load, show: i => { pendingStep = i; show(i); } };
  };
})((window.kn ??= {}));
