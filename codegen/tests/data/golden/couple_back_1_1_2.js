/** The derivatives of 1 x 1 → 2: 28 operations (8 multiplications, 20 multiply-adds). */
function couple_back_1_1_2(scale, x, y, dz) {
  const [x0, x1, x2] = x;
  const [y0, y1, y2] = y;
  const [dz0, dz1, dz2, dz3, dz4] = dz;
  const t1 = 0.408248290463863 * scale;
  const t2 = 0.7071067811865476 * scale;
  const t3 = dz4 * t2;
  const t4 = dz2 * t1 + t3;
  const t5 = dz1 * t2;
  const t6 = dz0 * t2;
  const t7 = dz2 * (0.816496580927726 * scale);
  const t8 = dz3 * t2;
  const t9 = t3 - dz2 * t1;
  return {
    dx: [
      y2 * t6 + (y1 * t5 - y0 * t4),
      y2 * t8 + (y1 * t7 + y0 * t5),
      y2 * t9 + (y1 * t8 + y0 * t6),
    ],
    dy: [
      x2 * t6 + (x1 * t5 - x0 * t4),
      x2 * t8 + (x1 * t7 + x0 * t5),
      x2 * t9 + (x1 * t8 + x0 * t6),
    ],
  };
}
