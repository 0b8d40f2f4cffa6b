// Written by tesseral-codegen from the exact tables for LMAX = 2: programs for one point.

/// The solid harmonics of degree 2 at `r`: `[Y_{2,m}; 5]`, m = -2..=2.
///
/// - `Y[2,-2] = √(15/(16π)) · 2xy`
/// - `Y[2,-1] = √(15/(4π)) · z · y`
/// - `Y[2,0] = √(5/(16π)) · (3z² - r²)`
/// - `Y[2,1] = √(15/(4π)) · z · x`
/// - `Y[2,2] = √(15/(16π)) · (x² - y²)`
///
/// 13 operations (10 multiplications, 1 multiply-add, 2 additions).
#[inline]
pub fn y_2<T: Scalar>(r: [T; 3]) -> [T; 5] {
    let [x, y, z] = r;
    let x2 = x * x;
    let y2 = y * y;
    let rho2 = x2 + y2;
    let z2 = z * z;
    let p_2_0 = T::constant(0.63078313050504, 0.63078314) * z2
        - T::constant(0.31539156525252, 0.31539157) * rho2;
    let c2 = x2 - y2;
    let k1 = T::constant(1.0925484305920792, 1.0925485);
    let t1 = k1 * z;
    [
        k1 * (x * y),
        y * t1,
        p_2_0,
        x * t1,
        T::constant(0.5462742152960396, 0.54627424) * c2,
    ]
}
/// The solid harmonics of degree 2 at `r` and their gradients: `([Y; 5], [[∂Y; 5]; 3])`.
///
/// 19 operations (15 multiplications, 1 multiply-add, 2 additions, 1 negation).
#[inline]
pub fn y_2_grad<T: Scalar>(r: [T; 3]) -> ([T; 5], [[T; 5]; 3]) {
    let [x, y, z] = r;
    let x2 = x * x;
    let y2 = y * y;
    let rho2 = x2 + y2;
    let z2 = z * z;
    let p_2_0 = T::constant(0.63078313050504, 0.63078314) * z2
        - T::constant(0.31539156525252, 0.31539157) * rho2;
    let zero = T::constant(0.0, 0.0);
    let c2 = x2 - y2;
    let k1 = T::constant(1.0925484305920792, 1.0925485);
    let t1 = k1 * z;
    let t2 = k1 * y;
    let k2 = T::constant(-0.63078313050504, -0.63078314);
    let t3 = k1 * x;
    (
        [
            k1 * (x * y),
            y * t1,
            p_2_0,
            x * t1,
            T::constant(0.5462742152960396, 0.54627424) * c2,
        ],
        [
            [t2, zero, k2 * x, t1, t3],
            [t3, t1, k2 * y, zero, -t2],
            [zero, t2, T::constant(1.26156626101008, 1.2615663) * z, t3, zero],
        ],
    )
}
/// All harmonics of degrees 0 to 2 at a vector of length one: `[Y; 9]` in order l² + l + m.
///
/// r² = 1 is used, so a vector whose length is off by δ gives values off by up to about l(l + 1)/2 · δ = 3 δ near the poles: where the last digits matter, use [`to_2`].
///
/// 13 operations (11 multiplications, 2 multiply-adds).
#[inline]
pub fn to_2_unit<T: Scalar>(r: [T; 3]) -> [T; 9] {
    let [x, y, z] = r;
    let x2 = x * x;
    let c2 = x2 - y * y;
    let z2 = z * z;
    let p_2_0 = T::constant(0.94617469575756, 0.9461747) * z2
        + T::constant(-0.31539156525252, -0.31539157);
    let k1 = T::constant(0.4886025119029199, 0.48860252);
    let k2 = T::constant(1.0925484305920792, 1.0925485);
    let t1 = k2 * z;
    [
        T::constant(0.28209479177387814, 0.2820948),
        k1 * y,
        k1 * z,
        k1 * x,
        k2 * (x * y),
        y * t1,
        p_2_0,
        x * t1,
        T::constant(0.5462742152960396, 0.54627424) * c2,
    ]
}
