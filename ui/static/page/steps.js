// The step of training on screen: one slider, in the bar for every tab and large in Training's own.
// A step is an atlas of its own, such as geo-gpt2@step512; prompt, token and neuron are kept.
(kn => {
  const h = kn.h;
  const STEP = /@(?:global_?)?(?:step|checkpoint|ckpt|iter)[-_]?(\d+)(?:-tokens\w*)?$/i;
  const SETTLE_MS = 140; // of a moving slider, before the other panes follow
  const PLAY_MS = 950;

  kn.baseOf = model => (model ?? "").split("@")[0];
  // The atlases of a model's steps, first step first: [{step, model}, ...].
  kn.stepsOf = model => kn.atlases
    .filter(a => kn.baseOf(a.model) === kn.baseOf(model) && STEP.test(a.model))
    .map(a => ({ step: Number(a.model.match(STEP)[1]), model: a.model }))
    .sort((a, b) => a.step - b.step);

  const heard = [];
  // `f(i)` hears of the step that the slider is on, also while it moves.
  kn.onStep = f => heard.push(f);
  kn.steps = []; // of the model on screen
  kn.step = -1; // place in kn.steps, -1 where the atlas is of no step

  const tell = () => heard.forEach(f => f(kn.step));
  const follow = kn.debounce(SETTLE_MS, () => commit());
  const commit = () => {
    const wanted = kn.steps[kn.step]?.model;
    if (wanted && wanted !== kn.state.model) kn.go({ model: wanted }, { push: false, keepToken: true });
  };
  kn.toStep = (i, { settled = true } = {}) => {
    const to = Math.max(0, Math.min(kn.steps.length - 1, i));
    if (to !== kn.step) { kn.step = to; tell(); }
    if (settled) commit();
    else follow();
  };

  kn.on("model", () => {
    const steps = kn.stepsOf(kn.state.model);
    const same = steps.length === kn.steps.length && steps.every((s, i) => s.model === kn.steps[i].model);
    if (!same) { kn.steps = steps; stop(); }
    const at = kn.steps.findIndex(s => s.model === kn.state.model);
    if (same && at === kn.step) return; // as the slider said
    kn.step = at;
    tell();
  });

  // -- playing ------------------------------------------------------------------------------

  let playing = null;
  const players = [];
  const stop = () => {
    clearTimeout(playing);
    playing = null;
    players.forEach(b => { b.textContent = "▶"; b.setAttribute("aria-label", "Play the training"); b.setAttribute("aria-pressed", "false"); });
  };
  const play = () => {
    if (kn.step >= kn.steps.length - 1) kn.toStep(0);
    players.forEach(b => { b.textContent = "⏸"; b.setAttribute("aria-label", "Pause"); b.setAttribute("aria-pressed", "true"); });
    const next = () => {
      if (kn.step >= kn.steps.length - 1) { stop(); return; }
      kn.toStep(kn.step + 1);
      playing = setTimeout(next, PLAY_MS);
    };
    playing = setTimeout(next, PLAY_MS / 2);
  };

  // -- the slider ---------------------------------------------------------------------------

  const RANGE = 10000;

  // `wide`: with a play button and labelled ticks.
  kn.stepSlider = ({ wide = false } = {}) => {
    let scale = null;
    const slider = h("input", { type: "range", min: "0", max: String(RANGE), step: "1", "aria-label": "Step of training" });
    const ticks = h("div", { class: "kn-ticks", "aria-hidden": "true" });
    const place = h("output", { class: "kn-step-place" });
    const player = h("button", { type: "button", class: "kn-play", "aria-label": "Play the training", "aria-pressed": "false", onclick: () => (playing ? stop() : play()) }, "▶");
    const button = (words, label, by) => h("button", { type: "button", "aria-label": label, onclick: () => { stop(); kn.toStep(kn.step + by); } }, words);
    players.push(player);
    const node = h("div", { class: wide ? "kn-slider kn-steps kn-wide" : "kn-slider kn-steps" },
      player, button("‹", "Step before", -1), h("div", { class: "kn-track" }, slider, wide ? ticks : null), button("›", "Step after", 1), place);

    const labels = () => {
      const width = ticks.clientWidth;
      if (!scale || !width) return;
      const shown = new Set(kn.stepLabels(scale, width));
      kn.fill(ticks, ...scale.steps.map((step, i) => h("span", { class: shown.has(i) ? null : "kn-bare", style: `left:${100 * scale.at(i)}%` }, shown.has(i) ? kn.stepWords(step) : "")));
    };
    const show = () => {
      node.hidden = !kn.steps.length;
      if (!kn.steps.length) return;
      if (scale?.steps.length !== kn.steps.length || scale.steps.some((s, i) => s !== kn.steps[i].step)) {
        scale = kn.stepScale(kn.steps.map(s => s.step));
        labels();
      }
      // The atlas on screen may be of the same model at no step: the slider waits at the end.
      const at = kn.step < 0 ? scale.steps.length - 1 : kn.step;
      slider.value = String(Math.round(RANGE * scale.at(at)));
      slider.style.setProperty("--at", scale.at(at));
      const told = kn.step < 0 ? "at no step" : `step ${kn.integer(scale.steps[at])}, checkpoint ${at + 1} of ${kn.steps.length}`;
      slider.setAttribute("aria-valuetext", told);
      kn.fill(place, ...(kn.step < 0 ? [told] : ["step ", h("b", {}, kn.integer(scale.steps[at])),
        wide && h("span", { class: "kn-faint" }, ` · checkpoint ${at + 1} of ${kn.steps.length}`)]));
    };
    slider.addEventListener("input", () => {
      stop();
      kn.toStep(scale.nearest(Number(slider.value) / RANGE), { settled: false });
      show(); // the thumb stands on a checkpoint
    });
    slider.addEventListener("change", () => kn.toStep(kn.step));
    slider.addEventListener("keydown", event => {
      const to = {
        ArrowLeft: kn.step - 1, ArrowDown: kn.step - 1, ArrowRight: kn.step + 1, ArrowUp: kn.step + 1,
        Home: 0, End: kn.steps.length - 1, PageDown: kn.step - 4, PageUp: kn.step + 4,
      }[event.key];
      if (to === undefined) return;
      stop();
      kn.toStep(to, { settled: false });
      event.preventDefault();
    });
    kn.onStep(show);
    new ResizeObserver(labels).observe(ticks);
    show();
    return node;
  };

  // In the bar, for the tabs whose panes follow it.
  kn.on("started", () => {
    const node = kn.stepSlider();
    document.querySelector("[data-kn=bar] .kn-model").after(node);
    const hide = () => node.classList.toggle("kn-away", kn.state.tab === "training");
    kn.on("tab", hide);
    hide();
  });
})((window.kn ??= {}));
