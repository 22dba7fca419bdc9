// @ts-check
// Elements of the page. Text from the lake only ever enters it as text nodes.

import { wishes } from "./wishes.js";

/** @typedef {Node | string | false | null | undefined} Child what isn't a node or a text is left out */
/** @typedef {Record<string, any>} Attributes `onNAME` is a listener, `style` the style's text */

const SVG = "http://www.w3.org/2000/svg";

/** @type {(child: Child) => child is Node | string} */
const isShown = child => child !== null && child !== undefined && child !== false;

/**
 * An element: `h("div", { class: "x", onclick: f, "aria-label": "y" }, "text", otherNode)`.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes those that are null, undefined or false are left out
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const h = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter(isShown));
  return node;
};

/**
 * An element of an SVG, without listeners.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export const s = (tag, attributes = {}, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter(isShown));
  return node;
};

/**
 * Put children in the place of those that an element has.
 *
 * @template {Element} Parent
 * @param {Parent} node
 * @param {(Child | Child[])[]} children
 */
export const fill = (node, ...children) => {
  node.replaceChildren(...children.flat().filter(isShown));
  return node;
};

/**
 * A section of a tab's skeleton, by its `data-kn`.
 *
 * @param {Element} element
 * @param {string} name
 */
export const section = (element, name) => {
  const found = element.querySelector(`[data-kn=${name}]`);
  if (!(found instanceof HTMLElement)) throw new Error(`the skeleton has no ${name}`);
  return found;
};

/** @param {string} words */
export const bdi = words => h("bdi", {}, words);

/** What a screen reader reads between two words that only their places part on the screen. */
export const apart = () => h("span", { class: "kn-apart" }, ", ");

/** @param {Child[]} children */
export const faint = (...children) => h("span", { class: "kn-faint" }, ...children);

/**
 * A group of buttons of which one is pressed.
 *
 * @template {string} Choice
 * @param {string} label
 * @param {[Choice, string][]} choices each with its words
 * @param {Choice} value
 * @param {(choice: Choice) => void} onchange
 */
export const toggle = (label, choices, value, onchange) => {
  const buttons = choices.map(([choice, words]) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(choice === value),
        "data-value": choice,
        onclick: () => {
          set(choice);
          onchange(choice);
        },
      },
      words,
    ),
  );
  /** @param {Choice} choice */
  const set = choice => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.value === choice));
    }
  };
  const node = h("div", { class: "kn-toggle", role: "group", "aria-label": label }, ...buttons);
  return Object.assign(node, { set });
};

/**
 * Words where something is missing or failed, in the place where it would be.
 *
 * @param {string} text a note's `names` are set as code; an error is shown as it came
 * @param {"note" | "error"} kind
 */
export const message = (text, kind = "note") => {
  const role = kind === "error" ? "alert" : "status";
  const parts = kind === "error" ? [text] : noteParts(text);
  return h("p", { class: `kn-message kn-${kind}`, role }, ...parts);
};

const COMMAND =
  /`(kn (?:run|knowledge|circuits|train|demo)\b[^`]*)`( (?:makes|asks) (?:it|them|these)\.?)/;

/**
 * The parts of a note: names in it as code, and a command that would make what is missing, with the
 * end of its sentence, as a button where this page may make things.
 *
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export const noteParts = text => {
  const found = COMMAND.exec(text);
  if (!found) return codeParts(text);
  const [whole, command, end] = found;
  const typed = [h("code", {}, command), end];
  const before = codeParts(text.slice(0, found.index));
  return [
    ...before,
    wishes.place(command, typed),
    ...codeParts(text.slice(found.index + whole.length)),
  ];
};

/** @param {string} text */
const codeParts = text => text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part));
