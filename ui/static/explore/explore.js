// The tab Explore: three panes, of which the middle one also takes a text of one's own.
(kn => {
  kn.tab("explore", widget => {
    const { element } = widget;
    kn.mountCities(kn.section(element, "cities"));
    kn.mountLive(kn.section(element, "prompt"), widget);
    kn.mountHeatmap(kn.section(element, "prompt"));
    kn.mountNeuron(kn.section(element, "neuron"), { withPrompt: true });
  }, ["text"]);
})((window.kn ??= {}));
