// @ts-check
// The tokens of a text as prose that can be shaded, marked and pointed at.

import { h } from "./dom.js";
import { marksWords, quoted, shown } from "./format.js";

/**
 * A token that stands alone, with what its marks stand for on hover.
 *
 * @param {string} token
 */
export const tokenName = token => h("bdi", { title: marksWords(token) }, quoted(token));

/** @param {string} token that is shown as a mark alone */
const isMark = token => /^[\n\r\t]+$/.test(token);

/**
 * @param {string[]} tokens
 * @param {{ title?: (i: number) => string, onpick?: (i: number) => void }} does the words that the
 *   pointer finds on token i, and what a click on it does
 */
export const tokenProse = (tokens, { title, onpick } = {}) => {
  const spans = tokens.map(token =>
    h("span", { class: `kn-token${isMark(token) ? " kn-mark" : ""}` }, shown(token)),
  );
  const prose = h("span", { class: "kn-prose" }, ...spans);
  /** @param {Event} event */
  const place = event =>
    event.target instanceof Element
      ? [...prose.children].indexOf(/** @type {Element} */ (event.target.closest(".kn-token")))
      : -1;
  if (title) {
    prose.addEventListener("mouseover", event => {
      const i = place(event);
      if (i >= 0) spans[i].title = title(i);
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

/**
 * Shade prose by value: green above 0, purple below.
 *
 * @param {HTMLElement} prose
 * @param {(number | null)[]} values
 * @param {number} scale the value of full colour
 */
export const shadeTokens = (prose, values, scale) => {
  [...prose.children].forEach((span, i) => {
    const value = values[i] ?? 0;
    span.classList.toggle("kn-positive", value > 0);
    span.classList.toggle("kn-negative", value < 0);
    const share = Math.min(1, Math.abs(value) / (scale || 1));
    if (value) /** @type {HTMLElement} */ (span).style.setProperty("--w", share.toFixed(3));
  });
  return prose;
};

/**
 * Prose in which the tokens that have a value are shaded. Those without are plain text, a piece for as
 * many as stand together: of a list of prompts that is most, and elements are what layout costs.
 *
 * @param {string[]} tokens
 * @param {(number | null)[]} values
 * @param {number} scale the value of full colour
 * @param {(i: number) => string} title what the pointer finds on a token that has one
 */
export const firedProse = (tokens, values, scale, title) => {
  const prose = h("span", { class: "kn-prose" });
  let rest = "";
  tokens.forEach((token, i) => {
    const value = values[i];
    if (!value && !isMark(token)) {
      rest += shown(token);
      return;
    }
    const share = Math.min(1, Math.abs(value ?? 0) / (scale || 1)).toFixed(3);
    const sign = value ? (value > 0 ? "kn-positive" : "kn-negative") : "";
    const kind = `kn-token${isMark(token) ? " kn-mark" : ""} ${sign}`;
    const shaded = { class: kind, title: value ? title(i) : null, style: `--w:${share}` };
    prose.append(rest, h("span", shaded, shown(token)));
    rest = "";
  });
  prose.append(rest);
  return prose;
};

/**
 * Underline one token.
 *
 * @param {HTMLElement} prose
 * @param {number | null} current
 */
export const markToken = (prose, current) => {
  [...prose.children].forEach((span, i) => {
    if (i === current) span.setAttribute("aria-current", "true");
    else span.removeAttribute("aria-current");
  });
};
