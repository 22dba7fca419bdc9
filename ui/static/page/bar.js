// The bar over everything: which atlas is on screen, notices, and the tabs' place in the address.
(kn => {
  const h = kn.h;

  kn.mountBar = (pane, server) => {
    const about = h("span", { class: "kn-about" });
    // Another step of the same model is seen at the same prompt, token and neuron.
    const pick = model => (kn.baseOf(model) === kn.baseOf(kn.state.model)
      ? kn.go({ model }, { keepToken: true })
      : kn.go({ model, prompt: kn.atlases.find(a => a.model === model).first_prompt, layer: null, neuron: null }));
    const picker = h("select", { "aria-label": "Model", onchange: () => pick(picker.value) });
    const notice = h("p", { class: "kn-notice", role: "status", hidden: true });
    const words = h("span", {});
    notice.append(words, h("button", { type: "button", "aria-label": "Dismiss", onclick: () => { notice.hidden = true; } }, "×"));
    const model = h("span", { class: "kn-model" });
    pane.append(model, about, notice);

    kn.on("notice", text => { words.textContent = text; notice.hidden = !text; });
    kn.on("failed", text => { words.textContent = text; notice.hidden = false; });
    kn.on("started", () => {
      picker.append(...kn.atlases.map(a => h("option", { value: a.model }, a.model)));
      document.body.classList.toggle("kn-empty", !kn.atlases.length);
    });
    kn.on("model", () => {
      picker.value = kn.state.model;
      kn.fill(model, kn.atlases.length > 1 ? picker : h("b", {}, kn.state.model));
      const { corpus, n_prompts, n_layers, n_neurons, dtype } = kn.atlas;
      kn.fill(about, [corpus, `${kn.integer(n_prompts)} prompts`, `${n_layers} × ${kn.integer(n_neurons)} neurons`, dtype]
        .filter(Boolean).join(" · "));
    });
    kn.on("tab", tab => showTab(tab));
    document.addEventListener("click", event => {
      const tab = tabOf(event.target.closest("#kn-tabs > .tab-wrapper button"));
      if (tab && kn.started) kn.go({ tab });
    });
    kn.start(server);
  };

  // Tabs for which there is no room are in a menu, where only their words tell which they are.
  const tabOf = button => button && (button.dataset.tabId
    ?? Object.keys(kn.tabs).find(tab => tab === button.textContent.trim().toLowerCase()));
  const tabButton = tab => {
    const buttons = [...document.querySelectorAll("#kn-tabs > .tab-wrapper button")].filter(b => tabOf(b) === tab);
    return buttons.find(b => b.dataset.tabId) ?? buttons.at(-1);
  };

  // On a slow machine the tabs come, or begin to hear clicks, after the address was read.
  const showTab = (tab, tries = 40) => {
    const button = tabButton(tab);
    if (button && button.getAttribute("aria-selected") !== "true") button.click();
    if (tries) setTimeout(() => {
      const shown = document.querySelector("#kn-tabs button[role=tab][aria-selected=true]")?.dataset.tabId;
      if (kn.state.tab === tab && shown !== tab) showTab(tab, tries - 1);
    }, 50);
    kn.untip();
  };
})((window.kn ??= {}));
