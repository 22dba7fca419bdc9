// @ts-check
// What of a map is in view: how many points, and of which clusters.

/** @typedef {{ n: number, parts: Part[] }} Seen */
/** @typedef {{ cluster: number, n: number, x: number, y: number }} Part of a cluster: its middle */

/**
 * @param {import("./points.js").Points} points
 * @param {[number, number]} from the left upper corner of what is seen
 * @param {[number, number]} to its right lower corner
 * @param {Uint8Array | null} shown by point
 * @returns {Seen} the points with a place of their own, and their clusters, the
 *   largest part first
 */
export const inView = ({ x, y, nDrawn, cluster }, [left, top], [right, bottom], shown) => {
  /** @type {Part[]} */
  const parts = [];
  let n = 0;
  for (let i = 0; i < nDrawn; i++) {
    if (!(x[i] >= left && x[i] <= right && y[i] >= top && y[i] <= bottom)) continue;
    if (shown && !shown[i]) continue;
    n++;
    const c = cluster?.[i] ?? -1;
    if (c < 0) continue;
    const part = (parts[c] ??= { cluster: c, n: 0, x: 0, y: 0 });
    part.n++;
    part.x += x[i];
    part.y += y[i];
  }
  const found = parts.filter(Boolean).sort((a, b) => b.n - a.n || a.cluster - b.cluster);
  return { n, parts: found.map(part => ({ ...part, x: part.x / part.n, y: part.y / part.n })) };
};
