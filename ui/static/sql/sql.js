// The SQL tab: a query, what can be asked, and the result as a table whose ids lead back to the panes.
(kn => {
  const h = kn.h;

  kn.tab("sql", ({ element, trigger, props, watch }) => {
    const pane = kn.section(element, "sql");
    let result = null;
    let asked = 0;

    const editor = h("textarea", {
      class: "kn-editor", rows: "5", spellcheck: "false", autocomplete: "off", "aria-label": "SQL query",
      placeholder: "SELECT … (Ctrl+Enter runs it)",
    });
    const run = h("button", { type: "button", class: "kn-run", onclick: () => ask() }, "Run");
    const state = h("span", { class: "kn-count", role: "status" });
    const downloads = h("span", { class: "kn-downloads", hidden: true },
      ...["csv", "parquet"].map(format => h("button", {
        type: "button", class: "kn-sql", onclick: () => download(format),
      }, format === "csv" ? "CSV" : "Parquet")));
    const trouble = h("div", {});
    const table = h("div", { class: "kn-result", tabindex: "0", role: "region", "aria-label": "Result" });
    const examples = h("div", { class: "kn-asks" });
    const schema = h("div", { class: "kn-schema" });
    pane.append(
      h("div", { class: "kn-sql-main" },
        h("div", { class: "kn-head" }, h("h2", {}, "SQL"), h("span", { class: "kn-faint" }, "read-only, DuckDB")),
        editor,
        h("div", { class: "kn-tools" }, run, state, downloads),
        trouble, table),
      h("aside", { class: "kn-sql-side" }, h("h3", {}, "Questions to start from"), examples,
        h("h3", {}, "Tables and macros"), schema));

    const ask = () => {
      const sql = editor.value.trim();
      if (!sql) return;
      kn.go({ query: editor.value });
      run.disabled = true;
      state.textContent = "running …";
      trigger("run", { sql, ask: ++asked });
    };
    const download = format => {
      state.textContent = `preparing ${format} …`;
      trigger("download", { sql: result.sql, format, ask: ++asked });
    };

    // -- answers -----------------------------------------------------------------------------

    const answer = () => {
      const found = props.value && JSON.parse(props.value);
      if (!found || found.ask !== asked) return;
      run.disabled = false;
      kn.fill(trouble, found.error && kn.message(found.error, "error"));
      if (found.error) { state.textContent = ""; return; }
      if (found.file) { save(found); return; }
      result = found;
      downloads.hidden = false;
      state.textContent = `${kn.integer(found.rows.length)} rows in ${kn.number(found.seconds * 1000)} ms`
        + (found.cut ? ` · cut: there are more than ${kn.integer(found.rows.length)}, add a LIMIT or an aggregate` : "");
      showTable();
    };

    const save = ({ file, name, rows, cut }) => {
      const bytes = Uint8Array.from(atob(file), c => c.charCodeAt(0));
      const link = h("a", { href: URL.createObjectURL(new Blob([bytes])), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      state.textContent = `${name}: ${kn.integer(rows)} rows${cut ? ", cut there" : ""}`;
    };

    const showTable = () => {
      const { columns, types, rows } = result;
      const at = name => columns.indexOf(name);
      const numeric = types.map(t => /INT|FLOAT|DOUBLE|DECIMAL/.test(t) && !t.endsWith("[]"));
      const cell = (value, column, row) => {
        if (value === null) return h("td", { class: "kn-faint" }, "null");
        const text = typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(7)))
          : typeof value === "object" ? JSON.stringify(value) : String(value);
        const go = target(columns[column], row, at);
        const content = go ? h("button", { type: "button", class: "kn-link", onclick: () => kn.go(go) }, text) : text;
        return h("td", { class: numeric[column] ? "kn-num" : null, title: text.length > 80 ? text : null }, content);
      };
      kn.fill(table, h("table", {},
        h("thead", {}, h("tr", {}, ...columns.map((name, i) =>
          h("th", { scope: "col", class: numeric[i] ? "kn-num" : null, title: types[i] }, name)))),
        h("tbody", {}, ...rows.map(row => h("tr", {}, ...row.map((value, i) => cell(value, i, row)))))));
      if (!rows.length) table.append(kn.message("No rows."));
    };

    // Where a click on a value leads: a neuron or a prompt of the atlas on screen.
    const target = (column, row, at) => {
      const value = name => (at(name) >= 0 && row[at(name)] !== null ? Number(row[at(name)]) : null);
      const model = at("model") >= 0 && kn.atlases.some(a => a.model === row[at("model")])
        ? { model: row[at("model")] } : {};
      const [layer, neuron, prompt, token] = ["layer", "neuron", "prompt_id", "position"].map(value);
      if ((column === "neuron" || column === "layer") && layer !== null && neuron !== null) {
        return { ...model, layer, neuron, ...(prompt === null ? {} : { prompt, token }), tab: "explore" };
      }
      if (column === "prompt_id" && prompt !== null) {
        return { ...model, prompt, token, ...(layer !== null && neuron !== null ? { layer, neuron } : {}), tab: "explore" };
      }
      return null;
    };

    // -- what can be asked -------------------------------------------------------------------

    const load = async () => {
      if (!kn.state.model) return;
      try {
        const help = await kn.remembered("sql_help", { model: kn.state.model });
        kn.fill(examples, ...help.examples.map(({ words, sql }) => h("button", {
          type: "button", class: "kn-ask", onclick: () => { editor.value = sql; ask(); },
        }, words)));
        kn.fill(schema, ...help.relations.map(({ name, call, meaning, columns }) => h("details", {},
          h("summary", {}, h("code", {}, call ?? name)),
          h("p", { class: "kn-faint" }, meaning),
          columns.length ? h("ul", {}, ...columns.map(c => h("li", { title: c.meaning || null },
            h("code", {}, c.name), h("span", { class: "kn-faint" }, ` ${c.type}`)))) : null)));
      } catch (error) {
        kn.fill(examples, kn.message(error.message, "error"));
      }
    };

    editor.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { ask(); event.preventDefault(); }
    });
    watch("value", answer);
    kn.on("model", load);
    const show = query => {
      if (!query || query === editor.value) return;
      editor.value = query;
      if (kn.state.tab === "sql") ask();
    };
    kn.on("query", show);
    kn.on("tab", tab => { if (tab === "sql" && kn.state.query && !result && !asked) { editor.value = kn.state.query; ask(); } });
    load();
    if (kn.state.tab === "sql") show(kn.state.query);
    else editor.value = kn.state.query;
  }, ["query"]);
})((window.kn ??= {}));
