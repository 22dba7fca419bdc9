// Hands on a map: pointer, fingers, wheel, keys and buttons.
(kn => {
  const KEYS = "Arrow keys move to the next point, Enter selects, plus and minus zoom, 0 shows all.";

  // `does` says what happens: hover(i), choose(i), say(i), chosen() and words(i); and where a part of
  // the map can be selected drawing(outline), select(outline) and unselect(). `hand` is what dragging
  // does: move, box or lasso.
  kn.mapHands = (stage, plane, does) => {
    const { canvas } = plane;
    let hand = "move";
    let drag = null;
    let hovered = -1;
    const fingers = new Map(); // pointer id -> [x, y]

    const button = (name, sign, onclick) => kn.h("button", { type: "button", "aria-label": name, onclick }, sign);
    stage.append(kn.h("div", { class: "kn-zoom" },
      button("Zoom in", "+", () => plane.zoomBy(1.5)),
      button("Zoom out", "−", () => plane.zoomBy(1 / 1.5)),
      button("Show all", "⤢", () => plane.showAll())));

    const hover = i => {
      if (i === hovered) return;
      hovered = i;
      does.hover(i);
    };
    const here = event => {
      const frame = canvas.getBoundingClientRect();
      return [event.clientX - frame.left, event.clientY - frame.top];
    };

    stage.addEventListener("wheel", event => {
      if (!plane.seen()) return;
      event.preventDefault();
      plane.zoomBy(Math.exp(-event.deltaY * 0.0015), here(event));
    }, { passive: false });
    canvas.addEventListener("pointerdown", event => {
      const view = plane.seen();
      if (!view || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, here(event));
      const selects = hand === "move" ? (event.shiftKey && does.select ? "box" : null) : hand;
      drag = fingers.size > 1 ? null : { from: here(event), view, moved: false, selects };
    });
    // Two fingers: what is between them stays between them.
    const pinch = (id, at) => {
      const [other] = [...fingers].filter(([key]) => key !== id).map(([, place]) => place);
      const middle = place => [(place[0] + other[0]) / 2, (place[1] + other[1]) / 2];
      const apart = place => Math.max(1, Math.hypot(place[0] - other[0], place[1] - other[1]));
      const before = fingers.get(id);
      const [from, to] = [middle(before), middle(at)];
      plane.shift(to[0] - from[0], to[1] - from[1]);
      plane.zoomBy(apart(at) / apart(before), to);
    };
    const box = (from, at) => {
      const [a, b] = [plane.fromScreen(...from), plane.fromScreen(...at)];
      return [a, [b[0], a[1]], b, [a[0], b[1]]];
    };
    const pull = at => {
      drag.moved ||= Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) > 4;
      if (!drag.moved) return;
      kn.untip();
      if (!drag.selects) { plane.shift(at[0] - drag.from[0], at[1] - drag.from[1], drag.view); return; }
      if (drag.selects === "box") drag.outline = box(drag.from, at);
      else (drag.outline ??= [plane.fromScreen(...drag.from)]).push(plane.fromScreen(...at));
      does.drawing(drag.outline);
    };
    canvas.addEventListener("pointermove", event => {
      if (!plane.seen()) return;
      const at = here(event);
      if (fingers.size === 2 && fingers.has(event.pointerId)) {
        pinch(event.pointerId, at);
        fingers.set(event.pointerId, at);
        return;
      }
      if (drag) { pull(at); return; }
      const found = plane.nearest(...at);
      hover(found);
      canvas.style.cursor = found >= 0 ? "pointer" : hand === "move" ? "grab" : "crosshair";
      if (found >= 0) kn.tip(event.clientX, event.clientY, does.words(found));
      else kn.untip();
    });
    canvas.addEventListener("pointerup", event => {
      const done = drag;
      drag = null;
      fingers.delete(event.pointerId);
      if (!done) return;
      does.drawing?.(null);
      if (!done.moved) does.choose(plane.nearest(...here(event)));
      else if (done.outline?.length > 2) does.select(done.outline);
    });
    canvas.addEventListener("pointerleave", () => { hover(-1); kn.untip(); });
    canvas.addEventListener("pointercancel", event => {
      drag = null;
      fingers.delete(event.pointerId);
      does.drawing?.(null);
    });
    canvas.addEventListener("keydown", event => {
      if (!plane.seen()) return;
      const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      if (event.key in steps) {
        const next = plane.towards(hovered >= 0 ? hovered : does.chosen(), steps[event.key]);
        if (next >= 0) { hover(next); does.say(next); }
      } else if (event.key === "Enter") does.choose(hovered);
      else if (event.key === "+" || event.key === "=") plane.zoomBy(1.5);
      else if (event.key === "-") plane.zoomBy(1 / 1.5);
      else if (event.key === "0") plane.showAll();
      else if (event.key === "Escape" && does.unselect) does.unselect();
      else return;
      event.preventDefault();
    });

    return {
      set: value => { hand = value; canvas.dataset.hand = value; },
      forget: () => { hovered = -1; },
      // What a screen reader is told: the map's name and the keys.
      name: words => canvas.setAttribute("aria-label", `${words}. ${KEYS}`),
    };
  };
})((window.kn ??= {}));
