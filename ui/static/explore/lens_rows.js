// The logit lens beside the heatmap: for each layer the likeliest next token after it.
(kn => {
  const h = kn.h;

  kn.lensRows = () => {
    const node = h("div", { class: "kn-labels" });

    const row = layer => h("button", {
      type: "button", class: "kn-lens",
      onmousemove: e => kn.tip(e.clientX, e.clientY, ...tip(layer)),
      onmouseleave: kn.untip,
      onfocus: e => {
        if (!e.target.matches(":focus-visible")) return;
        const place = e.target.getBoundingClientRect();
        kn.tip(place.right, place.top, ...tip(layer));
      },
      onblur: kn.untip,
      tabindex: layer ? "-1" : "0",
      onkeydown: e => {
        const next = { ArrowDown: layer + 1, ArrowUp: layer - 1 }[e.key];
        if (next !== undefined && node.children[next]) { node.children[next].focus(); e.preventDefault(); }
      },
    },
    h("span", { class: "kn-no" }, String(layer)),
    h("span", { class: "kn-word" }, h("bdi", {})),
    h("span", { class: "kn-p" }));

    const tip = layer => {
      const { tokens, lens } = kn.prompt;
      if (!lens) return [kn.prompt.lensWords ? "the lens of this prompt is being computed" : "no logit lens of this prompt yet"];
      const { top, nextProbability, nextRank } = lens(kn.state.token, layer);
      const follows = tokens[kn.state.token + 1];
      return [
        h("strong", {}, `After layer ${layer}, the likeliest next token`),
        h("table", {}, ...top.map(({ token, probability }) => h("tr", {},
          h("td", {}, h("bdi", {}, kn.quoted(token))),
          h("td", {}, h("span", { class: "kn-bar", style: `width:${(70 * probability).toFixed(1)}px` })),
          h("td", { class: "kn-num" }, probability.toPrecision(2))))),
        follows === undefined
          ? h("div", {}, "The prompt ends here.")
          : h("div", {}, "What follows: ", h("bdi", {}, kn.quoted(follows)),
            ` · probability ${nextProbability.toPrecision(2)}, rank ${kn.integer(nextRank)}`),
      ];
    };

    const show = token => {
      const { lens } = kn.prompt;
      [...node.children].forEach((line, layer) => {
        const [, word, p] = line.children;
        const read = lens?.(token, layer);
        const top = read?.top[0];
        word.firstChild.textContent = top ? kn.shown(top.token).trim() || kn.quoted(top.token) : kn.prompt.lensWords ? "…" : "";
        p.textContent = top ? kn.probability(top.probability) : "";
        const right = top !== undefined && read.nextRank === 1;
        line.classList.toggle("kn-right", right);
        line.setAttribute("aria-label", top
          ? `Layer ${layer}: ${top.token}, probability ${top.probability.toPrecision(2)}${right ? ", which is what follows" : ""}`
          : `Layer ${layer}`);
      });
    };
    const mark = layer => {
      node.querySelector(".kn-at")?.classList.remove("kn-at");
      node.children[layer]?.classList.add("kn-at");
    };
    return { node, show, mark, begin: n => kn.fill(node, ...Array.from({ length: n }, (_, layer) => row(layer))) };
  };
})((window.kn ??= {}));
