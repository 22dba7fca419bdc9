// Helpers that every pane uses. Text from the lake only ever enters the page as text nodes.
(kn => {
  // h("div", {class: "x", onclick: f, "aria-label": "y"}, "text", otherNode)
  kn.h = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "style") node.style.cssText = value;
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter(c => c !== null && c !== undefined && c !== false));
    return node;
  };

  kn.fill = (node, ...children) => {
    node.replaceChildren(...children.flat().filter(c => c !== null && c !== undefined && c !== false));
    return node;
  };

  // A packed array is {"dtype": "f4", "data": base64 of little-endian bytes}.
  const ARRAYS = {
    u1: Uint8Array, u2: Uint16Array, u4: Uint32Array,
    i2: Int16Array, i4: Int32Array, f4: Float32Array,
  };
  kn.unpack = packed => {
    const text = atob(packed.data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new ARRAYS[packed.dtype](bytes.buffer);
  };

  const integers = new Intl.NumberFormat("en");
  kn.integer = n => (n === null || n === undefined ? "–" : integers.format(n));
  kn.number = x => {
    if (x === null || x === undefined || Number.isNaN(x)) return "–";
    if (x === 0) return "0";
    const size = Math.abs(x);
    if (size >= 1000) return integers.format(Math.round(x));
    if (size < 0.001) return x.toExponential(1);
    return String(Number(x.toPrecision(3)));
  };
  kn.probability = p => (p < 0.005 ? "<.01" : p >= 0.995 ? "1.0" : p.toFixed(2).slice(1));
  kn.percent = x => {
    const percent = 100 * x;
    if (percent && percent < 0.01) return "<0.01 %";
    return `${percent < 1 ? percent.toFixed(2) : percent.toFixed(1)} %`;
  };

  // A token as prose shows it, with marks for what prose would swallow.
  const MARKS = { "\n": "↵", "\r": "␍", "\t": "⇥" };
  // Controls that draw nothing, or turn the text around them, are told by their code.
  const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
  kn.shown = token => token.replace(UNSEEN,
    c => MARKS[c] ?? `⟨${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`) || "∅";
  // The same where the token stands alone, so that its spaces must be seen.
  kn.quoted = token => kn.shown(token).replace(/^ +| +$/g, s => "␣".repeat(s.length));

  // Tokens as prose. `title(i)` is what the pointer tells of token i, `onpick(i)` what a click does.
  kn.prose = (tokens, { title, onpick } = {}) => {
    const prose = kn.h("span", { class: "kn-prose" });
    tokens.forEach(token => {
      const span = kn.h("span", { class: "kn-token" }, kn.shown(token));
      if (/^[\n\r\t]+$/.test(token)) span.classList.add("kn-mark");
      prose.append(span);
    });
    const place = event => [...prose.children].indexOf(event.target.closest(".kn-token"));
    if (title) {
      prose.addEventListener("mouseover", event => {
        const i = place(event);
        if (i >= 0) prose.children[i].title = title(i);
      });
    }
    if (onpick) {
      prose.addEventListener("click", event => {
        const i = place(event);
        if (i >= 0) onpick(i);
      });
    }
    return prose;
  };

  // Shade prose by value: green above 0, purple below, full colour from `scale` on.
  kn.shade = (prose, values, scale) => {
    [...prose.children].forEach((span, i) => {
      const value = values[i] ?? 0;
      span.classList.toggle("kn-positive", value > 0);
      span.classList.toggle("kn-negative", value < 0);
      if (value) span.style.setProperty("--w", Math.min(1, Math.abs(value) / (scale || 1)).toFixed(3));
    });
    return prose;
  };

  // Underline the current token.
  kn.mark = (prose, current) => {
    [...prose.children].forEach((span, i) => {
      if (i === current) span.setAttribute("aria-current", "true");
      else span.removeAttribute("aria-current");
    });
  };

  // A group of buttons of which one is pressed. `choices` is [[value, words], ...].
  kn.toggle = (label, choices, value, onchange) => {
    const buttons = choices.map(([choice, words]) =>
      kn.h("button", {
        type: "button", "aria-pressed": String(choice === value), "data-value": choice,
        onclick: () => { group.set(choice); onchange(choice); },
      }, words));
    const group = kn.h("div", { class: "kn-toggle", role: "group", "aria-label": label }, ...buttons);
    group.set = choice => buttons.forEach(
      b => b.setAttribute("aria-pressed", String(b.dataset.value === choice)));
    return group;
  };

  kn.sqlButton = query => kn.h("button", {
    type: "button", class: "kn-sql", title: "Open the query that made this",
    onclick: () => kn.openSql(query()),
  }, "show as SQL");

  // A word where something is missing or failed, in the place where it would be.
  // A note's `names` are set as code; an error is shown as it came.
  kn.message = (text, kind = "note") => kn.h(
    "p", { class: `kn-message kn-${kind}`, role: kind === "error" ? "alert" : "status" },
    ...(kind === "error" ? [text] : text.split("`").map((part, i) => (i % 2 ? kn.h("code", {}, part) : part))));

  // One tip for the whole page, placed beside the pointer or the focused element.
  const tip = kn.h("div", { class: "kn-tip", role: "tooltip", hidden: true });
  kn.tip = (x, y, ...children) => {
    if (!tip.isConnected) document.body.append(tip);
    kn.fill(tip, ...children).hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    const left = x + 14 + width > innerWidth ? Math.max(4, x - width - 10) : x + 14;
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 14, innerHeight - height - 4))}px`;
  };
  kn.untip = () => { tip.hidden = true; };

  // A style of the page as "r g b" or any other text, e.g. kn.css("--kn-positive").
  kn.css = (name, node = document.body) => getComputedStyle(node).getPropertyValue(name).trim();
  kn.rgb = name => kn.css(name).split(/\s+/).map(Number);

  // Size a canvas to its box in device pixels; false where it has no size yet (a hidden tab).
  kn.fit = (canvas, width, height) => {
    if (!(width > 0 && height > 0)) return false;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    return true;
  };

  kn.debounce = (wait, f) => {
    let timer;
    return (...args) => { clearTimeout(timer); timer = setTimeout(() => f(...args), wait); };
  };
})((window.kn ??= {}));
