// The view of one harmonic, with its exact formula and the program that computes it.

function oneView() {
  const panelParts = {};
  const surfaces = new Map();

  /** Finer for higher degrees. */
  function surface() {
    const cells = Math.min(64, 30 + Math.round(2.5 * app.l));
    if (!surfaces.has(cells)) surfaces.set(cells, app.renderer.surface(sphere(cells, 26)));
    return surfaces.get(cells);
  }

  function show() {
    const { l, m } = app;
    panelParts.m.set(m, [-l, l]);
    panelParts.l.set(l);
    panelParts.formula.replaceChildren(formula(FORMULAS[l][l + m]));
    panelParts.summary.textContent = `The program of degree ${l}: ${OPERATIONS[l]}`;
    panelParts.program.textContent = HARMONICS[l].toString();
    if (app.renderer) app.renderer.update(surface(), degreeFields(surface().mesh, l)[l + m]);
    redraw();
  }

  function choose(l, m) {
    app.l = l;
    app.m = Math.max(-l, Math.min(l, m));
    show();
  }

  return {
    id: "one",
    title: "One harmonic",
    hint: "Drag to turn, wheel or pinch to zoom; arrow keys, + and − do the same.",
    open(panel) {
      const range = { min: 0, max: LMAX, value: app.l };
      panelParts.l = slider("Degree l", range, (l) => choose(l, app.m));
      panelParts.m = slider("Order m", { min: -app.l, max: app.l, value: app.m }, (m) => choose(app.l, m));
      panelParts.formula = element("div");
      panelParts.summary = element("summary");
      panelParts.program = element("pre", { tabindex: "0" });
      panel.append(
        panelParts.l.node,
        panelParts.m.node,
        shapeChoice(),
        legend(),
        panelParts.formula,
        element("details", {}, panelParts.summary, panelParts.program),
        element("p", { class: "note" }, "Solid harmonics: orthonormal on the unit sphere, z the polar axis, no Condon–Shortley phase."),
      );
      show();
    },
    draw() {
      const { renderer, palette, view } = app;
      const frame = wholeFrame();
      renderer.beginSurfaces(app.shape, palette, view);
      renderer.drawSurface(surface(), frame);
      drawAxes(frame);
    },
    label: () => `The harmonic of degree ${app.l} and order ${signed(app.m)}`,
  };
}
