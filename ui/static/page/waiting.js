// @ts-check
// Parts that wait for an answer: marked at once, faded where the answer takes a while. Fading has
// the browser paint the whole part anew, twice, which most answers are quicker than.

const PATIENCE_MS = 150;

/** @type {WeakMap<Element, ReturnType<typeof setTimeout>>} */
const timers = new WeakMap();

/**
 * @param {Element} node
 * @param {boolean} waits
 */
export const setWaiting = (node, waits) => {
  if (waits === node.classList.contains("kn-waiting")) return;
  node.classList.toggle("kn-waiting", waits);
  clearTimeout(timers.get(node));
  node.classList.remove("kn-faded");
  if (waits)
    timers.set(
      node,
      setTimeout(() => node.classList.add("kn-faded"), PATIENCE_MS),
    );
};
