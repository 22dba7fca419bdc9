// Middle pane: the prompt, a row for each layer, and the slider that moves the token.
// All of a prompt is in the browser, so moving the token asks nobody.
(kn => {
  const h = kn.h;
  const GAP = 1;

  kn.mountHeatmap = pane => {
    let order = "strength";
    let scaling = "layer";
    let cursor = null; // {layer, index} under the keyboard
    let cells = []; // per layer: the cells drawn, [{neuron, activation}, ...]
    let cellWidth = 10;
    let rowHeight = 18;
    let width = 0; // of the canvas
    let colours = null;
    let prose = null;

    const title = h("h2", {}, "Prompt");
    const facts = h("span", { class: "kn-count" });
    const lensState = h("span", { class: "kn-count", role: "status" });
    const text = h("div", { class: "kn-text", "aria-label": "The prompt's tokens" });
    const orders = kn.toggle("Order of the neurons in a row",
      [["strength", "strongest first"], ["index", "by index"]], order, value => { order = value; draw(); });
    const scales = kn.toggle("Scale of the colours",
      [["layer", "scale per layer"], ["global", "global"]], scaling, value => { scaling = value; drawLegend(); draw(); });
    const legend = h("div", { class: "kn-legend" });
    const lens = kn.lensRows();
    const canvas = h("canvas", {
      class: "kn-cells", tabindex: "0", role: "application",
      "aria-label": "Fired neurons by layer. Arrow keys move, Enter selects a neuron.",
    });
    const counts = h("div", { class: "kn-counts", "aria-label": "Number of neurons that fired" });
    const rows = h("div", { class: "kn-rows" }, lens.node, h("div", { class: "kn-canvas" }, canvas), counts);
    const slider = h("input", { type: "range", min: "0", step: "1", value: "0", "aria-label": "Token" });
    const back = h("button", { type: "button", "aria-label": "Previous token", onclick: () => step(-1) }, "‹");
    const forth = h("button", { type: "button", "aria-label": "Next token", onclick: () => step(1) }, "›");
    const place = h("output", { class: "kn-place" });
    const said = h("p", { class: "kn-said", role: "status" });
    const foot = h("div", { class: "kn-foot" }, h("div", { class: "kn-slider" }, back, slider, forth), place, said);
    const trouble = h("div", {});
    const asSql = [
      kn.sqlButton(() => `FROM heatmap(${kn.literal(kn.state.model)}, ${kn.state.prompt})\nORDER BY position, layer, abs(activation) DESC`),
      h("button", {
        type: "button", class: "kn-sql", title: "Open the query behind the tokens at the left",
        onclick: () => kn.openSql(`FROM lens(${kn.literal(kn.state.model)}, ${kn.state.prompt})\nORDER BY position, layer, rank`),
      }, "lens as SQL")];
    const body = h("div", { class: "kn-body", hidden: true },
      text, h("div", { class: "kn-tools" }, orders, scales, legend), rows, foot);
    pane.prepend(h("div", { class: "kn-head" }, title, facts, lensState, ...asSql));
    pane.append(trouble, body);

    // -- what belongs to the prompt ----------------------------------------------------------

    const showPrompt = () => {
      const { tokens, prompt } = kn.prompt;
      cursor = null;
      showLensState();
      body.hidden = false;
      for (const button of asSql) button.hidden = Boolean(prompt.live); // no row of a table holds it
      kn.fill(title, h("bdi", {}, prompt.live ? "Your text" : prompt.name ?? `Prompt ${prompt.prompt_id}`));
      kn.fill(facts, prompt.live ? `${prompt.n_whole > tokens.length ? `the first ${kn.integer(tokens.length)} of ${kn.integer(prompt.n_whole)}` : kn.integer(tokens.length)} tokens, run live` : prompt.name && [
        prompt.country, prompt.is_capital && "capital", prompt.population && kn.integer(prompt.population),
        `prompt ${prompt.prompt_id}`,
      ].filter(Boolean).map((fact, i) => [i ? " · " : "", h("bdi", {}, fact)]).flat());
      prose = kn.prose(tokens, { title: i => `token ${i}`, onpick: i => kn.go({ token: i }) });
      kn.fill(text, prose);
      slider.max = String(Math.max(0, tokens.length - 1));
      slider.disabled = tokens.length < 2;
      lens.begin(kn.prompt.nLayers);
      kn.fill(counts, ...Array.from({ length: kn.prompt.nLayers }, () => h("span", {})));
      drawLegend();
      measure();
      draw();
    };

    // A lens that is computed now is told of beside the title, one that can't be had above the rows.
    const showLensState = () => {
      const { missing, lensWords, lensTrouble } = kn.prompt;
      kn.fill(trouble, ...[...Object.values(missing), lensTrouble].filter(Boolean).map(words => kn.message(words)));
      lensState.textContent = lensWords ? `lens: ${lensWords}` : "";
    };

    // -- what belongs to the token -----------------------------------------------------------

    const draw = () => {
      if (!kn.prompt || body.hidden) return;
      const { token } = kn.state;
      const { tokens } = kn.prompt;
      slider.value = String(token);
      slider.style.setProperty("--at", tokens.length > 1 ? token / (tokens.length - 1) : 0);
      kn.mark(prose, token);
      const follows = tokens[token + 1];
      slider.setAttribute("aria-valuetext", `token ${token}: ${tokens[token] ?? ""}`);
      kn.fill(place, `token ${token} of ${tokens.length - 1}: `, h("b", {}, h("bdi", {}, kn.quoted(tokens[token] ?? ""))),
        follows === undefined ? " · the prompt ends here" : " · then ",
        follows === undefined ? null : h("bdi", {}, kn.quoted(follows)),
        token === 0 ? " · position 0 is an attention sink: its outsized values are left out of statistics" : "");
      lens.show(token);
      paint();
      say();
      if (Math.abs(canvas.parentElement.clientWidth - width) > 1) { measure(); paint(); }
    };

    const say = () => {
      const { layer, neuron, token } = kn.state;
      if (layer === null || !kn.prompt) { said.textContent = ""; return; }
      const found = kn.prompt.fired(token, layer).find(cell => cell.neuron === neuron);
      said.textContent = `Layer ${layer} · neuron ${neuron} `
        + (found ? `fired here: ${kn.number(found.activation)}` : "did not fire at this token");
    };

    const full = layer => (scaling === "layer" ? kn.prompt.scale(layer) : kn.prompt.globalScale);

    // What only a new size or a new prompt changes: asking for it at each token would cost a layout.
    const measure = () => {
      const { nLayers, busy } = kn.prompt;
      width = canvas.parentElement.clientWidth;
      const room = window.innerWidth >= 1100 ? pane.clientHeight - rows.offsetTop - foot.offsetHeight - 14 : 0;
      // Where panes are side by side a deep model's rows get small rather than leave the screen.
      rowHeight = room ? Math.max(10, Math.min(24, Math.floor(room / nLayers))) : 14;
      rows.style.setProperty("--row", `${rowHeight}px`);
      cellWidth = Math.max(7, Math.min(20, Math.floor(width / Math.max(1, busy))));
      colours = { positive: kn.rgb("--kn-positive"), negative: kn.rgb("--kn-negative"), ink: getComputedStyle(canvas).color };
    };

    const paint = () => {
      const { nLayers } = kn.prompt;
      const { token } = kn.state;
      if (!kn.fit(canvas, width, rowHeight * nLayers)) return;
      const fits = Math.floor((width - 2) / cellWidth);
      const ratio = canvas.width / width;
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, rowHeight * nLayers);
      cells = [];
      for (let layer = 0; layer < nLayers; layer++) {
        const fired = kn.prompt.fired(token, layer);
        const shown = fired.slice(0, fits); // the strongest are first: a narrow row keeps them
        if (order === "index") shown.sort((a, b) => a.neuron - b.neuron);
        cells.push(shown);
        const scale = full(layer);
        shown.forEach(({ activation }, i) => {
          const [r, g, b] = activation < 0 ? colours.negative : colours.positive;
          const alpha = 0.12 + 0.88 * Math.min(1, Math.abs(activation) / scale) ** 1.5;
          context.fillStyle = `rgba(${r},${g},${b},${alpha})`;
          context.fillRect(1 + i * cellWidth, layer * rowHeight + 1, cellWidth - GAP, rowHeight - 2);
        });
        counts.children[layer].textContent = shown.length < fired.length
          ? `${shown.length} of ${fired.length}` : String(fired.length);
      }
      frame(context, kn.state.layer, cells[kn.state.layer]?.findIndex(c => c.neuron === kn.state.neuron), 2);
      if (cursor && document.activeElement === canvas) frame(context, cursor.layer, cursor.index, 1);
      lens.mark(kn.state.layer);
    };

    const frame = (context, layer, index, thickness) => {
      if (index === undefined || index < 0) return;
      context.lineWidth = thickness;
      context.strokeStyle = colours.ink;
      context.strokeRect(0.5 + index * cellWidth, layer * rowHeight + 0.5, cellWidth, rowHeight - 1);
    };

    const drawLegend = () => {
      const top = scaling === "layer" ? "98th percentile of its layer" : kn.number(kn.prompt.globalScale);
      kn.fill(legend,
        h("span", {}, "weakest that fired"),
        h("span", { class: "kn-ramp", "aria-hidden": "true" }),
        h("span", { title: "In this prompt, position 0 aside" }, top),
        kn.prompt.negative && h("span", { class: "kn-ramp kn-minus", "aria-hidden": "true" }),
        kn.prompt.negative && h("span", {}, "below 0"));
    };

    // -- hands -------------------------------------------------------------------------------

    const at = event => {
      const box = canvas.getBoundingClientRect();
      const layer = Math.floor((event.clientY - box.top) / rowHeight);
      const index = Math.floor((event.clientX - box.left - 1) / cellWidth);
      return cells[layer]?.[index] ? { layer, index } : null;
    };
    const words = ({ layer, index }) => {
      const { neuron, activation } = cells[layer][index];
      const limit = kn.prompt.thresholds[layer];
      return `layer ${layer} · neuron ${neuron} · activation ${kn.number(activation)}`
        + (limit === undefined ? "" : ` · fires from ${kn.number(limit)}`);
    };
    const choose = ({ layer, index }) => kn.go({ layer, neuron: cells[layer][index].neuron });

    canvas.addEventListener("mousemove", event => {
      const cell = at(event);
      canvas.style.cursor = cell ? "pointer" : "default";
      if (cell) kn.tip(event.clientX, event.clientY, words(cell));
      else kn.untip();
    });
    canvas.addEventListener("mouseleave", kn.untip);
    canvas.addEventListener("click", event => { const cell = at(event); if (cell) choose(cell); });
    canvas.addEventListener("blur", () => { kn.untip(); if (kn.prompt) paint(); });
    canvas.addEventListener("keydown", event => {
      if (!cells.length) return;
      const start = () => {
        const index = cells[kn.state.layer]?.findIndex(c => c.neuron === kn.state.neuron) ?? -1;
        return { layer: kn.state.layer ?? 0, index: Math.max(0, index) };
      };
      const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
      if (event.key in steps) {
        const from = cursor ?? start();
        let layer = from.layer + steps[event.key][0];
        while (cells[layer] && !cells[layer].length) layer += steps[event.key][0] || 1;
        if (!cells[layer]) return;
        const index = Math.max(0, Math.min(cells[layer].length - 1, from.index + steps[event.key][1]));
        cursor = { layer, index };
        paint();
        said.textContent = words(cursor);
        event.preventDefault();
      } else if (event.key === "Enter" && cursor) {
        choose(cursor);
        event.preventDefault();
      }
    });

    const step = by => {
      const token = Math.max(0, Math.min(kn.prompt.tokens.length - 1, kn.state.token + by));
      kn.go({ token });
    };
    slider.addEventListener("input", () => kn.go({ token: Number(slider.value) }));

    // -- what it listens to ------------------------------------------------------------------

    kn.on("prompt", showPrompt);
    kn.on("lens", () => { showLensState(); draw(); });
    kn.on("token", draw);
    kn.on("neuron-asked", () => { if (kn.prompt) { paint(); say(); } });
    kn.on("prompt-failed", words => { body.hidden = true; lensState.textContent = ""; kn.fill(trouble, kn.message(words, "error")); });
    new ResizeObserver(() => { if (kn.prompt && !body.hidden) { measure(); paint(); } }).observe(pane);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (kn.prompt) { measure(); paint(); } });
    if (kn.prompt) showPrompt();
  };
})((window.kn ??= {}));
