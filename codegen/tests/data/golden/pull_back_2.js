/** Σ g ∂Y, degrees 0 to 2: 22 operations (11 multiplications, 11 multiply-adds). */
function pull_back_2(x, y, z, g) {
  const [, g1, g2, g3, g4, g5, g6, g7, g8] = g;
  const k1 = 0.4886025119029199;
  const t1 = k1 * z;
  const t2 = k1 * x;
  const t3 = k1 * y;
  const k2 = 2.23606797749979;
  const t4 = k2 * g4;
  const k3 = 1.2909944487358056;
  const t5 = k2 * g7;
  const t6 = k2 * g8;
  const t7 = k2 * g5;
  return [
    t2 * (t6 - k3 * g6) + (t1 * t5 + (t3 * t4 + k1 * g3)),
    t2 * t4 + (t1 * t7 + (k1 * g1 - t3 * (k3 * g6 + t6))),
    t2 * t5 + (t1 * (2.581988897471611 * g6) + (t3 * t7 + k1 * g2)),
  ];
}
