// The view of a rotation: Y(R r), where the argument is turned, beside D(R) Y(r), where the values
// are mixed. They are one function, and the largest difference shows it.

function turnView() {
  const mesh = sphere(44);
  const angles = [40, 60, 20];
  let rotation = fromEuler(angles.map(radians));
  let dragged = "rotation";
  let surfaces, parts;

  /** Y_lm(R u) at all directions u. */
  function ofTurnedArgument(l, m) {
    const field = new Float64Array(WIDTH * mesh.count);
    const back = transpose(rotation);
    for (let v = 0; v < mesh.count; v++) {
      const u = [...mesh.directions.subarray(3 * v, 3 * v + 3)];
      const { values, gradient } = HARMONICS_AND_GRADIENTS[l](...apply(rotation, u));
      const value = values[l + m];
      const slope = apply(back, gradient.map((along) => along[l + m]));
      field.set([value, ...slope.map((g, axis) => g - l * value * u[axis])], WIDTH * v);
    }
    return field;
  }

  function largestDifference(a, b) {
    let largest = 0;
    for (let i = 0; i < a.length; i += WIDTH) largest = Math.max(largest, Math.abs(a[i] - b[i]));
    return largest;
  }

  function show() {
    const { l, m } = app;
    parts.m.set(m, [-l, l]);
    const matrix = wigner(l, rotation);
    const left = ofTurnedArgument(l, m);
    // Σ_m' D_mm'(R) Y_lm'(u) at all directions u.
    const right = featureField(mesh, l, matrix[l + m]);
    const difference = largestDifference(left, right);
    const unit = Number.EPSILON * peak(left);
    parts.result.textContent =
      `Largest difference at ${mesh.count} points: ${brief(difference)}, ` +
      `that is ${brief(difference / unit)} ε · max |Y|.`;
    parts.result.dataset.difference = difference;
    drawMatrix(parts.matrix, matrix, l + m);
    if (app.renderer) {
      surfaces ||= [app.renderer.surface(mesh), app.renderer.surface(mesh)];
      [left, right].forEach((field, i) => app.renderer.update(surfaces[i], field));
    }
    redraw();
  }

  function setAngle(index, degrees) {
    angles[index] = degrees;
    rotation = fromEuler(angles.map(radians));
    show();
  }

  return {
    id: "turn",
    title: "Rotation",
    hint: "Drag to turn R or the view, as chosen; arrow keys do the same.",
    open(panel) {
      const names = ["α", "β", "γ"];
      parts = {
        l: slider("Degree l", { min: 0, max: LMAX, value: app.l }, (l) => {
          app.l = l;
          app.m = Math.max(-l, Math.min(l, app.m));
          show();
        }),
        m: slider("Order m", { min: -app.l, max: app.l, value: app.m }, (m) => {
          app.m = m;
          show();
        }),
        angles: names.map((name, index) => {
          const range = { min: index === 1 ? 0 : -180, max: 180, value: angles[index] };
          range.show = (degrees) => `${signed(degrees)}°`;
          return slider(`Angle ${name}`, range, (degrees) => setAngle(index, degrees));
        }),
        result: element("p", { class: "result", id: "difference", "aria-live": "polite" }),
        matrix: element("canvas", { class: "matrix", role: "img", "aria-label": "The entries of D(R)" }),
      };
      const targets = [["rotation", "R"], ["view", "the view"]];
      panel.append(
        parts.l.node,
        parts.m.node,
        ...parts.angles.map((angle) => angle.node),
        choices("Drag turns", targets, dragged, (target) => (dragged = target)),
        shapeChoice(),
        parts.result,
        element("p", {}, "The matrix D(R); the outlined row mixes the values:"),
        parts.matrix,
        legend(),
        element("p", { class: "note" }, "R = Rz(α) Ry(β) Rz(γ). D comes from the exact gradients, degree by degree: no angle occurs in it."),
      );
      show();
    },
    draw() {
      const titles = ["Y(R r)", "D(R) Y(r)"];
      placesFor(2).forEach((place, i) => {
        app.renderer.beginSurfaces(app.shape, app.palette, app.view);
        app.renderer.drawSurface(surfaces[i], place.frame);
        drawAxes(place.frame);
        placeTitle(titles[i], place);
      });
    },
    drag(turn) {
      if (dragged === "view") return false;
      // The argument is turned by R, so the picture turns by R⁻¹.
      const inWorld = multiply(transpose(app.view), multiply(turn, app.view));
      rotation = orthonormal(multiply(rotation, transpose(inWorld)));
      toEuler(rotation).forEach((angle, index) => {
        angles[index] = Math.round((angle * 180) / Math.PI);
        parts.angles[index].set(angles[index]);
      });
      show();
      return true;
    },
    recolour: () => show(),
    label: () =>
      `The harmonic of degree ${app.l} and order ${signed(app.m)}, left with its argument turned, ` +
      "right with the values mixed by the Wigner matrix",
  };
}

function radians(degrees) {
  return (degrees * Math.PI) / 180;
}

/** A matrix as coloured cells, one row outlined. */
function drawMatrix(canvas, matrix, chosen) {
  const size = matrix.length;
  const cell = Math.max(8, Math.floor(240 / size));
  canvas.width = canvas.height = cell * size;
  const context = canvas.getContext("2d");
  matrix.forEach((row, i) => {
    row.forEach((value, j) => {
      context.fillStyle = cellColour(value);
      context.fillRect(j * cell, i * cell, cell, cell);
    });
  });
  for (const [name, inset] of [["ink", 1], ["ground", 3]]) {
    context.strokeStyle = css(app.palette[name]);
    context.lineWidth = 2;
    context.strokeRect(inset, chosen * cell + inset, cell * size - 2 * inset, cell - 2 * inset);
  }
}
