// The plane of a map: points on a canvas filled pixel by pixel, what is marked on another over it,
// and which part is seen.
(kn => {
  // `marks(context, {ink, ring, outline, label})` draws what is over the points; `size` is a dot's, in
  // CSS pixels where few points are all seen.
  kn.mapPlane = (stage, marks, { size = 2.6 } = {}) => {
    let points = null;
    let view = null; // left, top and 1 / width of the square that is seen; null: all points
    let touched = false; // by who zoomed or moved it: else it follows the stage's size
    let drawn = null; // x, y and colors in the order of drawing
    let image = null; // the canvas' pixels,
    let pixels = null; // and the same as numbers

    const canvas = kn.h("canvas", { tabindex: "0", role: "application" });
    const overlay = kn.h("canvas", { class: "kn-overlay", "aria-hidden": "true" });
    stage.prepend(canvas, overlay);

    // `found` is {n, x, y, extent, find}, with NaN for the place of one that isn't on the map, or null.
    const show = found => {
      points = found;
      view = null;
      touched = false;
      if (!points) return;
      drawn = { order: shuffled(points.n), x: new Float32Array(points.n), y: new Float32Array(points.n) };
      place();
    };
    const place = () => {
      const { order, x, y } = drawn;
      for (let k = 0; k < points.n; k++) {
        x[k] = points.x[order[k]];
        y[k] = points.y[order[k]];
      }
    };
    // The points' x and y have changed: drawn at once, within the frame that moved them.
    const moved = () => { place(); paint(); };
    const colour = colors => {
      drawn.colors = Uint32Array.from(drawn.order, i => colors[i]);
      draw();
    };

    // Drawing in a mixed order, so that no layer or country covers the others.
    const shuffled = n => {
      const list = Uint32Array.from({ length: n }, (_, i) => i);
      let seed = 1;
      for (let i = n - 1; i > 0; i--) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const j = seed % (i + 1);
        [list[i], list[j]] = [list[j], list[i]];
      }
      return list;
    };

    // -- drawing -----------------------------------------------------------------------------

    const side = () => Math.min(stage.clientWidth, stage.clientHeight);
    const toScreen = (x, y) => [
      (x - view.x) * view.zoom * side() + (stage.clientWidth - side()) / 2,
      (y - view.y) * view.zoom * side() + (stage.clientHeight - side()) / 2];
    const fromScreen = (px, py) => [
      (px - (stage.clientWidth - side()) / 2) / side() / view.zoom + view.x,
      (py - (stage.clientHeight - side()) / 2) / side() / view.zoom + view.y];

    let asked = 0;
    const draw = () => { if (!asked) asked = requestAnimationFrame(paint); };

    const paint = () => {
      cancelAnimationFrame(asked);
      asked = 0;
      if (!points || !kn.fit(canvas, stage.clientWidth, stage.clientHeight)) return;
      view ??= whole();
      const context = canvas.getContext("2d");
      const { width, height } = canvas;
      if (image?.width !== width || image.height !== height) {
        image = context.createImageData(width, height);
        pixels = new Uint32Array(image.data.buffer);
      }
      pixels.fill(0);
      const ratio = width / stage.clientWidth;
      const scale = view.zoom * side() * ratio;
      const crowd = Math.sqrt(points.n) / 70;
      const dot = Math.max(2, Math.min(9, Math.round(ratio * size * Math.sqrt(view.zoom) / Math.sqrt(Math.max(1, crowd)))));
      const [left, top] = toScreen(0, 0).map(v => v * ratio - dot / 2 + 0.5);
      const { x, y, colors } = drawn;
      const [right, bottom] = [width - dot, height - dot];
      for (let i = 0; i < points.n; i++) {
        const px = Math.floor(left + x[i] * scale);
        const py = Math.floor(top + y[i] * scale);
        if (!(px >= 0 && py >= 0 && px <= right && py <= bottom)) continue;
        const color = colors[i];
        for (let row = py * width + px, last = row + dot * width; row < last; row += width) {
          for (let at = row; at < row + dot; at++) pixels[at] = color;
        }
      }
      context.putImageData(image, 0, 0);
      paintMarks();
    };

    const paintMarks = () => {
      if (!view || !kn.fit(overlay, stage.clientWidth, stage.clientHeight)) return;
      const ratio = overlay.width / stage.clientWidth;
      const context = overlay.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, stage.clientWidth, stage.clientHeight);
      const ink = getComputedStyle(stage).color;
      const ground = kn.css("--kn-ground", stage);
      const there = i => i >= 0 && !Number.isNaN(points.x[i]);
      const ring = (i, radius, thickness) => {
        if (!there(i)) return;
        const [px, py] = toScreen(points.x[i], points.y[i]);
        for (const [color, extra] of [[ground, 3], [ink, 0]]) {
          context.beginPath();
          context.arc(px, py, radius, 0, 2 * Math.PI);
          context.lineWidth = thickness + extra;
          context.strokeStyle = color;
          context.stroke();
        }
      };
      const outline = corners => {
        context.beginPath();
        for (const corner of corners) context.lineTo(...toScreen(...corner));
        context.closePath();
        context.lineWidth = 1.5;
        context.strokeStyle = ink;
        context.setLineDash([5, 4]);
        context.stroke();
        context.setLineDash([]);
      };
      marks(context, { ink, ring, outline, label: (i, words) => there(i) && label(context, i, words, ink, ground) });
    };

    const label = (context, i, words, ink, ground) => {
      const [px, py] = toScreen(points.x[i], points.y[i]);
      context.font = "600 13px system-ui, sans-serif";
      const width = context.measureText(words).width;
      const left = px + 14 + width > stage.clientWidth ? px - 14 - width : px + 14;
      context.lineWidth = 4;
      context.strokeStyle = ground;
      context.strokeText(words, left, py + 4);
      context.fillStyle = ink;
      context.fillText(words, left, py + 4);
    };

    // -- moving about ------------------------------------------------------------------------

    const showAll = () => { view = null; touched = false; paint(); };
    const whole = () => {
      const [right, bottom] = points.extent;
      const zoom = Math.min(stage.clientWidth / right, stage.clientHeight / bottom) / side() / 1.04;
      return { x: 0.5 - 0.5 / zoom, y: 0.5 - 0.5 / zoom, zoom };
    };
    const zoomBy = (factor, at = [stage.clientWidth / 2, stage.clientHeight / 2]) => {
      if (!view) return;
      touched = true;
      const [x, y] = fromScreen(...at);
      view.zoom = Math.max(0.3, Math.min(200, view.zoom * factor));
      const [x2, y2] = fromScreen(...at);
      view.x += x - x2;
      view.y += y - y2;
      draw();
    };
    const shift = (dx, dy, from = view) => {
      touched = true;
      view.x = from.x - dx / side() / view.zoom;
      view.y = from.y - dy / side() / view.zoom;
      draw();
    };
    const nearest = (px, py) => points.find(...fromScreen(px, py), 12 / side() / view.zoom);

    // The nearest point in a direction, the better the straighter.
    const towards = (from, [dx, dy]) => {
      if (from < 0) return points.find(...fromScreen(stage.clientWidth / 2, stage.clientHeight / 2), 2);
      let best = -1;
      let least = Infinity;
      for (let i = 0; i < points.n; i++) {
        const [ax, ay] = [points.x[i] - points.x[from], points.y[i] - points.y[from]];
        const along = ax * dx + ay * dy;
        const across = Math.abs(ax * dy) + Math.abs(ay * dx);
        const d = along + 2 * across;
        if (i !== from && along > 0 && d < least) { least = d; best = i; }
      }
      return best;
    };

    new ResizeObserver(() => { if (!touched) view = null; paint(); }).observe(stage);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
    return {
      canvas, show, colour, moved, paintMarks, showAll, zoomBy, shift, toScreen, fromScreen, nearest, towards,
      seen: () => (points && view ? { ...view } : null),
    };
  };
})((window.kn ??= {}));
