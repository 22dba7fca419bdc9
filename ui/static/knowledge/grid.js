// The neurons that an answer is attributed to, a row for each layer, highest score first.
(kn => {
  const h = kn.h;
  // Pixels of a neuron with its gap, so that a deep model's grid still leaves room for the rest.
  const cellSize = layers => (layers <= 12 ? 21 : layers <= 24 ? 17 : 14);

  // `cells`: [{layer, neuron, score, share, refined, promotes}, ...], highest score first.
  kn.neuronGrid = () => {
    let cells = [];
    let nWordings = 0;
    let set = "knowledge neuron";
    let nLayers = 0;
    const whole = new Set(); // the layers of which all are shown
    const node = h("div", { class: "kn-grid", role: "group", "aria-label": "Neurons by layer. Arrow keys move, Enter selects." });

    const words = cell => [
      h("strong", {}, `layer ${cell.layer} · neuron ${cell.neuron}`),
      h("div", {}, `score ${kn.number(cell.score)}`
        + (cell.activation === undefined ? ` · in ${Math.round(cell.share * nWordings)} of ${nWordings} wordings` : ` · activation ${kn.number(cell.activation)}`)),
      cell.refined ? h("div", {}, set) : null,
      cell.promotes?.length ? h("div", {}, "promotes ", ...cell.promotes.map(token => h("span", { class: "kn-chip" }, h("bdi", {}, kn.quoted(token))))) : null];

    const button = (cell, i, scale) => {
      const share = Math.max(0, cell.score / scale);
      const tell = event => {
        const box = event.target.getBoundingClientRect();
        kn.tip(event.clientX ?? box.right, event.clientY ?? box.bottom, ...words(cell));
      };
      return h("button", {
        type: "button", class: cell.refined ? "kn-neuron kn-refined" : "kn-neuron", "data-i": i, tabindex: "-1",
        "aria-label": `Layer ${cell.layer}, neuron ${cell.neuron}, score ${kn.number(cell.score)}${cell.refined ? `, ${set}` : ""}`,
        style: `--w:${(0.1 + 0.9 * share).toFixed(3)}`,
        onmousemove: tell, onmouseleave: kn.untip, onblur: kn.untip,
        onfocus: event => {
          for (const other of node.querySelectorAll(".kn-neuron[tabindex='0']")) other.tabIndex = -1;
          event.target.tabIndex = 0;
          if (event.target.matches(":focus-visible")) {
            const box = event.target.getBoundingClientRect();
            kn.tip(box.right, box.bottom, ...words(cell));
          }
        },
        onclick: () => kn.go({ layer: cell.layer, neuron: cell.neuron }),
      });
    };

    node.addEventListener("keydown", event => {
      const here = event.target.closest(".kn-neuron");
      if (!here) return;
      const row = here.parentElement;
      const column = [...row.children].indexOf(here);
      let to = null;
      if (event.key === "ArrowRight") to = here.nextElementSibling;
      else if (event.key === "ArrowLeft") to = here.previousElementSibling;
      else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const rows = [...node.querySelectorAll(".kn-layer-cells")].filter(r => r.children.length);
        const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
        to = next?.children[Math.min(column, next.children.length - 1)];
      } else return;
      to?.focus();
      event.preventDefault();
    });

    const mark = () => {
      for (const button of node.querySelectorAll(".kn-neuron")) {
        const cell = cells[button.dataset.i];
        const here = cell.layer === kn.state.layer && cell.neuron === kn.state.neuron;
        button.setAttribute("aria-pressed", String(here));
      }
    };
    kn.on("neuron-asked", mark);

    // One line a layer, as many as it takes for those that are opened.
    const draw = () => {
      const scale = Math.max(...cells.map(c => c.score), 1e-12);
      const size = cellSize(nLayers);
      node.style.setProperty("--cell", `${size - 2}px`);
      const room = Math.max(4, Math.floor((node.clientWidth - 84) / size));
      const rows = Array.from({ length: nLayers }, () => []);
      cells.forEach((cell, i) => rows[cell.layer]?.push([cell, i]));
      kn.fill(node, ...rows.flatMap((row, layer) => {
        const shown = whole.has(layer) ? row : row.slice(0, room);
        const more = row.length > room && h("button", {
          type: "button", class: "kn-sql", "aria-expanded": String(whole.has(layer)),
          "aria-label": `Layer ${layer}: ${row.length} neurons, ${whole.has(layer) ? "show fewer" : "show all"}`,
          onclick: () => { if (!whole.delete(layer)) whole.add(layer); draw(); node.querySelector(`[data-more="${layer}"]`)?.focus(); }, "data-more": layer,
        }, whole.has(layer) ? "fewer" : `${shown.length} of ${kn.integer(row.length)}`);
        return [h("span", { class: "kn-no" }, String(layer)),
          h("div", { class: "kn-layer-cells", "data-layer": layer }, ...shown.map(([cell, i]) => button(cell, i, scale))),
          h("span", { class: "kn-counts" }, more || (row.length ? String(row.length) : ""))];
      }));
      const first = node.querySelector(".kn-neuron");
      if (first) first.tabIndex = 0;
      mark();
    };
    let width = 0;
    new ResizeObserver(() => {
      if (Math.abs(node.clientWidth - width) < 2) return;
      width = node.clientWidth;
      if (cells.length) draw();
    }).observe(node);

    return {
      node,
      show: (given, layers, wordings, called = "knowledge neuron") => {
        cells = given;
        nLayers = layers;
        nWordings = wordings;
        set = called;
        whole.clear();
        draw();
      },
    };
  };
})((window.kn ??= {}));
