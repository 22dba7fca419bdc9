// Births and deaths of neurons, by layer.
(kn => {
  const h = kn.h;

  // `tab` is what the tab Training tells its panes. Gives {charts, show}.
  kn.trainingLayers = (pane, tab) => {
    const { steps, onpick, model } = tab;
    const total = column => kn.integer(column.reduce((a, b) => a + (b ?? 0), 0));
    const strip = (title, note, key, format, reading) => kn.layerStrip({
      title, note, format, onpick, cellWords: v => `${format(v)} ${note}`,
      data: () => {
        const values = tab.info().layers[key];
        return { values, scale: Math.max(...values.flat().map(v => v ?? 0), 1e-9), absent: "the first step has none before", reading };
      },
    });
    const mean = column => kn.number(column.reduce((a, b) => a + (b ?? 0), 0) / column.length);
    const charts = [
      strip("Born", "since the step before", "births", kn.integer, total),
      strip("Gone", "since the step before", "deaths", kn.integer, total),
      strip("Alive", "neurons", "n_alive", kn.integer, total),
      strip("Like the last step", "mean IoU of top prompts", "mean_top_iou", kn.number, mean)];
    const trouble = h("div", {});
    const body = h("div", { class: "kn-charts kn-four" }, ...charts.map(chart => chart.node));
    pane.append(
      h("div", { class: "kn-head" }, h("h2", {}, "Births and deaths of neurons, by layer"),
        h("span", { class: "kn-faint" }, "alive: fires on at least 0.1 % of tokens"),
        kn.sqlButton(() => `FROM births_deaths(${model()})`)),
      trouble, body);

    const show = () => {
      const missing = tab.info().missing.layers;
      kn.fill(trouble, missing && kn.message(missing));
      body.hidden = Boolean(missing);
      if (!missing) charts.forEach(chart => chart.show(steps()));
    };
    return { charts, show };
  };
})((window.kn ??= {}));
