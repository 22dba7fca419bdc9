// @ts-check
// What browser tests and the benchmark reach for, as the global `kn`: what `store` holds, and these
// functions. They import this module; the page itself never loads it.

import { number, quoted } from "./page/format.js";
import { go } from "./page/navigate.js";
import { unpack } from "./page/packed.js";
import { ask } from "./page/server.js";
import { toStep } from "./page/steps.js";
import { emit, on, store } from "./page/store.js";

const functions = { ask, emit, go, number, on, quoted, toStep, unpack };

/** @type {any} */ (window).kn = Object.assign(Object.create(store), functions);
