// What the clusters of a map have in common, written at their places: as many as fit, large ones first.
(kn => {
  const SIZE = 12; // CSS pixels
  const LONGEST = 28; // characters
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

  kn.clusterWords = (points, i) => {
    const cluster = points.cluster?.[i] ?? -1;
    if (cluster < 0) return "";
    const known = points.labels.get(cluster);
    const name = `cluster ${cluster}`;
    return known && known.label !== name ? ` · ${name}: ${known.label}` : ` · ${name}`;
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
