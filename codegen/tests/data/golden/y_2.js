/** Degree 2: 13 operations (10 multiplications, 1 multiply-add, 2 additions). */
function y_2(x, y, z) {
  const x2 = x * x;
  const y2 = y * y;
  const rho2 = x2 + y2;
  const z2 = z * z;
  const p_2_0 = 0.63078313050504 * z2 - 0.31539156525252 * rho2;
  const c2 = x2 - y2;
  const k1 = 1.0925484305920792;
  const t1 = k1 * z;
  return [k1 * (x * y), y * t1, p_2_0, x * t1, 0.5462742152960396 * c2];
}
