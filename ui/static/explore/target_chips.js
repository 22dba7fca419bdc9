// @ts-check
// The chips over the heatmap that name the target that cells are judged by, and what it is set against.

import { bdi, fill, h, message } from "../page/dom.js";
import { marksWords, probability, quoted } from "../page/format.js";
import { go } from "../page/navigate.js";
import { popover } from "../page/popover.js";
import { store } from "../page/store.js";
import { loadTarget } from "../page/target.js";
import { readAgainst, readTarget, tokenText } from "../page/target_text.js";

/** @typedef {import("../page/target_text.js").Target} Target */

export class TargetChips {
  #trouble = h("div", {});
  #likely = h("div", { class: "kn-likely" });
  #toward = popover(
    "Target of the contributions",
    () => this.#fillPanel(),
    h("p", { class: "kn-faint" }, "Cells are judged by what they add to the logit of"),
    this.#choice("what really follows", { target: "" }),
    this.#choice("the model’s answer", { target: "answer" }),
    tokenForm("target", () => this.#toward.close()),
    this.#likely,
    this.#trouble,
  );
  #against = popover(
    "What the target is set against",
    () => {},
    h("p", { class: "kn-faint" }, "Contributions are to the difference of the two logits"),
    this.#choice("nothing", { against: "" }),
    this.#choice("the model’s answer", { against: "answer" }),
    tokenForm("against", () => this.#against.close()),
  );
  nodes = [this.#toward.node, this.#against.node];

  constructor() {
    this.#toward.button.classList.add("kn-toward");
  }

  /**
   * @param {string} words
   * @param {Partial<import("../page/store.js").State>} change
   */
  #choice(words, change) {
    const onclick = () => {
      this.#toward.close();
      this.#against.close();
      choose(change);
    };
    return h("button", { type: "button", class: "kn-item", onclick }, words);
  }

  show() {
    const { prompt, target: judged, state } = store;
    if (!prompt) return;
    const token = state.token ?? 0;
    const [target, against] = [readTarget(state.target), readAgainst(state.against)];
    const word = targetWord(token);
    const p = targetProbability(token);
    const kind = { next: "what follows", answer: "the model’s answer", token: "" }[
      target?.kind ?? "next"
    ];
    const said = [kind, p === null ? "" : `P ${probability(p)}`].filter(Boolean);
    const none = target?.kind === "next" ? "nothing follows here" : "…";
    const words =
      word === null
        ? [`toward: ${said[0] ?? ""} · ${none}`]
        : ["toward “", h("b", {}, bdi(quoted(word))), "”", ...said.map(s => ` · ${s}`)];
    fill(this.#toward.button, ...words);
    this.#toward.button.title = (word !== null && marksWords(word)) || "";
    const other =
      judged.data?.against?.[token] ?? (against?.kind === "token" ? against.token : null);
    const otherWords = { next: "", answer: "the model’s answer", token: "" }[
      against?.kind ?? "next"
    ];
    const otherSaid =
      other === null ? otherWords : `“${quoted(other)}”${otherWords && ` · ${otherWords}`}`;
    fill(this.#against.button, "against: ", bdi(against ? otherSaid : "nothing"));
    if (!this.#toward.panel.hidden) this.#fillPanel();
  }

  #fillPanel() {
    this.#showLikely(store.state.token ?? 0);
    fill(this.#trouble, ...this.#troubles());
  }

  /** @param {number} token at which likely answers are offered */
  #showLikely(token) {
    const { prompt } = store;
    const likely = prompt?.lens?.(token, prompt.nLayers - 1).top ?? [];
    const chips = likely.map(({ token: word, probability: p }) => {
      const onclick = () => {
        this.#toward.close();
        choose({ target: tokenText(word) });
      };
      const title = `probability ${p.toPrecision(2)}`;
      return h("button", { type: "button", class: "kn-chip", onclick, title }, bdi(quoted(word)));
    });
    fill(
      this.#likely,
      chips.length > 0 && h("span", { class: "kn-faint" }, "likely here: "),
      ...chips,
    );
  }

  #troubles() {
    const { trouble } = store.target;
    if (!trouble || trouble === "cancelled") return [];
    const isToken = readTarget(store.state.target)?.kind === "token";
    const takeFirst = h(
      "button",
      { type: "button", class: "kn-link", onclick: () => loadTarget({ isFirst: true }) },
      "Take the first token",
    );
    return [message(trouble, "error"), isToken && /tokens/.test(trouble) && takeFirst];
  }
}

/** @param {Partial<import("../page/store.js").State>} change of the target, or what it is set against */
const choose = change => {
  go(change);
  loadTarget({ isAgain: true }); // the same one too, where it was cancelled
};

/**
 * The target at a token, as far as it is known; null: none.
 *
 * @param {number} token
 * @returns {string | null}
 */
export const targetWord = token => {
  const { prompt, target: judged, state } = store;
  if (judged.data) return judged.data.words[token];
  const target = readTarget(state.target);
  if (target?.kind === "token") return target.token;
  if (target?.kind === "next") return prompt?.tokens[token + 1] ?? null;
  return prompt?.lens?.(token, prompt.nLayers - 1).top[0]?.token ?? null;
};

/** @param {number} token */
const targetProbability = token => {
  const { prompt, target: judged, state } = store;
  if (judged.data) return judged.data.words[token] === null ? null : judged.data.probability[token];
  if (!prompt?.lens || prompt.tokens[token + 1] === undefined) return null;
  return state.target === "" ? prompt.lens(token, prompt.nLayers - 1).nextProbability : null;
};

/**
 * A token of one's own, typed.
 *
 * @param {"target" | "against"} name
 * @param {() => void} close
 */
const tokenForm = (name, close) => {
  const box = h("input", {
    type: "text",
    class: "kn-token-box",
    "aria-label": "A token",
    placeholder: "France",
    spellcheck: "false",
  });
  const space = h("input", { type: "checkbox", checked: true });
  const set = (/** @type {Event} */ event) => {
    event.preventDefault();
    const typed = box.value.trim();
    if (!typed) return;
    close();
    choose({ [name]: tokenText((space.checked ? " " : "") + typed) });
  };
  const why = "Most models write a word in a sentence with the space before it: ␣France";
  return h(
    "form",
    { class: "kn-write", onsubmit: set },
    box,
    h("label", { title: why }, space, " ␣ before it"),
    h("button", { class: "kn-run" }, "Set"),
  );
};
