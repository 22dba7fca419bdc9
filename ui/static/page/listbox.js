// @ts-check
// A box to type in over a list of options: the keyboard moves through the options, the focus stays.

const MOVES = /** @type {Record<string, number>} */ ({
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
});

export class Listbox {
  /** @type {HTMLElement | null} the option that the keyboard is on */
  active = null;

  /**
   * @param {HTMLInputElement} box
   * @param {HTMLElement} list
   * @param {(option: HTMLElement) => void} onpick Enter; clicks are the options' own
   * @param {string} first what Enter picks where the keyboard is on none, as a selector
   */
  constructor(box, list, onpick, first = "[role=option]") {
    this.box = box;
    this.list = list;
    this.onpick = onpick;
    this.first = first;
    for (const owner of [box, list]) owner.addEventListener("keydown", event => this.#key(event));
  }

  /** @returns {HTMLElement[]} */
  options() {
    return [...this.list.querySelectorAll("[role=option]")].map(
      option => /** @type {HTMLElement} */ (option),
    );
  }

  /** @param {HTMLElement | null} option */
  activate(option) {
    this.active?.classList.remove("kn-active");
    this.active = option;
    option?.classList.add("kn-active");
    option?.scrollIntoView({ block: "nearest" });
    for (const owner of [this.box, this.list]) {
      if (option) owner.setAttribute("aria-activedescendant", option.id);
      else owner.removeAttribute("aria-activedescendant");
    }
  }

  /** @param {(option: HTMLElement) => boolean} isSelected */
  select(isSelected) {
    for (const option of this.options()) {
      option.setAttribute("aria-selected", String(isSelected(option)));
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.defaultPrevented) return;
    const options = this.options();
    if (event.key in MOVES && options.length) {
      const at = this.active ? options.indexOf(this.active) : -1;
      const to = Math.max(0, Math.min(options.length - 1, at + MOVES[event.key]));
      this.activate(options[to]);
      event.preventDefault();
    } else if (event.key === "Enter") {
      const option = this.active ?? this.list.querySelector(this.first);
      if (option) this.onpick(/** @type {HTMLElement} */ (option));
      event.preventDefault();
    }
  }
}
