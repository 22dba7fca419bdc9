// @ts-check
// Which folder of the page's scripts may import which: page/ is under all, a tab's folder is over all.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const STATIC = join(dirname(fileURLToPath(import.meta.url)), "../../ui/static");
const TABS = ["explore", "map", "knowledge", "circuit", "training", "sql"];
/** @type {Record<string, string[]>} what a folder imports besides itself */
const MAY_IMPORT = {
  page: [],
  chart: ["page"],
  points: ["page"],
  neuron: ["page"],
  story: ["page", "chart"],
  neuron_page: ["page", "chart", "neuron", "story"],
  ...Object.fromEntries(TABS.map(tab => [tab, ["page", "chart", "points", "neuron", "story"]])),
};

const files = readdirSync(STATIC, { recursive: true, encoding: "utf8" })
  .map(file => file.replaceAll("\\", "/"))
  .filter(file => file.endsWith(".js"));

/** @param {string} file */
const importsOf = file => {
  const text = readFileSync(join(STATIC, file), "utf8");
  const found = text.matchAll(/^(?:import|export)\s(?:[^;"']*\sfrom\s)?"([^"]+)";/gm);
  return [...found].map(([, path]) => posix.join(posix.dirname(file), path));
};

const graph = new Map(files.map(file => [file, importsOf(file)]));

test("imports are found, and name files that are there", () => {
  assert.ok(graph.get("explore/explore.js")?.includes("page/dom.js"));
  for (const [file, imports] of graph) {
    for (const path of imports) assert.ok(graph.has(path), `${file} imports ${path}`);
  }
});

test("folders import only those under them", () => {
  for (const [file, imports] of graph) {
    if (file === "testing.js") continue; // for tests and the benchmark alone
    const [folder] = file.split("/");
    for (const path of imports) {
      const [other] = path.split("/");
      const allowed = other === folder || MAY_IMPORT[folder].includes(other);
      assert.ok(allowed, `${file} imports ${path}`);
    }
  }
});

test("no imports go round in a circle", () => {
  /** @type {Set<string>} */
  const done = new Set();
  /**
   * @param {string} file
   * @param {string[]} way
   */
  const visit = (file, way) => {
    assert.ok(!way.includes(file), [...way, file].join(" > "));
    if (done.has(file)) return;
    for (const path of graph.get(file) ?? []) visit(path, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test("every script is type-checked", () => {
  for (const file of files) {
    assert.ok(readFileSync(join(STATIC, file), "utf8").startsWith("// @ts-check\n"), file);
  }
});
