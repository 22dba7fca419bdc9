// Widgets announce themselves to `knWidgets` as Gradio puts them on the page, before or after this
// script has run; each is filled once.
(kn => {
  const section = (element, name) => element.querySelector(`[data-kn=${name}]`);
  const mounts = {
    bar: ({ element, server }) => kn.mountBar(section(element, "bar"), server),
    explore: ({ element }) => {
      kn.mountCities(section(element, "cities"));
      kn.mountHeatmap(section(element, "prompt"));
      kn.mountNeuron(section(element, "neuron"), { withPrompt: true });
    },
    map: ({ element }) => {
      kn.mountMap(section(element, "map"));
      kn.mountNeuron(section(element, "neuron"), { withPrompt: false });
    },
    sql: widget => kn.mountSql(section(widget.element, "sql"), widget),
  };
  const mount = widget => mounts[widget.name](widget);
  const waiting = window.knWidgets ?? [];
  window.knWidgets = { push: mount };
  waiting.forEach(mount);
})((window.kn ??= {}));
