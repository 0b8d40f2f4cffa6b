// Balls, and balls drawn out into rods: atoms, bonds and needles.

let ball;

/** The sphere of radius one as a surface, made once. */
function unitBall() {
  if (!ball) {
    const mesh = sphere(10);
    ball = app.renderer.surface(mesh);
    app.renderer.update(ball, degreeFields(mesh, 0)[0]);
  }
  return ball;
}

/** Draws a ball; surfaces have begun as `radial`. */
function drawBall(centre, radius, frame, colour) {
  const axes = IDENTITY.map((row) => row.map((x) => x * radius));
  app.renderer.drawSurface(unitBall(), frame, { centre, axes, colour });
}

/** Draws a ball drawn out from a to b, `thickness` to each side; surfaces have begun as `radial`. */
function drawRod(a, b, thickness, frame, colour) {
  const centre = a.map((x, i) => (x + b[i]) / 2);
  const along = a.map((x, i) => (b[i] - x) / 2);
  const other = Math.abs(along[0]) < Math.abs(along[1]) ? [1, 0, 0] : [0, 1, 0];
  const sideways = (v) => v.map((x) => (x / Math.hypot(...v)) * thickness);
  const across = sideways(cross(along, other));
  const axes = transpose([along, across, sideways(cross(along, across))]);
  app.renderer.drawSurface(unitBall(), frame, { centre, axes, colour });
}
