// @ts-check
// What is kept in this browser. Where a person's settings refuse that, or there is no room, it is
// kept until the page closes.

/** @type {Map<string, string>} */
const here = new Map();

/**
 * @param {string} name
 * @returns {string | null}
 */
export const readKept = name => {
  try {
    return localStorage.getItem(name) ?? here.get(name) ?? null;
  } catch {
    return here.get(name) ?? null;
  }
};

/**
 * @param {string} name
 * @param {string} value
 */
export const keepHere = (name, value) => {
  here.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // refused or full: `here` has it
  }
};
