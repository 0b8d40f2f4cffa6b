// Rotations: 3 × 3 matrices as lists of rows, Euler angles, and the Wigner matrices of any degree.

const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

function multiply(a, b) {
  return a.map((row) => b[0].map((_, j) => row.reduce((sum, x, k) => sum + x * b[k][j], 0)));
}

function transpose(a) {
  return a[0].map((_, j) => a.map((row) => row[j]));
}

function apply(a, [x, y, z]) {
  return a.map((row) => row[0] * x + row[1] * y + row[2] * z);
}

/** The rotation about the axis x, y or z (0, 1, 2). */
function about(axis, angle) {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [j, k] = [(axis + 1) % 3, (axis + 2) % 3];
  const matrix = IDENTITY.map((row) => [...row]);
  matrix[j][j] = cosine;
  matrix[j][k] = -sine;
  matrix[k][j] = sine;
  matrix[k][k] = cosine;
  return matrix;
}

/** R = Rz(α) Ry(β) Rz(γ). */
function fromEuler([alpha, beta, gamma]) {
  return multiply(about(2, alpha), multiply(about(1, beta), about(2, gamma)));
}

/** Euler angles of a rotation; α + γ alone is defined where β is 0. */
function toEuler(r) {
  const beta = Math.atan2(Math.hypot(r[0][2], r[1][2]), r[2][2]);
  if (Math.hypot(r[0][2], r[1][2]) < 1e-9) {
    const angle = Math.atan2(r[1][0], r[1][1]);
    return [r[2][2] > 0 ? angle : -angle, beta, 0];
  }
  return [Math.atan2(r[1][2], r[0][2]), beta, Math.atan2(r[2][1], -r[2][0])];
}

/** The nearest rotation to a product of many, so that rounding does not pile up. */
function orthonormal([a, b]) {
  const first = a.map((x) => x / Math.hypot(...a));
  const along = first.reduce((sum, x, i) => sum + x * b[i], 0);
  const rest = b.map((x, i) => x - along * first[i]);
  const second = rest.map((x) => x / Math.hypot(...rest));
  return [first, second, cross(first, second)];
}

function cross(a, b) {
  return [0, 1, 2].map((i) => {
    const [j, k] = [(i + 1) % 3, (i + 2) % 3];
    return a[j] * b[k] - a[k] * b[j];
  });
}

/**
 * D_l(R), with Y_l(R r) = D_l(R) Y_l(r): from D_0 = 1 by D_l = Gᵀ (R ⊗ D_{l-1}) G, where G is the
 * gradient made an isometry. No angle occurs, so no direction is singular.
 */
function wigner(l, r) {
  let matrix = [[1]];
  for (let degree = 1; degree <= l; degree++) {
    const below = matrix;
    const rows = ISOMETRIES[degree];
    const entry = (left, right) => {
      let sum = 0;
      for (const [a, p, g] of left) {
        for (const [b, q, h] of right) sum += g * h * r[a][b] * below[p][q];
      }
      return sum;
    };
    matrix = rows.map((left) => rows.map((right) => entry(left, right)));
  }
  return matrix;
}
