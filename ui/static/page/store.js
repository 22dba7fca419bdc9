// What is on screen, and the address that says so. Panes read `kn.state`, ask for changes with
// `kn.go({...})` and hear of them through `kn.on(event, f)`; only this file talks to the server.
(kn => {
  const NUMBERS = ["prompt", "token", "layer", "neuron"];
  const TEXTS = []; // what tabs keep in the address besides
  const LONGEST_LINKED = 1500; // characters of a text in the address
  kn.state = { model: null, prompt: null, token: null, layer: null, neuron: null, tab: "explore" };
  kn.atlas = null; // the chosen entry of kn.atlases
  kn.prompt = null; // data of the prompt on screen
  kn.neuron = null; // data of the neuron on screen, in that prompt

  const hearers = {};
  kn.on = (event, f) => (hearers[event] ??= []).push(f);
  const tell = kn.tell = (event, ...args) => (hearers[event] ?? []).forEach(f => f(...args));

  // A tab's script announces how its page is filled, and what texts it keeps in the address.
  kn.tabs = {};
  kn.tab = (name, mount, texts = []) => {
    kn.tabs[name] = mount;
    for (const text of texts) { TEXTS.push(text); kn.state[text] = ""; }
  };

  // -- the server ---------------------------------------------------------------------------

  let server;
  const memory = new Map();
  kn.unanswered = 0; // questions that the server is still at
  kn.ask = async (name, args) => {
    kn.unanswered++;
    let answer;
    try { answer = await server[name](args); } finally { kn.unanswered--; }
    if (typeof answer !== "string") throw new Error("the server did not answer: is `kn ui` still running?");
    const data = JSON.parse(answer);
    if (data.error) throw new Error(data.error);
    return data;
  };
  // The same, remembering the last answers: going back is instant.
  const remembered = async (name, args) => {
    const key = JSON.stringify([name, args]);
    if (!memory.has(key)) {
      const answer = await kn.ask(name, args);
      if (answer.waits || Object.keys(answer.missing ?? {}).length) return answer; // it may come
      memory.set(key, answer);
      if (memory.size > 60) memory.delete(memory.keys().next().value);
    }
    return memory.get(key);
  };
  kn.remembered = remembered;

  // -- the address --------------------------------------------------------------------------

  const fromAddress = () => {
    const given = new URLSearchParams(location.search);
    const wanted = {};
    const wrong = [];
    for (const name of NUMBERS) {
      const text = given.get(name);
      if (text === null) continue;
      if (/^\d{1,9}$/.test(text)) wanted[name] = Number(text);
      else wrong.push(`${name}=${text}`);
    }
    const tab = given.get("tab");
    if (Object.hasOwn(kn.tabs, tab)) wanted.tab = tab;
    else if (tab !== null) wrong.push(`tab=${tab}`);
    const model = given.get("model");
    if (kn.atlases.some(a => a.model === model)) wanted.model = model;
    else if (model !== null) wrong.push(`model=${model}`);
    for (const name of TEXTS) wanted[name] = given.get(name) ?? "";
    return { wanted, wrong };
  };

  const toAddress = push => {
    const address = new URL(location.href);
    for (const [name, value] of Object.entries(kn.state)) {
      if (value === null || value === "" || String(value).length > LONGEST_LINKED) address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    }
    if (address.href === location.href) return;
    history[push ? "pushState" : "replaceState"](null, "", address);
  };

  kn.notice = text => tell("notice", text);
  const ignored = wrong => kn.notice(
    wrong.length ? `Ignored from the address: ${wrong.join(", ")}.` : "");

  // -- changes ------------------------------------------------------------------------------

  // Change what is on screen. A moved token replaces the address, anything else adds to history.
  // `keepToken`: the prompt is the same one, seen by another step of the model.
  kn.go = async (change, { push = true, keepToken = false } = {}) => {
    const before = { ...kn.state };
    // A text of one's own and a prompt of the corpus take each other's place.
    if (change.prompt !== undefined && change.prompt !== null) change = { text: "", ...change };
    if (change.text) change = { ...change, prompt: null };
    Object.assign(kn.state, change);
    const moved = name => kn.state[name] !== before[name];
    const onlyToken = Object.keys(before).every(name => name === "token" || !moved(name));
    if (moved("model")) await chooseModel();
    if (moved("tab")) tell("tab", kn.state.tab);
    for (const name of TEXTS) if (moved(name)) tell(name, kn.state[name]);
    if (moved("prompt") || moved("model") || moved("text")) {
      if (!moved("token") && !keepToken) kn.state.token = null;
      toAddress(push);
      await loadPrompt();
    } else if (moved("layer") || moved("neuron")) {
      toAddress(push);
      if (moved("token")) tell("token");
      await loadNeuron();
    } else if (onlyToken) {
      if (moved("token")) { tell("token"); later(); }
      return;
    }
    toAddress(push);
  };
  // Browsers refuse more than some hundred changes of the address in half a minute.
  const later = kn.debounce(150, () => toAddress(false));

  const chooseModel = async () => {
    kn.atlas = kn.atlases.find(a => a.model === kn.state.model) ?? null;
    tell("model");
  };

  const noNeuron = () => {
    kn.neuron = null;
    tell("neuron-none");
  };

  let promptCalls = 0;
  const loadPrompt = async () => {
    const call = ++promptCalls;
    neuronCalls++; // what is still to come of a neuron is of another prompt or step
    const { model, prompt, text } = kn.state;
    tell("prompt-asked");
    // A neuron that is chosen already is asked for in the same moment. For a text of one's own it
    // can't be: its run is known by a number that comes with the prompt.
    const early = text ? null : askNeuron();
    try {
      const data = text ? await kn.runText(model, text) : await remembered("prompt", { model, prompt });
      if (call !== promptCalls) return; // a later choice overtook this one
      kn.prompt = kn.decodePrompt(data);
    } catch (error) {
      if (call !== promptCalls) return;
      kn.prompt = null;
      tell("prompt-failed", error.message);
      noNeuron();
      return;
    }
    const last = kn.prompt.tokens.length - 1;
    if (kn.state.token === null || kn.state.token > last) {
      if (kn.state.token > last) ignored([`token=${kn.state.token}`]);
      kn.state.token = Math.max(0, last);
    }
    if (kn.state.layer === null || kn.state.neuron === null) {
      [kn.state.layer, kn.state.neuron] = kn.strongest(kn.prompt, kn.state.token) ?? [null, null];
    }
    tell("prompt");
    toAddress(false);
    await loadNeuron(early);
  };

  // The neuron on screen, in the prompt on screen: {key, answer}, null where none is chosen.
  const askNeuron = (early = null) => {
    const { model, prompt, text, layer, neuron } = kn.state;
    if (layer === null || neuron === null) return null;
    const shown = text ? { live: kn.prompt?.prompt.live ?? "none" } : { prompt };
    const wanted = { model, ...shown, layer, neuron };
    const key = JSON.stringify(wanted);
    if (early?.key === key) return early;
    const answer = remembered("neuron", wanted);
    answer.catch(() => {}); // who awaits it tells; one that was overtaken tells nobody
    return { key, answer };
  };

  let neuronCalls = 0;
  // `early`: what was asked for before, which may be another neuron by now.
  const loadNeuron = async (early = null) => {
    const call = ++neuronCalls;
    tell("neuron-asked");
    const asked = askNeuron(early);
    if (!asked) { noNeuron(); return; }
    try {
      const data = await asked.answer;
      if (call !== neuronCalls) return;
      kn.neuron = kn.decodeNeuron(data);
      tell("neuron");
    } catch (error) {
      if (call !== neuronCalls) return;
      kn.neuron = null;
      tell("neuron-failed", error.message);
    }
  };

  // Numbers which this atlas doesn't have are dropped, and said.
  const inRange = async (wanted, wrong) => {
    const atlas = kn.atlases.find(a => a.model === wanted.model);
    const drop = name => { wrong.push(`${name}=${wanted[name]}`); wanted[name] = null; };
    if (wanted.layer >= atlas.n_layers) drop("layer");
    if (wanted.neuron >= atlas.n_neurons) drop("neuron");
    if (wanted.layer == null || wanted.neuron == null) wanted.layer = wanted.neuron = null;
    if (wanted.prompt != null && !(await kn.ask("has_prompt", wanted)).has) drop("prompt");
    if (wanted.text) wanted.prompt = null;
    else if (wanted.prompt == null) {
      wanted.prompt = atlas.first_prompt;
      if (wrong.some(w => w.startsWith("prompt"))) wanted.token = null;
    }
    return wanted;
  };

  let restores = 0;
  const restore = async () => {
    const call = ++restores;
    const { wanted, wrong } = fromAddress();
    const empty = { prompt: null, token: null, layer: null, neuron: null, tab: "explore" };
    wanted.model ??= kn.atlases[0].model;
    const target = { ...empty, ...(await inRange(wanted, wrong)) };
    if (call !== restores) return; // one went on in the history meanwhile
    ignored(wrong);
    await kn.go(target, { push: false });
  };

  kn.openSql = query => kn.go({ tab: "sql", query });
  kn.openPrompt = (prompt, token = null) => kn.go({ prompt, token, tab: "explore" });

  // Called once by the bar, which owns the server's functions.
  kn.start = async functions => {
    server = functions;
    try {
      kn.atlases = (await kn.ask("atlases", {})).atlases;
    } catch (error) {
      kn.atlases = [];
      return tell("failed", error.message);
    }
    kn.started = true;
    tell("started");
    if (!kn.atlases.length) return undefined;
    addEventListener("popstate", restore);
    await restore();
    performance.mark("kn-ready");
    document.documentElement.dataset.knState = "ready";
    return undefined;
  };
})((window.kn ??= {}));
