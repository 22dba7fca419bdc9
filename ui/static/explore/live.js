// A text of one's own, run through the atlas' model: asked for, queued, told how far it is.
(kn => {
  const h = kn.h;
  const KEPT = 8;
  const runs = new Map(); // the last answers: going back is instant
  let announce;
  const mounted = new Promise(done => { announce = done; });

  // The data of a text's prompt, as the question `prompt` gives that of the corpus.
  kn.runText = async (model, text) => {
    const key = JSON.stringify([model, text]);
    if (!runs.has(key)) {
      const run = await mounted;
      const answer = await run(model, text);
      runs.set(key, answer);
      if (runs.size > KEPT) runs.delete(runs.keys().next().value);
    }
    return runs.get(key);
  };

  kn.mountLive = (pane, { trigger, props, watch }) => {
    let asked = 0;
    let waiting = null; // {resolve, reject} of the run under way

    const box = h("textarea", {
      class: "kn-own", rows: "2", spellcheck: "false", "aria-label": "Your own text",
      placeholder: "Any text. Enter runs it, Shift+Enter begins a new line.",
    });
    const run = h("button", { type: "button", class: "kn-run", onclick: () => start() }, "Run");
    const state = h("span", { class: "kn-count", role: "status" });
    const bar = h("progress", { hidden: true, "aria-label": "Progress of the run" });
    const trouble = h("div", {});
    const form = h("details", { class: "kn-live", ontoggle: () => { if (form.open) look(); } },
      h("summary", {}, "Run a text of your own"),
      h("div", { class: "kn-write" }, box, run), h("div", { class: "kn-progress" }, bar, state), trouble);
    pane.append(form);

    // Whether the model is on this machine is said before anything is typed.
    const look = async () => {
      if (!kn.state.model) return;
      try {
        const { missing } = await kn.ask("can_run", { model: kn.state.model });
        run.disabled = Boolean(missing);
        kn.fill(trouble, missing && kn.message(missing));
      } catch (error) {
        kn.fill(trouble, kn.message(error.message, "error"));
      }
    };

    const start = () => {
      const text = box.value.trim();
      if (!text || run.disabled) return;
      if (text === kn.state.text) kn.go({ text: "" }, { push: false }).then(() => kn.go({ text }));
      else kn.go({ text, token: null });
    };

    const tell = ({ waiting: before, words, done, of }) => {
      bar.hidden = false;
      if (of) { bar.max = of; bar.value = done; } else bar.removeAttribute("value");
      if (before) state.textContent = `waiting: ${before} ${before === 1 ? "text" : "texts"} before yours`;
      else state.textContent = of ? `${words} ${done} of ${of}` : `${words} …`;
    };

    announce((model, text) => new Promise((resolve, reject) => {
      waiting?.reject(new Error("another text took its place"));
      waiting = { resolve, reject };
      state.textContent = "asking …";
      kn.fill(trouble);
      run.disabled = true;
      trigger("live", { model, text, ask: ++asked });
    }));

    watch("value", () => {
      const found = props.value && JSON.parse(props.value);
      if (!found || found.ask !== asked || !waiting) return;
      if (!found.prompt && !found.error) { tell(found); return; }
      bar.hidden = true;
      state.textContent = "";
      run.disabled = false;
      const { resolve, reject } = waiting;
      waiting = null;
      if (found.error) reject(new Error(found.error));
      else resolve(found.prompt);
    });

    box.addEventListener("keydown", event => {
      if (event.key === "Enter" && !event.shiftKey) { start(); event.preventDefault(); }
    });
    kn.on("text", text => {
      if (!text) return;
      box.value = text;
      form.open = true;
    });
    // What was run has the room then; the text stays in the box.
    kn.on("prompt", () => { if (kn.prompt.prompt.live) form.open = false; });
    kn.on("model", () => { if (form.open) look(); });
    if (kn.state.text) { box.value = kn.state.text; form.open = true; }
  };
})((window.kn ??= {}));
