// The view of all harmonics: a row for each degree, a column for each order.

function triangleView() {
  const tiles = [];
  let caption;

  function tile(l, m) {
    const index = l * l + l + m;
    if (!tiles[index]) {
      const mesh = sphere(10 + l, 6 + l);
      tiles[index] = app.renderer.surface(mesh);
      app.renderer.update(tiles[index], degreeFields(mesh, l)[l + m]);
    }
    return tiles[index];
  }

  function layout() {
    const { clientWidth: width, clientHeight: height } = app.canvas;
    const cell = Math.min(width / (2 * LMAX + 1.5), (height - 24) / (LMAX + 1.25));
    const top = (height - 24 - cell * (LMAX + 1)) / 2;
    return { cell, place: (l, m) => [width / 2 + m * cell, top + (l + 0.5) * cell] };
  }

  function choose(l, m) {
    app.l = Math.max(0, Math.min(LMAX, l));
    app.m = Math.max(-app.l, Math.min(app.l, m));
    describe();
    redraw();
  }

  function describe() {
    caption.replaceChildren(formula(FORMULAS[app.l][app.l + app.m]));
  }

  /** The square around the chosen harmonic. */
  function outline({ cell, place }) {
    const [x, y] = place(app.l, app.m);
    const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([i, j]) => [i, j, 4]);
    const points = corners.flatMap((corner, k) => [corner, corners[(k + 1) % 4]]);
    app.renderer.drawLines(points, frameAt(x, y, cell * 0.49), IDENTITY, app.palette.ink);
  }

  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  return {
    id: "triangle",
    title: "All degrees",
    zooms: false,
    hint: "Drag to turn all. Click one, or move with the arrow keys and press Enter, to see it large.",
    open(panel) {
      caption = element("div", { "aria-live": "polite" });
      panel.append(
        element("p", {}, `${(LMAX + 1) ** 2} harmonics: degrees l = 0 to ${LMAX} downwards, orders m = −l to l across.`),
        shapeChoice(),
        legend(),
        caption,
        button("See it large", () => openView("one")),
      );
      describe();
    },
    draw() {
      const grid = layout();
      app.renderer.beginSurfaces(app.shape, app.palette, app.view);
      for (let l = 0; l <= LMAX; l++) {
        for (let m = -l; m <= l; m++) {
          const frame = frameAt(...grid.place(l, m), grid.cell * 0.46);
          app.renderer.drawSurface(tile(l, m), frame);
        }
      }
      outline(grid);
    },
    click(x, y) {
      const { cell, place } = layout();
      const [left, top] = place(0, 0);
      const l = Math.round((y - top) / cell);
      const m = Math.round((x - left) / cell);
      if (l < 0 || l > LMAX || Math.abs(m) > l) return;
      choose(l, m);
      openView("one");
    },
    key(event) {
      if (event.key === "Enter") openView("one");
      else if (moves[event.key]) choose(app.l + moves[event.key][0], app.m + moves[event.key][1]);
      else return false;
      return true;
    },
    label: () =>
      `All harmonics of degree 0 to ${LMAX}; chosen is degree ${app.l}, order ${signed(app.m)}`,
  };
}
