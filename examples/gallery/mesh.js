// Directions on the sphere, and harmonics with their gradients at all of them.

/** A sphere of six faces with n · n cells each: nearly equal cells and no pole. */
function cubeSphere(n) {
  const directions = [];
  const indices = [];
  for (let face = 0; face < 6; face++) {
    const first = directions.length / 3;
    for (let i = 0; i <= n; i++) {
      for (let j = 0; j <= n; j++) {
        directions.push(...onFace(face, tangent(i, n), tangent(j, n)));
      }
    }
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const a = first + i * (n + 1) + j;
        const b = a + n + 1;
        // Anticlockwise seen from outside, on every face.
        const [second, fourth] = face & 1 ? [a + 1, b] : [b, a + 1];
        indices.push(a, second, b + 1, a, b + 1, fourth);
      }
    }
  }
  return {
    count: directions.length / 3,
    directions: new Float64Array(directions),
    indices: new Uint16Array(indices),
  };
}

/** Equal angles on the face of a cube. */
function tangent(i, n) {
  return Math.tan(((2 * i) / n - 1) * (Math.PI / 4));
}

function onFace(face, a, b) {
  const length = Math.hypot(1, a, b);
  const axis = face >> 1;
  const point = [0, 0, 0];
  point[axis] = (face & 1 ? -1 : 1) / length;
  point[(axis + 1) % 3] = a / length;
  point[(axis + 2) % 3] = b / length;
  return point;
}

const meshes = new Map();

/** The sphere with n cells along each edge, where drawing is slow half or `least`; made once. */
function sphere(cells, least = 0) {
  const n = app.renderer?.software ? Math.max(least, Math.round(0.5 * cells)) : cells;
  if (!meshes.has(n)) meshes.set(n, cubeSphere(n));
  return meshes.get(n);
}

/** Four numbers for each direction: a value and its derivatives along the sphere. */
const WIDTH = 4;

/**
 * All harmonics of degree l at the directions of a mesh, by m: the solid program gives values and
 * gradients, and on the sphere the radial part of a gradient is l times the value.
 */
function degreeFields(mesh, l) {
  if (mesh.l === l) return mesh.fields;
  const fields = Array.from({ length: 2 * l + 1 }, () => new Float64Array(WIDTH * mesh.count));
  for (let v = 0; v < mesh.count; v++) {
    const u = mesh.directions.subarray(3 * v, 3 * v + 3);
    const { values, gradient } = HARMONICS_AND_GRADIENTS[l](u[0], u[1], u[2]);
    values.forEach((value, index) => {
      const field = fields[index];
      field[WIDTH * v] = value;
      for (let axis = 0; axis < 3; axis++) {
        field[WIDTH * v + 1 + axis] = gradient[axis][index] - l * value * u[axis];
      }
    });
  }
  // Only the last degree is kept: all of them would take 100 MB.
  mesh.l = l;
  mesh.fields = fields;
  return fields;
}

/** Adds factor · field to a sum. */
function addField(sum, factor, field) {
  for (let i = 0; i < sum.length; i++) sum[i] += factor * field[i];
}

/** The function of a feature of degree l on the sphere, Σ_m feature[m] Y_lm. */
function featureField(mesh, l, feature) {
  const sum = new Float64Array(WIDTH * mesh.count);
  const fields = degreeFields(mesh, l);
  feature.forEach((factor, index) => addField(sum, factor, fields[index]));
  return sum;
}

/** The largest magnitude of the values of a field. */
function peak(field) {
  let largest = 0;
  for (let i = 0; i < field.length; i += WIDTH) largest = Math.max(largest, Math.abs(field[i]));
  return largest;
}
