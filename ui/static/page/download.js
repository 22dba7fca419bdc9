// @ts-check
// Handing a file to the browser.

import { h } from "./dom.js";

const KEPT_MS = 10000; // that the browser has to take it

/**
 * @param {BlobPart} content
 * @param {string} name of the file
 * @param {string} [type]
 */
export const download = (content, name, type) => {
  const link = h("a", {
    href: URL.createObjectURL(new Blob([content], type ? { type } : {})),
    download: name,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
};
