// @ts-check
// The tab SQL: a query, what can be asked, and the result as a table.

import { faint, fill, h, message, section } from "../page/dom.js";
import { download } from "../page/download.js";
import { counted, integer, number } from "../page/format.js";
import { Cancelled, JobLine, runJob } from "../page/job.js";
import { go } from "../page/navigate.js";
import { remembered } from "../page/server.js";
import { on, store } from "../page/store.js";
import { Turns } from "../page/timing.js";
import { exampleButtons, relationList } from "./help.js";
import { resultTable } from "./table.js";

/** @typedef {import("./table.js").Result} Result */
/** @typedef {{ file: string, name: string, rows: number, cut: boolean }} Saved base64 of a file */

class SqlPane {
  /** @type {Result | null} */
  #result = null;
  #hasAsked = false;
  /** @type {import("./help.js").Relation[]} */
  #relations = [];
  #turns = new Turns();
  #line = new JobLine();
  #editor = h("textarea", {
    class: "kn-editor",
    rows: "5",
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": "SQL query",
    placeholder: "SELECT … (Ctrl+Enter runs it)",
  });
  #run = h("button", { type: "button", class: "kn-run", onclick: () => this.#ask() }, "Run");
  #state = h("span", { class: "kn-count", role: "status" });
  #downloads = h(
    "span",
    { class: "kn-downloads", hidden: true },
    this.#downloadButton("csv", "CSV"),
    this.#downloadButton("parquet", "Parquet"),
  );
  #trouble = h("div", {});
  #caption = h("p", { class: "kn-caption", hidden: true });
  #table = h("div", {
    class: "kn-result",
    tabindex: "0",
    role: "region",
    "aria-label": "Result",
  });
  #examples = h("div", { class: "kn-asks" });
  #schema = h("div", { class: "kn-schema" });

  /** @param {import("../page/types.d.ts").Widget} widget */
  constructor(widget) {
    section(widget.element, "sql").append(
      h(
        "div",
        { class: "kn-sql-main" },
        h("div", { class: "kn-head" }, h("h2", {}, "SQL"), faint("read-only, DuckDB")),
        this.#editor,
        h("div", { class: "kn-tools" }, this.#run, this.#state, this.#line.node, this.#downloads),
        this.#trouble,
        this.#caption,
        this.#table,
      ),
      h(
        "aside",
        { class: "kn-sql-side" },
        h("h3", {}, "Questions to start from"),
        this.#examples,
        h("h3", {}, "Tables and macros"),
        this.#schema,
      ),
    );
    this.#listen();
  }

  #listen() {
    this.#editor.addEventListener("keydown", event => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      this.#ask();
      event.preventDefault();
    });
    on("model", () => this.#loadHelp());
    on("query", query => this.#show(query));
    on("tab", tab => {
      if (tab !== "sql" || !store.state.query || this.#hasAsked) return;
      this.#editor.value = store.state.query;
      this.#ask();
    });
    this.#loadHelp();
    if (store.state.tab === "sql") this.#show(store.state.query);
    else this.#editor.value = store.state.query;
  }

  /** @param {string} query */
  #show(query) {
    if (!query || query === this.#editor.value) return;
    this.#editor.value = query;
    if (store.state.tab === "sql") this.#ask();
  }

  // -- asking ---------------------------------------------------------------------------------

  async #ask() {
    const sql = this.#editor.value.trim();
    if (!sql) return;
    go({ query: this.#editor.value });
    this.#hasAsked = true;
    this.#state.textContent = "running …";
    this.#age(sql);
    const result = await this.#job("sql", { sql });
    if (result) this.#showResult({ ...result, ...JSON.parse(result.table) });
  }

  /**
   * Grey what the query before found, and say that it is that, until another result is there.
   *
   * @param {string} sql
   */
  #age(sql) {
    const isOld = Boolean(this.#result) && this.#result?.sql !== sql;
    this.#table.classList.toggle("kn-old", isOld);
    this.#caption.hidden = !isOld;
    fill(
      this.#caption,
      "The table is of the query before: ",
      h("code", {}, this.#result?.sql ?? ""),
    );
  }

  /**
   * @param {string} format
   * @param {string} words
   */
  #downloadButton(format, words) {
    const fetched = async () => {
      this.#state.textContent = `preparing ${format} …`;
      const sql = this.#editor.value.trim();
      const saved = await this.#job("sql_file", { sql, format });
      const isShown = sql === this.#result?.sql;
      const which = isShown ? "" : " of the query as written, which isn't the table's";
      if (saved) this.#state.textContent = save(saved) + which;
    };
    const title = `The query as written, run again, as a file of type ${words}`;
    return h("button", { type: "button", class: "kn-sql", title, onclick: fetched }, words);
  }

  /**
   * The result of a job, the last one that was started; null where there is none.
   *
   * @param {string} name
   * @param {object} args
   * @returns {Promise<any>}
   */
  async #job(name, args) {
    const isLast = this.#turns.begin();
    this.#run.disabled = true;
    try {
      const run = this.#line.show((tell, signal) => runJob(name, args, tell, signal));
      fill(this.#trouble);
      const result = await run;
      return isLast() ? result : null;
    } catch (error) {
      if (!isLast()) return null;
      this.#state.textContent = "";
      const kind = error instanceof Cancelled ? "note" : "error";
      fill(this.#trouble, message(/** @type {Error} */ (error).message, kind));
      return null;
    } finally {
      if (isLast()) this.#run.disabled = false;
    }
  }

  /** @param {Result} result */
  #showResult(result) {
    this.#result = result;
    this.#downloads.hidden = false;
    const n = integer(result.rows.length);
    this.#age(result.sql);
    this.#state.textContent =
      `${counted(result.rows.length, "row")} in ${number(result.seconds * 1000)} ms` +
      (result.cut ? ` · cut: there are more than ${n}, add a LIMIT or an aggregate` : "");
    this.#fillTable();
  }

  #fillTable() {
    const result = this.#result;
    if (!result) return;
    const table = resultTable(result, this.#relations);
    fill(this.#table, table, !result.rows.length && message("No rows."));
  }

  // -- what can be asked ----------------------------------------------------------------------

  async #loadHelp() {
    const { model } = store.state;
    if (!model) return;
    try {
      const { examples, relations } = await remembered("sql_help", { model });
      const ask = (/** @type {string} */ sql) => {
        this.#editor.value = sql;
        this.#ask();
      };
      fill(this.#examples, exampleButtons(examples, ask));
      this.#relations = relations;
      this.#fillTable(); // whose columns have a meaning now
      fill(this.#schema, relationList(relations));
    } catch (error) {
      fill(this.#examples, message(/** @type {Error} */ (error).message, "error"));
    }
  }
}

/**
 * Hand a file to the browser; gives what is said of it.
 *
 * @param {Saved} saved
 */
const save = ({ file, name, rows, cut }) => {
  const bytes = Uint8Array.from(atob(file), c => c.charCodeAt(0));
  download(bytes, name);
  return `${name}: ${counted(rows, "row")}${cut ? ", cut there" : ""}`;
};

/** @param {import("../page/types.d.ts").Widget} widget */
export const mount = widget => void new SqlPane(widget);
