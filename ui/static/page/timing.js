// @ts-check
// Calls that wait, and calls that overtake each other.

/**
 * Call `f` once nobody has asked for it during `wait` milliseconds.
 *
 * @template {any[]} Arguments
 * @param {number} wait
 * @param {(...args: Arguments) => void} f
 * @returns {(...args: Arguments) => void}
 */
export const debounce = (wait, f) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...args), wait);
  };
};

/** Tells the last of several calls from those that it overtook. */
export class Turns {
  #calls = 0;

  /** Begin one, which overtakes all before: `const isLast = turns.begin()`, true until the next. */
  begin() {
    const call = ++this.#calls;
    return () => call === this.#calls;
  }

  /** Overtake all that are under way. */
  drop() {
    this.#calls++;
  }
}
