// The form that asks a sentence of one's own, and whether anything can be run live.
(kn => {
  const h = kn.h;
  const STEPS = [["8", "8 steps"], ["20", "20 steps"], ["50", "50 steps"]];

  // `again()` hears where what is on screen is asked once more.
  kn.sentenceForm = ({ model, again }) => {
    const sentence = h("textarea", { class: "kn-own", rows: "2", spellcheck: "false", "aria-label": "Your sentence, up to the answer", placeholder: "A beginning, such as: Rotterdam is a city in the" });
    const answer = h("input", { class: "kn-search", type: "text", spellcheck: "false", autocomplete: "off", "aria-label": "Its answer", placeholder: "Its answer: Netherlands" });
    const steps = h("select", { "aria-label": "Steps of the integral" }, ...STEPS.map(([value, words]) => h("option", { value }, words)));
    steps.value = "20";
    const start = h("button", { type: "button", class: "kn-run", onclick: () => ask() }, "Run");
    const trouble = h("div", {});
    const node = h("details", { class: "kn-own-form", ontoggle: () => { if (node.open) look(); } },
      h("summary", {}, "Ask a sentence of your own"),
      h("div", { class: "kn-ask-form" }, sentence, h("div", { class: "kn-ask-line" }, answer, steps, start)), trouble);
    let gone; // why nothing can be run live; undefined: not yet asked
    const look = async () => {
      if (!model()) return;
      try {
        gone = (await kn.ask("can_run", { model: model() })).missing;
        start.disabled = Boolean(gone);
        kn.fill(trouble, gone && kn.message(gone));
      } catch (error) {
        kn.fill(trouble, kn.message(error.message, "error"));
      }
    };
    const ask = () => {
      const [text, object] = [sentence.value.trim(), answer.value.trim()];
      if (!text || !object) { kn.fill(trouble, kn.message("Write a beginning of a sentence and the answer that ends it.")); return; }
      kn.fill(trouble);
      if (text === kn.state.sentence && object === kn.state.answer) again();
      else kn.go({ sentence: text, answer: object });
    };
    for (const box of [sentence, answer]) {
      box.addEventListener("keydown", event => {
        if (event.key === "Enter" && !event.shiftKey) { ask(); event.preventDefault(); }
      });
    }
    return {
      node,
      steps: () => Number(steps.value),
      gone: async () => { if (gone === undefined) await look(); return gone; },
      forget: () => { gone = undefined; },
      fill: (text, object) => {
        sentence.value = text;
        answer.value = object;
        node.open = true;
      },
    };
  };
})((window.kn ??= {}));
