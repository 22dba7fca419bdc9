// The map: neurons or prompts at their t-SNE place, beside the selected neuron.
(kn => {
  const h = kn.h;

  const mountMap = pane => {
    let kind = "neurons";
    let points = null;
    let hovered = -1;
    let drawing = null; // corners of what is being drawn, in the points' coordinates
    let outline = null; // those of what is selected

    const kinds = kn.toggle("What is on the map", [["neurons", "neurons"], ["prompts", "prompts"]], kind,
      value => { kind = value; load(); });
    const dragging = kn.toggle("What dragging does", [["move", "move"], ["box", "select a box"], ["lasso", "lasso"]], "move",
      value => hands.set(value));
    const colours = h("select", { "aria-label": "Colour by", onchange: () => paintColours() });
    const labels = kn.labelsButton(() => plane.paintMarks());
    const legend = h("div", { class: "kn-legend" });
    const count = h("span", { class: "kn-count" });
    const said = h("p", { class: "kn-said", role: "status" });
    const stage = h("div", { class: "kn-stage" });
    const plane = kn.mapPlane(stage, (context, { ink, ring, label, outline: line }) => {
      if (points && labels.on) kn.drawLabels(context, points, plane.toScreen, [stage.clientWidth, stage.clientHeight], ink);
      const mark = chosen();
      ring(mark, 9, 2.5);
      ring(hovered, 6, 1.5);
      if (mark >= 0 && kind === "neurons") label(mark, `layer ${kn.state.layer} · neuron ${kn.state.neuron}`);
      if (drawing ?? outline) line(drawing ?? outline);
    });
    const selection = kn.mapSelection(shape => { outline = shape; plane.paintMarks(); });
    const hands = kn.mapHands(stage, plane, {
      hover: i => { hovered = i; plane.paintMarks(); },
      say: i => { said.textContent = words(i); },
      choose: i => choose(i),
      drawing: shape => { drawing = shape; plane.paintMarks(); },
      select: shape => selection.select(shape, points, kind, macro()),
      unselect: selection.clear,
      chosen: () => chosen(),
      words: i => words(i),
    });
    hands.set("move");
    hands.name("Map");
    const trouble = h("div", {});
    const macro = () => `${kind === "neurons" ? "neuron_points" : "prompt_points"}(${kn.literal(kn.state.model)})`;
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Map"), count, kn.sqlButton(() => `FROM ${macro()}`)),
      h("div", { class: "kn-tools" }, kinds, h("label", {}, "colour by ", colours), dragging, labels, legend),
      trouble, stage, said, selection.node);

    // -- data --------------------------------------------------------------------------------

    let calls = 0;
    const load = async () => {
      if (!kn.state.model) return;
      const call = ++calls;
      selection.clear();
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
      hovered = -1;
      hands.forget();
      plane.show(points);
      if (!points) { kn.fill(legend); return; }
      hands.name(`Map of ${kn.integer(points.n)} ${kind}`);
      const choices = kn.colourings(points);
      const before = colours.value;
      kn.fill(colours, ...choices.map(([name, words]) => h("option", { value: name }, words)));
      if (choices.some(([name]) => name === before)) colours.value = before;
      paintColours();
      document.documentElement.dataset.knMap = kind;
    };

    const paintColours = () => {
      if (!points) return;
      const how = kn.colourings(points).find(([name]) => name === colours.value)[2];
      const { colors, legend: words } = how(points);
      plane.colour(colors);
      kn.fill(legend, ...words);
    };

    // -- points ------------------------------------------------------------------------------

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

    // -- what it listens to ------------------------------------------------------------------

    kn.on("model", () => { points = null; plane.show(null); if (kn.state.tab === "map") load(); });
    kn.on("tab", tab => { if (tab === "map" && !points) load(); });
    kn.on("neuron-asked", () => { if (points) plane.paintMarks(); });
    kn.on("prompt", () => { if (points) plane.paintMarks(); });
    if (kn.state.model) load();
  };

  kn.tab("map", ({ element }) => {
    mountMap(kn.section(element, "map"));
    kn.mountNeuron(kn.section(element, "neuron"), { withPrompt: false });
  });
})((window.kn ??= {}));
