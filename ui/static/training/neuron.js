// A neuron through training: how often it fires, how like its final self it is, and what it marks.
(kn => {
  const h = kn.h;

  // `tab` is what the tab Training tells its panes. Gives {charts, load, reset}.
  kn.trainingNeuron = (pane, tab) => {
    const { steps, last, onpick, visible, model, byStep } = tab;
    let story = [];
    const neuronTitle = h("h2", {}, "A neuron through training");
    const rate = kn.lineChart({
      title: "Firing rate", note: "share of tokens", format: v => kn.percent(v), onpick,
      data: () => ({ min: 0, series: [{ name: "fires at", colour: "own", values: byStep(story, r => r.firing_rate) }] }),
    });
    const overlap = kn.lineChart({
      title: "Like its final self", note: "top prompts shared, IoU", format: v => kn.number(v), onpick,
      data: () => ({ min: 0, max: 1, none: "It has no strongest prompts.", series: [{ name: "overlap", colour: "own", values: byStep(story, r => r.top_iou) }] }),
    });
    const concept = kn.lineChart({
      title: "What it marks best", note: "AUROC of its peaks", format: v => kn.number(v), onpick,
      data: () => {
        const rows = new Map(story.map(r => [r.step, r]));
        return {
          min: 0.5, max: 1, none: tab.info()?.missing.concepts ?? "Its peaks mark no country, continent, capital or size surely at any step.",
          series: [{ name: "", colour: "own", values: byStep(story, r => r.auroc), words: i => { const r = rows.get(steps()[i]); return `${r.value} ${kn.number(r.auroc)}`; } }],
        };
      },
    });
    const neuronTrouble = h("div", {});
    const neuronBody = h("div", { class: "kn-charts kn-three", hidden: true }, rate.node, overlap.node, concept.node);
    pane.append(
      h("div", { class: "kn-head" }, neuronTitle,
        h("button", { type: "button", class: "kn-sql", onclick: () => kn.go({ tab: "explore" }) }, "what fires it, in Explore"),
        kn.sqlButton(() => `FROM neuron_story(${model()}, ${kn.state.layer}, ${kn.state.neuron})`)),
      neuronTrouble, neuronBody);
    let neuronCalls = 0;
    const load = async () => {
      const { layer, neuron } = kn.state;
      if (!visible() || !kn.steps.length || layer === null || neuron === null) return;
      neuronTitle.textContent = `Layer ${layer} · neuron ${neuron} through training`;
      const call = ++neuronCalls;
      neuronBody.hidden = Boolean(tab.info()?.missing.neuron);
      kn.fill(neuronTrouble, tab.info()?.missing.neuron && kn.message(tab.info().missing.neuron));
      if (tab.info()?.missing.neuron) return;
      try {
        const found = await kn.remembered("training_neuron", { model: last(), layer, neuron });
        if (call !== neuronCalls) return;
        story = found.story;
        rate.show(steps());
        overlap.show(steps());
        concept.show(steps());
      } catch (error) {
        if (call !== neuronCalls) return;
        neuronBody.hidden = true;
        kn.fill(neuronTrouble, kn.message(error.message, "error"));
      }
    };

    return { charts: [rate, overlap, concept], load, reset: () => { story = []; } };
  };
})((window.kn ??= {}));
