// @ts-check
// The places on the page where a command stands that would make what is missing. page/wish.js says
// what is shown there: this module knows nothing of the server, so that dom.js can use it.

/** @typedef {(place: HTMLElement, typed: (Node | string)[]) => void} Show */

/** @type {WeakMap<HTMLElement, (Node | string)[]>} the words to type */
const typedWords = new WeakMap();

/** @type {Show} */
let show = (place, typed) => place.replaceChildren(...typed);

export const wishes = {
  /**
   * A place for a command.
   *
   * @param {string} command
   * @param {(Node | string)[]} typed what stands there where nothing can be made
   */
  place(command, typed) {
    const node = document.createElement("span");
    node.className = "kn-wished";
    node.dataset.command = command;
    typedWords.set(node, typed);
    show(node, typed);
    return node;
  },

  /** @param {Show} f shows the places from now on */
  shown(f) {
    show = f;
    wishes.each(f);
  },

  /** @param {Show} f */
  each(f) {
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll(".kn-wished")
    )) {
      f(node, typedWords.get(node) ?? []);
    }
  },
};
