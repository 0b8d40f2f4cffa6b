// The Tetris pieces and molecules of the last view: positions, bonded where two are close.

/** Kinds of atoms: radius and how dark. */
const KINDS = {
  cube: { radius: 0.3, shade: 0.62 },
  H: { radius: 0.18, shade: 0.8 },
  C: { radius: 0.26, shade: 0.4 },
  N: { radius: 0.26, shade: 0.5 },
  O: { radius: 0.26, shade: 0.58 },
  S: { radius: 0.34, shade: 0.5 },
  F: { radius: 0.24, shade: 0.72 },
};

function tetris(name, positions) {
  return { name, reach: 1.1, atoms: positions.map((position) => ["cube", ...position]) };
}

/** Benzene: two rings of six. */
function benzene() {
  const ring = (kind, radius) =>
    Array.from({ length: 6 }, (_, k) => [
      kind,
      radius * Math.cos((k * Math.PI) / 3),
      radius * Math.sin((k * Math.PI) / 3),
      0,
    ]);
  return { name: "Benzene, at a carbon", reach: 1.5, atoms: [...ring("C", 1.39), ...ring("H", 2.48)] };
}

const PIECES = [
  tetris("Tetris: chiral, left", [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 1, 0]]),
  tetris("Tetris: chiral, right", [[0, 0, 0], [0, 0, 1], [1, 0, 0], [1, -1, 0]]),
  tetris("Tetris: square", [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]),
  tetris("Tetris: line", [[0, 0, 1], [0, 0, 0], [0, 0, 2], [0, 0, 3]]),
  tetris("Tetris: corner", [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]),
  tetris("Tetris: L", [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 0]]),
  tetris("Tetris: T", [[0, 0, 1], [0, 0, 0], [0, 0, 2], [0, 1, 1]]),
  tetris("Tetris: zigzag", [[1, 0, 0], [0, 0, 0], [1, 1, 0], [2, 1, 0]]),
  {
    name: "Water, at the oxygen",
    reach: 1.2,
    atoms: [["O", 0, 0, 0], ["H", 0.757, 0, 0.586], ["H", -0.757, 0, 0.586]],
  },
  {
    name: "Ammonia, at the nitrogen",
    reach: 1.2,
    atoms: [["N", 0, 0, 0], ["H", 0.94, 0, -0.38], ["H", -0.47, 0.814, -0.38], ["H", -0.47, -0.814, -0.38]],
  },
  {
    name: "Methane, at the carbon",
    reach: 1.2,
    atoms: [["C", 0, 0, 0], ["H", 0.629, 0.629, 0.629], ["H", -0.629, -0.629, 0.629], ["H", -0.629, 0.629, -0.629], ["H", 0.629, -0.629, -0.629]],
  },
  {
    name: "Sulfur hexafluoride, at the sulfur",
    reach: 1.7,
    atoms: [["S", 0, 0, 0], ["F", 1.56, 0, 0], ["F", -1.56, 0, 0], ["F", 0, 1.56, 0], ["F", 0, -1.56, 0], ["F", 0, 0, 1.56], ["F", 0, 0, -1.56]],
  },
  benzene(),
];
