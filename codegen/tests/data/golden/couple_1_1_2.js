/** 1 x 1 → 2: 19 operations (13 multiplications, 6 multiply-adds). */
function couple_1_1_2(scale, x, y) {
  const [x0, x1, x2] = x;
  const [y0, y1, y2] = y;
  const t1 = scale * x0;
  const t2 = scale * x1;
  const t3 = scale * x2;
  const k1 = 0.7071067811865476;
  const t4 = y2 * t3;
  return [
    k1 * (y0 * t3 + y2 * t1),
    k1 * (y0 * t2 + y1 * t1),
    0.816496580927726 * (y1 * t2) - 0.408248290463863 * (y0 * t1 + t4),
    k1 * (y1 * t3 + y2 * t2),
    k1 * (t4 - y0 * t1),
  ];
}
