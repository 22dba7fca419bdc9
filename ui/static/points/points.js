// The points of a map: decoding, colours with their legends, and finding the one under a pointer.
(kn => {
  const NONE = 0xffffffff;
  const GRID = 128;

  // Places come as 16-bit fractions of [left, left + size] x [top, top + size].
  kn.decodePoints = data => {
    const n = data.n;
    const [qx, qy] = [kn.unpack(data.x), kn.unpack(data.y)];
    const x = Float32Array.from(qx, q => q / 65535);
    const y = Float32Array.from(qy, q => 1 - q / 65535);
    const span = values => values.reduce((most, v) => Math.max(most, v), 0) - values.reduce((least, v) => Math.min(least, v), 1);
    const layer = data.layer && kn.unpack(data.layer);
    const neuron = data.neuron && kn.unpack(data.neuron);
    const rate = data.rate && kn.unpack(data.rate);
    const cluster = data.cluster && kn.unpack(data.cluster); // -1 for none
    const prompt = kn.unpack(data.prompt); // place in data.prompts, NONE for none
    const of = (list, i) => (prompt[i] === NONE ? null : list[prompt[i]]);
    const { ids, names, country } = data.prompts;
    const countries = data.countries;
    // What is known of each cluster, by its number, at its place on the map.
    const labels = new Map((data.labels ?? []).map(label => [label.cluster, {
      ...label, x: (label.x - data.left) / data.size, y: 1 - (label.y - data.top) / data.size,
    }]));
    return {
      kind: data.kind, n, x, y, layer, neuron, rate, cluster, labels, data,
      promptId: i => of(ids, i),
      name: i => of(names, i),
      country: i => { const c = of(country, i); return c === null || c < 0 ? null : countries[c].name; },
      continent: i => { const c = of(country, i); return c === null || c < 0 ? null : countries[c].continent; },
      extent: [span(x) || 1, span(y) || 1],
      find: finder(x, y),
      toData: (px, py) => [data.left + px * data.size, data.top + (1 - py) * data.size],
    };
  };

  // The nearest point within `reach`, by a grid of buckets.
  const finder = (x, y) => {
    const cell = v => Math.max(0, Math.min(GRID - 1, Math.floor(v * GRID)));
    const starts = new Uint32Array(GRID * GRID + 1);
    for (let i = 0; i < x.length; i++) starts[cell(y[i]) * GRID + cell(x[i]) + 1]++;
    for (let c = 0; c < GRID * GRID; c++) starts[c + 1] += starts[c];
    const next = starts.slice();
    const members = new Uint32Array(x.length);
    for (let i = 0; i < x.length; i++) members[next[cell(y[i]) * GRID + cell(x[i])]++] = i;
    return (px, py, reach) => {
      let best = -1;
      let least = reach * reach;
      for (let row = cell(py - reach); row <= cell(py + reach); row++) {
        for (let c = row * GRID + cell(px - reach); c <= row * GRID + cell(px + reach); c++) {
          for (let m = starts[c]; m < starts[c + 1]; m++) {
            const i = members[m];
            const d = (x[i] - px) ** 2 + (y[i] - py) ** 2;
            if (d < least) { least = d; best = i; }
          }
        }
      }
      return best;
    };
  };

  // -- colours --------------------------------------------------------------------------------

  // Dark blue over green to yellow, legible on white and on black.
  const RAMP = [[72, 61, 180], [40, 125, 190], [25, 165, 140], [105, 190, 70], [225, 180, 20]];
  const ramp = share => {
    const at = Math.max(0, Math.min(1, share)) * (RAMP.length - 1);
    const low = Math.min(RAMP.length - 2, Math.floor(at));
    return RAMP[low].map((v, k) => Math.round(v + (at - low) * (RAMP[low + 1][k] - v)));
  };
  const KINDS = [[31, 119, 180], [227, 119, 13], [44, 150, 60], [214, 60, 60], [140, 95, 190], [160, 110, 90], [215, 95, 175], [20, 165, 180]];
  const OTHER = [150, 150, 150];
  const rgb = color => `rgb(${color.join(" ")})`;
  const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

  const sequential = (n, value, low, high, words) => {
    const colors = new Uint32Array(n);
    for (let i = 0; i < n; i++) colors[i] = packed(ramp((value(i) - low) / (high - low || 1)));
    const stops = [0, 0.25, 0.5, 0.75, 1].map(share => rgb(ramp(share))).join(", ");
    return {
      colors,
      legend: [
        kn.h("span", {}, words(low)),
        kn.h("span", { class: "kn-ramp", "aria-hidden": "true", style: `background: linear-gradient(90deg, ${stops})` }),
        kn.h("span", {}, words(high)),
      ],
    };
  };

  // The layers 0 to `top` of `n` points, of which `layer(i)` is the i-th's.
  kn.layerColours = (n, layer, top) => sequential(n, layer, 0, top, v => `layer ${v}`);

  const entry = (c, words) => kn.h("span", { class: "kn-entry" },
    kn.h("i", { style: `background:${rgb(c)}`, "aria-hidden": "true" }), kn.h("bdi", {}, words));

  const categorical = (points, value) => {
    const counts = new Map();
    const values = Array.from({ length: points.n }, (_, i) => value(i));
    for (const v of values) if (v !== null) counts.set(v, (counts.get(v) ?? 0) + 1);
    const chosen = [...counts].sort((a, b) => b[1] - a[1]).slice(0, KINDS.length).map(([v]) => v);
    const color = new Map(chosen.map((v, k) => [v, packed(KINDS[k])]));
    const other = packed(OTHER);
    const colors = Uint32Array.from(values, v => color.get(v) ?? other);
    return {
      colors,
      legend: [...chosen.map((v, k) => entry(KINDS[k], v)),
        counts.size > chosen.length || values.includes(null) ? entry(OTHER, "other") : null],
    };
  };

  // Twelve hues, dark and light.
  const PALETTE = Array.from({ length: 24 }, (_, p) => {
    const [turn, light] = [p % 12, p < 12 ? 0.42 : 0.58];
    const channel = k => {
      const at = (k + turn) % 12;
      return Math.round(255 * (light - 0.65 * Math.min(light, 1 - light) * Math.max(-1, Math.min(at - 3, 9 - at, 1))));
    };
    return [channel(0), channel(8), channel(4)];
  });
  const AROUND = 8;

  // How unlike two colours look, squared: the weights of red and blue follow the eye's ("redmean").
  const unlike = ([r, g, b], [r2, g2, b2]) => {
    const red = (r + r2) / 512;
    return (2 + red) * (r - r2) ** 2 + 4 * (g - g2) ** 2 + (3 - red) * (b - b2) ** 2;
  };

  // A colour of the palette for each cluster, large ones first: unlike those around it, the nearest most of all.
  kn.coloured = places => {
    const given = [];
    for (const [x, y] of places) {
      const around = given.map((color, c) => ({ color, away: (places[c][0] - x) ** 2 + (places[c][1] - y) ** 2 }))
        .sort((a, b) => a.away - b.away).slice(0, AROUND);
      const alike = PALETTE.map(color =>
        around.reduce((sum, near, k) => sum + 1 / ((k + 1) * unlike(color, near.color)), 0));
      given.push(PALETTE[alike.indexOf(Math.min(...alike))]);
    }
    return given;
  };

  // Clusters are too many for a legend: the largest are told.
  const clusters = points => {
    const sums = [];
    for (let i = 0; i < points.n; i++) {
      const c = points.cluster[i];
      if (c < 0) continue;
      const sum = (sums[c] ??= [0, 0, 0]);
      sum[0] += points.x[i]; sum[1] += points.y[i]; sum[2]++;
    }
    const colours = kn.coloured(Array.from(sums, (sum, c) => {
      const label = points.labels.get(c);
      if (label) return [label.x, label.y];
      return sum ? [sum[0] / sum[2], sum[1] / sum[2]] : [0, 0];
    }));
    const palette = colours.map(packed);
    const other = packed(OTHER);
    const none = points.cluster.includes(-1) ? "; grey: in none" : "";
    return {
      colors: Uint32Array.from(points.cluster, c => palette[c] ?? other),
      legend: [
        ...[...points.labels.values()].slice(0, KINDS.length).map(({ cluster, label }) => entry(colours[cluster], label)),
        kn.h("span", {}, `${kn.integer(sums.length)} clusters${none}`)],
    };
  };

  // What points can be coloured by: [[name, words, how], ...].
  kn.colourings = ({ kind, cluster }) => [
    ...(kind === "neurons" ? [
      ["layer", "layer", points => {
        const top = points.layer.reduce((a, b) => Math.max(a, b), 0);
        return kn.layerColours(points.n, i => points.layer[i], top);
      }],
      ["rate", "firing rate", points => {
        const log = i => Math.log10(Math.max(points.rate[i], 1e-5));
        let [low, high] = [0, -5];
        for (let i = 0; i < points.n; i++) { low = Math.min(low, log(i)); high = Math.max(high, log(i)); }
        return sequential(points.n, log, low, high, v => kn.percent(10 ** v));
      }],
    ] : []),
    ["continent", kind === "neurons" ? "continent of its strongest prompt" : "continent",
      points => categorical(points, points.continent)],
    ["country", kind === "neurons" ? "country of its strongest prompt" : "country",
      points => categorical(points, points.country)],
    ...(cluster ? [["cluster", "cluster", clusters]] : []),
  ];
})((window.kn ??= {}));
