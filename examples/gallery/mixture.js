// The view of a sum of harmonics with a coefficient for each, and of its gradient at one direction.

function mixtureView() {
  const coefficients = new Float64Array((LMAX + 1) ** 2);
  const mesh = sphere(48);
  const sum = new Float64Array(WIDTH * mesh.count);
  let degree = Math.min(2, LMAX);
  // The polar angle and the azimuth of the direction u, in degrees, and what is there.
  const angles = [50, -30];
  let direction, gradient, steepest;
  let sliders, terms, surface, parts;

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
    steepest = steepestSlope(sum);
    showGradient();
  }

  /** ∇f at u, by the pull-back of all harmonics together. */
  function showGradient() {
    const [theta, phi] = angles.map(radians);
    direction = [Math.sin(theta) * Math.cos(phi), Math.sin(theta) * Math.sin(phi), Math.cos(theta)];
    gradient = pull_back(...direction, coefficients);
    const numbers = (vector) => `(${vector.map((x) => decimals(x, 3)).join(", ")})`;
    parts.gradient.textContent = `∇f(u) = ${numbers(gradient)} at u = ${numbers(direction)}`;
    parts.gradient.dataset.gradient = JSON.stringify(gradient);
    redraw();
  }

  /** A needle at u in the direction in which f grows along the sphere. */
  function drawNeedle(frame) {
    const { renderer, palette, view } = app;
    if (app.shape === "radial") renderer.drawLines([[0, 0, 0], direction], frame, view, palette.faint);
    renderer.beginSurfaces("radial", palette, view);
    labelPoint("u", direction.map((x) => 1.1 * x), frame);
    drawBall(direction, 0.03, frame, palette.ink);
    const outwards = gradient.reduce((total, g, axis) => total + g * direction[axis], 0);
    const slope = gradient.map((g, axis) => g - outwards * direction[axis]);
    // The steepest slope on the sphere has the length of half the radius.
    const end = direction.map((u, axis) => u + (0.5 * slope[axis]) / (steepest || 1));
    if (Math.hypot(...slope) > 1e-3 * steepest) drawRod(direction, end, 0.018, frame, palette.ink);
  }

  function setAngles(next) {
    next.forEach((angle, index) => {
      angles[index] = Math.round(angle);
      parts.angles[index].set(angles[index]);
    });
    showGradient();
  }

  function angleSlider(label, index, min, max) {
    const range = { min, max, value: angles[index], show: (angle) => `${signed(angle)}°` };
    return slider(label, range, (angle) => {
      angles[index] = angle;
      showGradient();
    });
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
    hint: "Drag to turn, click to move the needle. The largest magnitude of the sum is drawn as radius one.",
    open(panel) {
      const degrees = Array.from({ length: LMAX + 1 }, (_, l) => [l, `l = ${l}`]);
      const choice = selector("Degree", degrees, degree, (l) => {
        degree = Number(l);
        showDegree();
      });
      sliders = element("div");
      terms = element("p", { class: "result", id: "terms" });
      parts = {
        angles: [angleSlider("Polar angle", 0, 0, 180), angleSlider("Azimuth", 1, -180, 180)],
        gradient: element("p", { class: "result", id: "gradient" }),
      };
      panel.append(
        shapeChoice(),
        legend(),
        terms,
        choice.node,
        sliders,
        element("p", {}, button("Random", () => setAll(random)), " ", button("Zero", () => setAll(() => 0))),
        element("h2", {}, "Gradient at a direction u"),
        ...parts.angles.map((angle) => angle.node),
        parts.gradient,
        element("p", {}, "The needle at u shows where f grows along the sphere; its length is relative to the steepest slope."),
        element("p", { class: "note" }, `∇f(u) = Σ c ∇Y(u) is one program for all degrees to ${LMAX}, a pull-back that forms no derivative of a single harmonic: ${PULL_BACK_OPERATIONS}.`),
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
      drawNeedle(frame);
    },
    click(x, y) {
      const frame = wholeFrame();
      const [right, up] = [(x - frame.x) / frame.scale, (frame.y - y) / frame.scale];
      const towards = Math.sqrt(1 - right * right - up * up);
      if (!(towards >= 0)) return;
      const u = apply(transpose(app.view), [right, up, towards]);
      setAngles([Math.acos(u[2]), Math.atan2(u[1], u[0])].map((angle) => (angle * 180) / Math.PI));
    },
    label: () => `A sum of harmonics: ${terms.textContent}`,
  };
}

/** The largest derivative along the sphere of a field. */
function steepestSlope(field) {
  let largest = 0;
  for (let i = 0; i < field.length; i += WIDTH) {
    largest = Math.max(largest, Math.hypot(field[i + 1], field[i + 2], field[i + 3]));
  }
  return largest;
}
