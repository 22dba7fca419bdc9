// @ts-check
// Which lens the column beside the rows shows.

import { h } from "../page/dom.js";
import { LENSES, lensOfText } from "../page/lens_text.js";
import { go } from "../page/navigate.js";
import { distanceAfter, loadDistances } from "../page/readings.js";
import { on, store } from "../page/store.js";

export class LensChoice {
  #select = h(
    "select",
    { "aria-label": "Lens", onchange: () => this.#choose() },
    ...LENSES.map(([lens, name]) => h("option", { value: lens }, name)),
  );
  node = h(
    "label",
    {
      class: "kn-chip kn-choice kn-lens-choice",
      onpointerenter: loadDistances,
      onfocusin: loadDistances,
    },
    "lens: ",
    this.#select,
  );

  constructor() {
    for (const news of ["lens", "reading", "prompt"]) on(news, () => this.#show());
    this.#show();
  }

  #choose() {
    const { value } = this.#select;
    go({ lens: value === "logit" ? "" : value });
  }

  #show() {
    const chosen = lensOfText(store.state.lens);
    this.#select.value = chosen;
    const [, , what] = LENSES.find(([lens]) => lens === chosen) ?? LENSES[0];
    this.#select.title = [what, distanceWords(store.prompt?.nLayers ?? 0)]
      .filter(Boolean)
      .join(". ");
  }
}

/**
 * How far both lenses are from the model in the middle of it; "" where it isn't known.
 *
 * @param {number} nLayers
 */
const distanceWords = nLayers => {
  const layer = Math.floor((nLayers - 1) / 2);
  const distance = distanceAfter(layer);
  if (!distance) return "";
  const { logit_kl: logit, linear_kl: linear, n_prompts: n } = distance;
  return `KL from the model’s own output after layer ${layer}, over ${n} held-out prompts: logit lens ${logit.toFixed(2)}, linear lens ${linear.toFixed(2)} nats`;
};
