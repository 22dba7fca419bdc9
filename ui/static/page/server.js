// @ts-check
// Questions to the server.

import { notify } from "./address.js";
import { answered } from "./away.js";
import { store } from "./store.js";

/** @typedef {Record<string, (args: object) => Promise<unknown>>} Functions by question */

const KEPT = 60; // answers

/** @type {Functions} */
let functions = {};

/** @param {Functions} given the server's, which the bar's widget is handed */
export const connect = given => {
  functions = given;
};

/**
 * What a function of the server gives. Waits for a server that has gone; throws where one that is
 * there gives nothing.
 *
 * @param {string} name
 * @param {object} args
 * @returns {Promise<string>}
 */
export const call = (name, args) => answered(() => functions[name](args));

/**
 * The answer of a question. Throws where there is none, or where it is an error.
 *
 * @param {string} question
 * @param {object} args
 * @returns {Promise<any>}
 */
export const ask = async (question, args) => {
  store.unanswered++;
  let answer;
  try {
    answer = await call(question, args);
  } finally {
    store.unanswered--;
  }
  const data = JSON.parse(answer);
  if (data.error) throw new Error(data.error);
  sayNotFinite(data);
  return data;
};

/**
 * Values that were NaN or infinite are null in an answer: say that they are no numbers.
 *
 * @param {any} answer
 */
export const sayNotFinite = answer => {
  const n = answer?.not_finite;
  if (n)
    notify(`${n} values here are not finite (NaN or infinity), shown as –: is the model sound?`);
};

/** @type {Map<string, any>} */
const memory = new Map();
/** Changes when the tables do: an answer that was asked for before isn't kept. */
let tables = 0;

/** The tables have changed: what was answered of them may be otherwise now. */
export const forget = () => {
  memory.clear();
  tables++;
};

/**
 * The same, of the last answers: going back is instant.
 *
 * @param {string} question
 * @param {object} args
 * @returns {Promise<any>}
 */
export const remembered = async (question, args) => {
  const key = JSON.stringify([question, args]);
  if (!memory.has(key)) {
    const asked = tables;
    const answer = await ask(question, args);
    if (answer.waits || Object.keys(answer.missing ?? {}).length) return answer; // it may come
    if (asked !== tables) return answer;
    keep(memory, key, answer, KEPT);
  }
  return memory.get(key);
};

/**
 * Put a value into a memory of the last `most`.
 *
 * @template Value
 * @param {Map<string, Value>} values
 * @param {string} key
 * @param {Value} value
 * @param {number} most
 */
export const keep = (values, key, value, most) => {
  values.set(key, value);
  const [oldest] = values.keys();
  if (values.size > most) values.delete(oldest);
};
