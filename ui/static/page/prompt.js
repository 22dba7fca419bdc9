// The data of one prompt: what fired where, and what the logit lens read after each layer.
(kn => {
  // SQL's text literal.
  kn.literal = text => `'${String(text).replaceAll("'", "''")}'`;

  // From the server's packed arrays to look-ups by (position, layer).
  kn.decodePrompt = data => {
    const { tokens, n_layers: nLayers } = data;
    const offsets = kn.unpack(data.fired.offsets); // nPositions * nLayers + 1
    const neurons = kn.unpack(data.fired.neuron);
    const activations = kn.unpack(data.fired.activation);
    const place = (position, layer) => position * nLayers + layer;

    // The neurons that fired there, strongest first: [{neuron, activation}, ...].
    const fired = (position, layer) => {
      const found = [];
      const at = place(position, layer);
      for (let i = offsets[at]; i < offsets[at + 1]; i++) {
        found.push({ neuron: neurons[i], activation: activations[i] });
      }
      return found;
    };
    const count = (position, layer) => offsets[place(position, layer) + 1] - offsets[place(position, layer)];

    // Full colour: the 98th percentile of what fired in the layer (all layers: the last entry),
    // position 0 aside, whose activations are outsized.
    const scales = [];
    const all = [];
    for (let layer = 0; layer < nLayers; layer++) {
      const sizes = [];
      for (let position = tokens.length > 1 ? 1 : 0; position < tokens.length; position++) {
        const at = place(position, layer);
        for (let i = offsets[at]; i < offsets[at + 1]; i++) sizes.push(Math.abs(activations[i]));
      }
      scales.push(percentile(sizes));
      for (const size of sizes) all.push(size);
    }

    return {
      ...data, tokens, nLayers, fired, count,
      scale: layer => scales[layer] || 1,
      globalScale: percentile(all) || 1,
      busy: busy(offsets, tokens.length, nLayers),
      negative: activations.some(a => a < 0),
      lens: data.lens && decodeLens(data.lens, nLayers),
    };
  };

  const percentile = sizes => {
    if (!sizes.length) return 0;
    const sorted = Float32Array.from(sizes).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(0.98 * sorted.length))];
  };

  // How many neurons fire at a token and layer where many do: a row is made to fit these, so that
  // one crowded row doesn't thin all others.
  const busy = (offsets, nPositions, nLayers) => {
    const counts = [];
    for (let at = nPositions > 1 ? nLayers : 0; at < nPositions * nLayers; at++) {
      counts.push(offsets[at + 1] - offsets[at]);
    }
    return percentile(counts);
  };

  const decodeLens = (lens, nLayers) => {
    const word = kn.unpack(lens.word);
    const probability = kn.unpack(lens.probability);
    const nextProbability = kn.unpack(lens.next_probability);
    const nextRank = kn.unpack(lens.next_rank);
    return (position, layer) => {
      const at = position * nLayers + layer;
      const top = [];
      for (let i = at * lens.ranks; i < (at + 1) * lens.ranks; i++) {
        if (probability[i] > 0) top.push({ token: lens.words[word[i]], probability: probability[i] });
      }
      return { top, nextProbability: nextProbability[at], nextRank: nextRank[at] };
    };
  };

  // The neuron that stands out most at a token: largest over its layer's scale.
  kn.strongest = (prompt, position) => {
    let best = null;
    for (let layer = 0; layer < prompt.nLayers; layer++) {
      const [first] = prompt.fired(position, layer);
      if (!first) continue;
      const share = Math.abs(first.activation) / prompt.scale(layer);
      if (!best || share > best.share) best = { share, layer, neuron: first.neuron };
    }
    return best && [best.layer, best.neuron];
  };
})((window.kn ??= {}));
