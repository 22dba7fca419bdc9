// @ts-check
// The ground of a circuit's picture: columns of tokens with their words, layers, and sums of cells.

import { s } from "../page/dom.js";
import { EDGE } from "./layout.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./layout.js").Layout} Layout */

const LETTER = 6.4; // pixels
const LABELS = { flat: 34, turned: 74 }; // pixels below
/** @type {Record<string, string>} what is written under a column */
const MARKED = { subject: "subject", "subject last": "subject", last: "last token" };

/**
 * @param {Layout} layout
 * @param {boolean} turned whether the words are
 */
export const heightOf = ({ bottom }, turned) => bottom + (turned ? LABELS.turned : LABELS.flat);

/**
 * @param {Circuit} circuit
 * @param {Layout} layout
 */
export const columns = ({ prompt }, { columns: all, top, bottom }) =>
  all.map(({ left, width }, i) => {
    const kind = MARKED[prompt.roles[i]]?.split(" ")[0] ?? "other";
    const place = { x: left + 1, y: top, width: Math.max(0, width - 2), height: bottom - top };
    return s("rect", { class: `kn-column kn-${kind}-column`, rx: 4, ...place });
  });

/**
 * The sums of a layer's MLP and attention, or the embedding, as faint ground.
 *
 * @param {Circuit} circuit
 * @param {Layout} layout
 * @param {number} nLayers
 */
export const cells = ({ cells: all }, { columns: places, row, top }, nLayers) => {
  const sums = new Map();
  for (const { layer, position, estimate } of all) {
    const key = `${layer}.${position}`;
    sums.set(key, (sums.get(key) ?? 0) + estimate);
  }
  const most = Math.max(...[...sums.values()].map(Math.abs), 1e-12);
  return [...sums].map(([key, sum]) => {
    const [layer, position] = key.split(".").map(Number);
    const { left, width } = places[position];
    return s("rect", {
      class: `kn-sum ${sum < 0 ? "kn-minus" : "kn-plus"}`,
      "data-layer": layer,
      "data-position": position,
      x: left + 1,
      y: top + (nLayers - 1 - layer) * row,
      width: Math.max(0, width - 2),
      height: row,
      "fill-opacity": (0.3 * Math.sqrt(Math.abs(sum) / most)).toFixed(3),
    });
  });
};

/**
 * @param {Layout} layout
 * @param {number} nLayers
 */
export const layerNumbers = ({ row, top }, nLayers) =>
  Array.from({ length: nLayers }, (_, layer) =>
    s(
      "text",
      {
        class: "kn-layer-no",
        x: EDGE - 6,
        y: top + (nLayers - 0.5 - layer) * row + 4,
        "text-anchor": "end",
      },
      String(layer),
    ),
  );

/**
 * Whether the tokens' words need more room than their columns have.
 *
 * @param {Circuit} circuit
 * @param {Layout} layout
 */
export const isTurned = ({ prompt }, { columns: all }) =>
  prompt.labels.some(({ text, start, end }) => {
    const width = all.slice(start, end).reduce((sum, column) => sum + column.width, 0);
    return text.length * LETTER > width;
  });

/**
 * @param {Circuit} circuit
 * @param {Layout} layout
 * @param {boolean} turned
 */
export const labels = ({ prompt }, { columns: all, bottom }, turned) =>
  prompt.labels.flatMap(({ text, start, end }) => {
    const [from, to] = [all[start].left, all[end - 1].left + all[end - 1].width];
    const x = (from + to) / 2;
    const y = bottom + 14;
    const role = prompt.roles[end - 1];
    const isMarked = role in MARKED;
    const shown = text.length > 22 ? `${text.slice(0, 21)}…` : text;
    const where = turned
      ? { x: x + 4, y, "text-anchor": "end", transform: `rotate(-38 ${x + 4} ${y})` }
      : { x, y, "text-anchor": "middle" };
    const word = s(
      "text",
      { class: isMarked ? "kn-word kn-marked-word" : "kn-word", ...where },
      s("title", {}, text),
      shown,
    );
    if (
      turned ||
      !isMarked ||
      (end < prompt.roles.length && MARKED[prompt.roles[end]] === MARKED[role])
    )
      return [word];
    const told = { class: "kn-role", x: role === "last" ? to : x, y: y + 14 };
    const anchor = role === "last" ? "end" : "middle";
    return [word, s("text", { ...told, "text-anchor": anchor }, MARKED[role])];
  });
