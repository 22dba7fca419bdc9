// @ts-check
// The ground of a circuit's picture: columns of tokens with their words, layers, and sums of cells.

import { s } from "../page/dom.js";
import { quoted, shown } from "../page/format.js";
import { EDGE, TOP } from "./layout.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */
/** @typedef {import("./layout.js").Layout} Layout */

const LETTER = 6.6; // pixels
const LONGEST = 22; // letters of a word
const LABELS = { flat: 22, turned: 74 }; // pixels below
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
  prompt.tokens.some((token, i) => shown(token).length * LETTER > all[i].width);

/**
 * The tokens' words under their columns, and over them what the marked ones are.
 *
 * @param {Circuit} circuit
 * @param {Layout} layout
 * @param {boolean} turned
 */
export const labels = ({ prompt }, { columns: all, bottom }, turned) => {
  const y = bottom + 14;
  const words = prompt.tokens.map((token, i) => {
    const text = shown(token).trim() || quoted(token);
    const x = all[i].left + all[i].width / 2;
    const isMarked = prompt.roles[i] in MARKED;
    const where = turned
      ? { x: x + 4, y, "text-anchor": "end", transform: `rotate(-38 ${x + 4} ${y})` }
      : { x, y, "text-anchor": "middle" };
    const kind = isMarked ? "kn-word kn-marked-word" : "kn-word";
    const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
    return s("text", { class: kind, ...where }, s("title", {}, quoted(token)), short);
  });
  return [...words, ...roleWords(prompt.roles, all)];
};

/**
 * @param {string[]} roles
 * @param {import("./layout.js").Column[]} all
 */
const roleWords = (roles, all) =>
  roles.flatMap((role, i) => {
    if (!(role in MARKED) || MARKED[role] === MARKED[roles[i - 1]]) return [];
    const { left, width } = all[i];
    const isLast = role === "last";
    const place = { x: isLast ? left + width - 2 : left + 2, y: TOP - 6 };
    const anchor = isLast ? "end" : "start";
    return [s("text", { class: "kn-role", ...place, "text-anchor": anchor }, MARKED[role])];
  });
