// The view of a sum of harmonics with a coefficient for each.

function mixtureView() {
  const coefficients = new Float64Array((LMAX + 1) ** 2);
  const mesh = sphere(48);
  const sum = new Float64Array(WIDTH * mesh.count);
  let degree = Math.min(2, LMAX);
  let sliders, terms, surface;

  function change(l, m, value) {
    const index = l * l + l + m;
    addField(sum, value - coefficients[index], degreeFields(mesh, l)[l + m]);
    coefficients[index] = value;
    // Differences leave a residue of rounding, which would be drawn with radius one.
    if (coefficients.every((c) => c === 0)) sum.fill(0);
  }

  function setAll(value) {
    sum.fill(0);
    coefficients.fill(0);
    for (let l = 0; l <= LMAX; l++) {
      for (let m = -l; m <= l; m++) {
        const next = value(l, m);
        if (next !== 0) change(l, m, next);
      }
    }
    showDegree();
    show();
  }

  function show() {
    const used = [];
    for (let l = 0; l <= LMAX; l++) {
      for (let m = -l; m <= l; m++) {
        const c = coefficients[l * l + l + m];
        if (c !== 0) used.push(`${signed(c.toFixed(2))} Y(${l},${signed(m)})`);
      }
    }
    terms.textContent = used.length ? `f = ${used.join(" + ").replaceAll("+ −", "− ")}` : "f = 0";
    if (app.renderer) {
      surface ||= app.renderer.surface(mesh);
      app.renderer.update(surface, sum);
    }
    redraw();
  }

  function showDegree() {
    const one = (m) => {
      const value = coefficients[degree * degree + degree + m];
      const range = { min: -1, max: 1, step: 0.01, value, show: (c) => signed(c.toFixed(2)) };
      const label = `Y(${degree},${signed(m)})`;
      return slider(label, range, (next) => {
        change(degree, m, next);
        show();
      }).node;
    };
    const orders = Array.from({ length: 2 * degree + 1 }, (_, index) => index - degree);
    sliders.replaceChildren(...orders.map(one));
  }

  /** A few coefficients, smaller for higher degrees. */
  function random(l) {
    return Math.random() < 0.5 ? Math.round((200 * Math.random() - 100) / (1 + l)) / 100 : 0;
  }

  return {
    id: "mixture",
    title: "Mixture",
    hint: "Drag to turn. The sum is drawn with its largest magnitude as radius one.",
    open(panel) {
      const degrees = Array.from({ length: LMAX + 1 }, (_, l) => [l, `l = ${l}`]);
      const choice = selector("Degree", degrees, degree, (l) => {
        degree = Number(l);
        showDegree();
      });
      sliders = element("div");
      terms = element("p", { class: "result", id: "terms" });
      panel.append(
        shapeChoice(),
        legend(),
        terms,
        choice.node,
        sliders,
        element("p", {}, button("Random", () => setAll(random)), " ", button("Zero", () => setAll(() => 0))),
      );
      if (coefficients.every((c) => c === 0)) change(degree, 0, 1);
      showDegree();
      show();
    },
    draw() {
      const frame = wholeFrame();
      app.renderer.beginSurfaces(app.shape, app.palette, app.view);
      app.renderer.drawSurface(surface, frame);
      drawAxes(frame);
    },
    label: () => `A sum of harmonics: ${terms.textContent}`,
  };
}
