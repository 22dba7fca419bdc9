// @ts-check
// Live runs of the tab Knowledge: one at a time, their answers remembered.

import { Cancelled, runJob } from "../page/job.js";
import { keep } from "../page/server.js";

/**
 * @typedef {(
 *   question: object,
 *   tell: import("../page/job.js").Tell,
 *   signal: AbortSignal,
 * ) => Promise<any>} Run
 */

const KEPT = 40; // answers

export class Runs {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve(); // the end of the run before
  /** @type {Map<string, any>} by question */
  #answers = new Map();

  /**
   * The answer to a question, once the run before has ended.
   *
   * @type {Run}
   */
  async run(question, tell, signal) {
    const key = JSON.stringify(question);
    if (this.#answers.has(key)) return this.#answers.get(key);
    tell({ words: "waiting for your previous run" });
    const end = this.#last.then(() => {
      if (signal.aborted) throw new Cancelled();
      tell({ words: "asking" });
      return runJob("knowledge", question, tell, signal);
    });
    this.#last = end.catch(() => {}); // who asked hears of it
    const answer = await end;
    keep(this.#answers, key, answer, KEPT);
    return answer;
  }
}
