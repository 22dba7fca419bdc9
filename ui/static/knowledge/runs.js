// Live runs of the tab Knowledge: one at a time, then the last one wanted, and how far it is.
(kn => {
  const h = kn.h;
  const KEPT = 40;

  // Gives run(question, tell): a promise of what was found, remembered; `tell` hears how far it is.
  kn.knowledgeRuns = ({ trigger, props, watch }) => {
    let asked = 0;
    let running = null; // {ask, resolve, reject, tell}
    let next = null;
    watch("value", () => {
      const answer = props.value && JSON.parse(props.value);
      if (!answer || !running || answer.ask !== running.ask) return;
      if (!answer.found && !answer.error) { running.tell(answer); return; }
      const { resolve, reject } = running;
      running = null;
      if (answer.error) reject(new Error(answer.error));
      else resolve(answer.found);
      if (next) { const start = next; next = null; start(); }
    });
    const runs = new Map();
    const run = (question, tell) => new Promise((resolve, reject) => {
      const key = JSON.stringify(question);
      if (runs.has(key)) { resolve(runs.get(key)); return; }
      const kept = found => {
        runs.set(key, found);
        if (runs.size > KEPT) runs.delete(runs.keys().next().value);
        resolve(found);
      };
      const start = () => {
        running = { ask: ++asked, resolve: kept, reject, tell };
        tell({ words: "asking", done: 0, of: 0 });
        trigger("knowledge", { ...question, ask: asked });
      };
      if (running) { next = start; tell({ words: "waiting for your last run", done: 0, of: 0 }); } else start();
    });
    return run;
  };

  // A line that tells how far a run is.
  kn.progressLine = () => {
    const bar = h("progress", { "aria-label": "Progress of the run" });
    const state = h("span", { class: "kn-count", role: "status" });
    const node = h("div", { class: "kn-progress", hidden: true }, bar, state);
    return {
      node,
      tell: ({ waiting, words, done, of }) => {
        node.hidden = false;
        if (of) { bar.max = of; bar.value = done; } else bar.removeAttribute("value");
        state.textContent = waiting ? `waiting: ${waiting} ${waiting === 1 ? "run" : "runs"} before yours`
          : of ? `${done} of ${of} ${words}` : `${words} …`;
      },
      end: () => { node.hidden = true; state.textContent = ""; },
    };
  };
})((window.kn ??= {}));
