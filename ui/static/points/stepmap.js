// The neurons' places through training: each step's map begins where the one before ended, so that
// points move from one to the next, on this side alone.
(kn => {
  const h = kn.h;
  const MOVE_MS = 450;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

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

  // The nearest within `reach` of points that move: each is looked at.
  const finder = (x, y) => (px, py, reach) => {
    let best = -1;
    let least = reach * reach;
    for (let i = 0; i < x.length; i++) {
      const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
      if (d < least) { least = d; best = i; }
    }
    return best;
  };

  kn.mountStepMap = pane => {
    let models = [];
    let steps = [];
    let maps = []; // by step: a promise of its places
    let points = null; // on the plane, at the places drawn now
    let at = -1; // the step on screen
    let moving = 0; // the frame asked for
    let hovered = -1;

    const count = h("span", { class: "kn-count" });
    const legend = h("div", { class: "kn-legend" });
    const stage = h("div", { class: "kn-stage kn-step-stage" });
    const trouble = h("div", {});
    const said = h("p", { class: "kn-said", role: "status" });
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Neurons on the map"), count,
        kn.sqlButton(() => `FROM neuron_places(${kn.literal(kn.state.model)}, ${steps[Math.max(0, at)] ?? 0})`)),
      legend, trouble, stage, said);

    const chosen = () => {
      const { layer, neuron } = kn.state;
      return points && layer !== null && neuron !== null && layer < points.nLayers && neuron < points.nNeurons ? layer * points.nNeurons + neuron : -1;
    };
    const idOf = i => ({ layer: Math.floor(i / points.nNeurons), neuron: i % points.nNeurons });
    const words = i => { const { layer, neuron } = idOf(i); return `layer ${layer} · neuron ${neuron}`; };
    const say = i => { said.textContent = words(i); };

    const plane = kn.mapPlane(stage, (context, { ring, label }) => {
      const mark = chosen();
      ring(mark, 9, 2.5);
      ring(hovered, 6, 1.5);
      if (mark >= 0) label(mark, words(mark));
    }, { size: 3 });
    const hands = kn.mapHands(stage, plane, {
      hover: i => { hovered = i; plane.paintMarks(); },
      choose: i => {
        if (i < 0) return;
        hovered = i;
        kn.go(idOf(i));
        say(i);
      },
      say, chosen, words,
    });
    hands.name("Map of neurons through training");

    // -- data --------------------------------------------------------------------------------

    const fetched = (i, of = maps) => (of[i] ??= kn.ask("training_places", { model: models[i], step: steps[i] }).then(decode)
      .catch(error => { of[i] = null; throw error; }));
    let asked = -1; // the step last asked for,
    let wanted = -1; // and the one that is shown or on its way

    // The steps of a model, or why there is no map of them.
    const load = (given, missing) => {
      cancelAnimationFrame(moving);
      models = given.map(s => s.model);
      steps = given.map(s => s.step);
      maps = [];
      points = null;
      plane.show(null);
      hands.forget();
      at = asked = wanted = hovered = -1;
      stage.hidden = Boolean(missing);
      legend.hidden = said.hidden = Boolean(missing);
      count.textContent = "";
      kn.fill(trouble, missing && kn.message(missing));
    };

    const show = async i => {
      asked = i;
      if (i < 0 || i === wanted || stage.hidden || !pane.clientWidth) return;
      wanted = i;
      const of = maps;
      try {
        const map = await fetched(i);
        if (wanted !== i || maps !== of) return;
        kn.fill(trouble);
        if (!points) begin(map);
        move(map, i);
        rest(i);
      } catch (error) {
        if (maps !== of) return;
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
      points = { ...map, x: map.x.slice(), y: map.y.slice() };
      points.find = finder(points.x, points.y);
      count.textContent = `${kn.integer(map.n)} neurons`;
      const { colors, legend: ramp } = kn.layerColours(map.n, i => Math.floor(i / map.nNeurons), map.nLayers - 1);
      kn.fill(legend, ...ramp, h("span", { class: "kn-faint" }, "· each step's t-SNE starts from the one before; the disc apart: neurons that fire nowhere"));
      plane.show(points);
      plane.colour(colors);
    };

    // -- moving ------------------------------------------------------------------------------

    // Between two places; one that comes onto the map or leaves it does so at once.
    const between = (from, to, share, into) => {
      for (let k = 0; k < into.length; k++) {
        into[k] = from[k] === from[k] && to[k] === to[k] ? from[k] + share * (to[k] - from[k]) : to[k];
      }
    };
    const move = (map, i) => {
      cancelAnimationFrame(moving);
      at = i;
      hands.name(`Map of ${kn.integer(map.n)} neurons at step ${kn.integer(steps[i])}`);
      const from = { x: points.x.slice(), y: points.y.slice() };
      const started = performance.now();
      const frame = time => {
        const share = still.matches ? 1 : Math.min(1, (time - started) / MOVE_MS);
        const eased = share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2;
        between(from.x, map.x, eased, points.x);
        between(from.y, map.y, eased, points.y);
        plane.moved();
        if (share < 1) moving = requestAnimationFrame(frame);
        else document.documentElement.dataset.knStepMap = String(steps[i]);
      };
      moving = requestAnimationFrame(frame);
    };

    kn.on("neuron-asked", () => plane.paintMarks());
    new ResizeObserver(() => show(asked)).observe(stage); // asked for while the tab was hidden
    return { load, show };
  };
})((window.kn ??= {}));
