// @ts-check
// A fact that is asked as soon as its pane is on the screen, since it was opened for that. Without
// an import: the frame needs it, and what asks comes with the tabs.

/** @type {number | null} */
let wanted = null;

/** @param {number} fact that somebody opened to have it asked */
export const askOnceShown = fact => {
  wanted = fact;
};

/**
 * Whether a fact is to be asked now; it is then no more.
 *
 * @param {number} fact
 */
export const takeWanted = fact => {
  if (fact !== wanted) return false;
  wanted = null;
  return true;
};
