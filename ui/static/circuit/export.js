// @ts-check
// The picture of a circuit as a file of its own, and its units as a table.

import { h } from "../page/dom.js";
import { download } from "../page/download.js";
import { tokenWords } from "./unit_words.js";

/** @typedef {import("./types.d.ts").Circuit} Circuit */

const STYLES = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "opacity"],
  ...["font-family", "font-size", "font-weight", "text-anchor"],
];
const OF_PAGE = ["role", "tabindex", "class", "data-i", "data-layer", "data-position"];

/**
 * A picture that needs nothing of the page: what styles said is in its elements.
 *
 * @param {SVGSVGElement} svg on screen
 * @returns {string}
 */
export const standalone = svg => {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const [shown, copied] = [svg, copy].map(of => [of, ...of.querySelectorAll("*")]);
  shown.forEach((element, i) => {
    const style = getComputedStyle(element);
    const to = /** @type {SVGElement} */ (copied[i]);
    for (const name of STYLES) to.style.setProperty(name, style.getPropertyValue(name));
    for (const name of OF_PAGE) to.removeAttribute(name);
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.background = getComputedStyle(svg).getPropertyValue("--kn-ground");
  return new XMLSerializer().serializeToString(copy);
};

/** @type {[string, (unit: import("./types.d.ts").Unit, circuit: Circuit) => string | number | null][]} */
const COLUMNS = [
  ["kind", unit => unit.kind],
  ["layer", unit => unit.layer],
  ["unit", unit => unit.unit],
  ["position", unit => unit.position],
  ["token", (unit, { prompt }) => tokenWords(prompt, unit.position)],
  ["role", (unit, { prompt }) => prompt.roles[unit.position]],
  ["rank", unit => unit.rank],
  ["estimate", unit => unit.estimate],
  ["effect", unit => unit.effect],
  ["carries", unit => unit.carries],
];

/**
 * The units of the picture as CSV, those of the circuit first, by rank; estimates and effects in
 * logits.
 *
 * @param {Circuit} circuit
 */
export const unitsCsv = circuit => {
  const place = (/** @type {import("./types.d.ts").Unit} */ { rank }) => rank ?? Infinity;
  const units = circuit.units.toSorted((a, b) => place(a) - place(b) || 0);
  const rows = units.map(unit => COLUMNS.map(([, of]) => field(of(unit, circuit))).join(","));
  return [COLUMNS.map(([name]) => name).join(","), ...rows, ""].join("\r\n");
};

/** @param {string | number | null} value */
const field = value => {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * @param {Circuit} circuit
 * @param {string} ending
 */
const fileName = ({ fact }, ending) => {
  const words = `${fact.subject} ${fact.object}`.toLowerCase();
  const name = words.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `circuit-${name.slice(0, 60) || "own"}.${ending}`;
};

/**
 * @param {() => Circuit | null} circuit on screen
 * @param {HTMLElement} picture that holds it
 */
export const exportButtons = (circuit, picture) => {
  const button = (
    /** @type {string} */ words,
    /** @type {string} */ title,
    /** @type {() => void} */ onclick,
  ) => h("button", { type: "button", class: "kn-sql", title, onclick }, words);
  const svg = button("SVG", "Save the picture", () => {
    const [of, shown] = [circuit(), picture.querySelector("svg")];
    if (of && shown) download(standalone(shown), fileName(of, "svg"), "image/svg+xml");
  });
  const csv = button("CSV", "Save the units of the picture as a table", () => {
    const of = circuit();
    if (of) download(unitsCsv(of), fileName(of, "csv"), "text/csv");
  });
  return [svg, csv];
};
