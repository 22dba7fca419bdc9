// What the clusters of a map have in common, written at their places: as many as fit, large ones first.
(kn => {
  const SIZE = 12; // CSS pixels
  const LONGEST = 34; // characters
  const [APART, BELOW] = [16, 14]; // CSS pixels between labels, so that points show through

  // A button that is pressed while labels are on the map.
  kn.labelsButton = onchange => {
    const button = kn.h("button", {
      type: "button", "aria-pressed": "true", title: "What clusters have in common: zoom in for more",
      onclick: () => {
        group.on = !group.on;
        button.setAttribute("aria-pressed", String(group.on));
        onchange();
      },
    }, "labels");
    const group = kn.h("div", { class: "kn-toggle" }, button);
    group.on = true;
    return group;
  };

  // What each term of a label means, by its kind.
  const MEANS = {
    reads: term => (term === "#" ? "fire on or just after numbers" : `fire on or just after “${kn.shown(term)}”`),
    name: () => "fire on the name of the prompt's city",
    country: (term, kind) => `${kind === "neurons" ? "fire most on prompts of" : "are in"} ${kn.shown(term)}`,
    promotes: term => `promote “${kn.shown(term)}”`,
    text: term => `have “${kn.shown(term)}”`,
    sign: term => `fire ${term === "+" ? "positively" : "negatively"}`,
    layers: term => (term.includes("–") ? `in layers ${term}` : `in layer ${term}`),
  };

  // Of which share of a cluster each term is true, and of which of the others.
  const evidenceOf = ({ evidence, terms, shares, shares_elsewhere }, kind) => (evidence ?? []).map((is, t) =>
    `${Math.round(100 * shares[t])} % ${MEANS[is](terms[t], kind)} (others ${Math.round(100 * shares_elsewhere[t])} %)`).join(", ");

  kn.clusterWords = (points, i) => {
    const cluster = points.cluster?.[i] ?? -1;
    if (cluster < 0) return "";
    const known = points.labels.get(cluster);
    if (!known) return ` · cluster ${cluster}`;
    const told = evidenceOf(known, points.kind);
    return ` · cluster ${cluster}: ${known.label}${told && `; ${told}`}`;
  };

  const short = words => (words.length > LONGEST ? `${words.slice(0, LONGEST - 1).replace(/[\s,·]+$/, "")}…` : words);

  // Each label's box, none over another: [{label, left, top}, ...].
  const laidOut = (labels, width, toScreen, [right, bottom]) => {
    const placed = [];
    for (const label of labels) {
      const words = short(kn.shown(label.label));
      const wide = width(words);
      const [x, y] = toScreen(label.x, label.y);
      const [left, top] = [x - wide / 2, y - SIZE / 2];
      if (left < 0 || top < 0 || left + wide > right || top + SIZE > bottom) continue;
      const free = placed.every(other =>
        left > other.left + other.wide + APART || other.left > left + wide + APART
        || top > other.top + SIZE + BELOW || other.top > top + SIZE + BELOW);
      if (free) placed.push({ words, left, top, wide });
    }
    return placed;
  };

  kn.drawLabels = (context, points, toScreen, size, ink) => {
    context.font = `600 ${SIZE}px system-ui, sans-serif`;
    context.textBaseline = "top";
    context.lineJoin = "round";
    const placed = laidOut([...points.labels.values()], words => context.measureText(words).width, toScreen, size);
    for (const { words, left, top } of placed) {
      context.lineWidth = 4;
      context.strokeStyle = kn.css("--kn-ground", context.canvas);
      context.strokeText(words, left, top);
      context.fillStyle = ink;
      context.fillText(words, left, top);
    }
    context.textBaseline = "alphabetic";
    context.canvas.dataset.labels = JSON.stringify(placed.map(({ words }) => words));
  };
})((window.kn ??= {}));
