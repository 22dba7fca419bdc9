// Training: the slider of steps, a fact and a neuron against it, the moving map, births and deaths,
// and the table of checkpoints. What is drawn is fetched once; the slider only moves markers.
(kn => {
  const h = kn.h;

  kn.tab("training", ({ element }) => {
    const pane = name => kn.section(element, name);
    let info = null; // what there is of the model on screen
    let name = null; // the model it is of
    const steps = () => kn.steps.map(s => s.step);
    const last = () => kn.steps[kn.steps.length - 1]?.model;
    const visible = () => kn.state.tab === "training";
    const model = () => kn.literal(kn.state.model);
    const byStep = (rows, get) => {
      const of = new Map(rows.map(row => [row.step, get(row)]));
      return steps().map(step => of.get(step) ?? null);
    };

    // -- the slider --------------------------------------------------------------------------

    const trouble = h("div", {});
    pane("steps").append(kn.stepSlider({ wide: true }), trouble);

    const nothing = ({ name: base, others }) => [
      h("p", {}, h("b", {}, base), " is seen at one moment only: this lake holds no atlases of its training steps."),
      others.length > 0 && h("p", {}, "This lake holds steps of ", ...others.flatMap((other, i) => [i ? ", " : "", h("button", {
        type: "button", class: "kn-link", onclick: () => kn.go({ model: other, fact: "" }, { keepToken: true }),
      }, kn.baseOf(other))]), "."),
      h("p", {}, "Train a small GPT-2 on the facts, on this machine, and make an atlas of each checkpoint, with its facts and interventions:"),
      h("pre", {}, "kn train\nkn knowledge --corpus geonames --model geo-gpt2 --limit 600 --steps-of all"),
      h("p", {}, "Or take the steps that a model was published with:"),
      h("pre", {}, "kn knowledge --corpus geonames --model EleutherAI/pythia-70m --limit 600 --steps-of 16"),
    ];

    // -- all of it ---------------------------------------------------------------------------

    const tab = { info: () => info, steps, last, visible, model, byStep, onpick: i => kn.toStep(i) };
    const fact = kn.trainingFact(pane("tfact"), tab);
    const neuron = kn.trainingNeuron(pane("tneuron"), tab);
    const layers = kn.trainingLayers(pane("tlayers"), tab);
    const story = kn.trainingStory(pane("story"), tab);
    const map = kn.mountStepMap(pane("tmap"));
    const charts = [...fact.charts, ...neuron.charts, ...layers.charts]; // all that have a marker
    const parts = ["tfact", "tmap", "tneuron", "tlayers", "story"].map(pane);

    let calls = 0;
    const load = async () => {
      if (!visible() || !kn.state.model) return;
      const base = kn.baseOf(kn.state.model);
      const again = info && Object.keys(info.missing ?? {}).length; // it may have come
      if (base === name && !again) { await Promise.all([fact.load(), neuron.load()]); return; }
      const call = ++calls;
      try {
        const found = await kn.ask("training", { model: kn.state.model });
        if (call !== calls) return;
        const fresh = base !== name || JSON.stringify(found) !== JSON.stringify(info);
        info = found;
        name = base;
        if (fresh) show();
        else await Promise.all([fact.load(), neuron.load()]);
      } catch (error) {
        if (call === calls) kn.fill(trouble, kn.message(error.message, "error"));
      }
    };
    const show = () => {
      const some = info.steps.length > 0;
      for (const part of parts) part.hidden = !some;
      kn.fill(trouble, ...(some ? [] : [h("div", { class: "kn-none-yet" }, ...nothing(info).filter(Boolean))]));
      fact.reset();
      neuron.reset();
      if (!some) return;
      layers.show();
      map.load(kn.steps, info.missing.map);
      map.show(kn.step);
      fact.load();
      neuron.load();
      story.show();
      at(kn.step);
      document.documentElement.dataset.knTraining = name;
    };
    const at = i => {
      charts.forEach(chart => chart.mark(i));
      story.mark();
      if (name === kn.baseOf(kn.state.model)) map.show(i);
    };

    kn.onStep(at);
    kn.on("tab", tab => { if (tab === "training") load(); });
    kn.on("model", load);
    kn.on("fact", () => { if (info?.steps.length) fact.load(); });
    kn.on("neuron-asked", () => { if (info?.steps.length) neuron.load(); });
    if (kn.state.model) load();
  }, ["fact"]);
})((window.kn ??= {}));
