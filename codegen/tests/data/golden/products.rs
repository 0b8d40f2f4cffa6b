// Written by tesseral-codegen from the exact tables for LMAX = 2: programs of tensor products.

/// C(1,1→2): 11 nonzeros, a matrix of 6 entries that differ.
#[derive(Clone, Copy)]
pub(super) struct C112;
impl Triple for C112 {
    fn sizes(&self) -> [usize; 3] {
        [3, 3, 5]
    }
    fn entries(&self) -> usize {
        6
    }
    /// `M[m1, m3] = scale · Σ C[m1, m2, m3] y[m2]`: 9 operations (9 multiplications).
    #[inline(always)]
    fn matrix<T: Number>(&self, scale: T, y: &[T], m: &mut [T]) {
        let y = *sized(y);
        let [y0, y1, y2] = y;
        let t1 = scale * y0;
        let t2 = scale * y1;
        let t3 = scale * y2;
        let k1 = T::constant(0.7071067811865476, 0.70710677);
        let k2 = T::constant(0.408248290463863, 0.4082483);
        *sized_mut(m) = [
            k1 * t3,
            k1 * t2,
            k2 * t1,
            k1 * t1,
            T::constant(0.816496580927726, 0.8164966) * t2,
            k2 * t3,
        ];
    }
    /// `z[m3] += w · Σ M[m1, m3] x[m1]`: 14 operations (3 multiplications, 11 multiply-adds).
    #[inline(always)]
    fn forward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        x: [&[BlockOf<V>]; B],
        z: [&mut [BlockOf<V>]; B],
    ) {
        let m: &[V::Number; 6] = sized(m);
        let w = Wide(w);
        let x: [&[BlockOf<V>; 3]; B] = x.map(sized);
        let mut z: [&mut [BlockOf<V>; 5]; B] = z.map(sized_mut);
        let x0 = Wide::load(proof, &x, 0);
        let t10 = w.mul(x0);
        let z0 = Wide::load_mut(proof, &z, 0);
        let z0 = Wide::splat(proof, m[0]).mul_add(t10, z0);
        let x2 = Wide::load(proof, &x, 2);
        let t12 = w.mul(x2);
        let z0 = Wide::splat(proof, m[3]).mul_add(t12, z0);
        z0.store(&mut z, 0);
        let z1 = Wide::load_mut(proof, &z, 1);
        let z1 = Wide::splat(proof, m[1]).mul_add(t10, z1);
        let x1 = Wide::load(proof, &x, 1);
        let t11 = w.mul(x1);
        let z1 = Wide::splat(proof, m[3]).mul_add(t11, z1);
        z1.store(&mut z, 1);
        let z2 = Wide::load_mut(proof, &z, 2);
        let z2 = Wide::splat(proof, m[4]).mul_add(t11, z2);
        let z2 = Wide::splat(proof, m[2]).neg_mul_add(t10, z2);
        let z2 = Wide::splat(proof, m[5]).neg_mul_add(t12, z2);
        z2.store(&mut z, 2);
        let z3 = Wide::load_mut(proof, &z, 3);
        let z3 = Wide::splat(proof, m[0]).mul_add(t11, z3);
        let z3 = Wide::splat(proof, m[1]).mul_add(t12, z3);
        z3.store(&mut z, 3);
        let z4 = Wide::load_mut(proof, &z, 4);
        let z4 = Wide::splat(proof, m[0]).mul_add(t12, z4);
        let z4 = Wide::splat(proof, m[3]).neg_mul_add(t10, z4);
        z4.store(&mut z, 4);
    }
    /// `g[m1] = Σ M[m1, m3] dz[m3], dx[m1] += w g[m1], dw = Σ x[m1] g[m1]`: 17 operations (4 multiplications, 13 multiply-adds).
    #[inline(always)]
    fn backward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        inputs: [[&[BlockOf<V>]; B]; 2],
        dx: Option<[&mut [BlockOf<V>]; B]>,
    ) -> [V; B] {
        let [x, dz] = inputs;
        let m: &[V::Number; 6] = sized(m);
        let x: [&[BlockOf<V>; 3]; B] = x.map(sized);
        let dz: [&[BlockOf<V>; 5]; B] = dz.map(sized);
        let x2 = Wide::load(proof, &x, 2);
        let dz4 = Wide::load(proof, &dz, 4);
        let dz3 = Wide::load(proof, &dz, 3);
        let dz2 = Wide::load(proof, &dz, 2);
        let dz0 = Wide::load(proof, &dz, 0);
        let t17 = Wide::splat(proof, m[3]).mul(dz0);
        let t26 = Wide::splat(proof, m[5]).neg_mul_add(dz2, t17);
        let t27 = Wide::splat(proof, m[1]).mul_add(dz3, t26);
        let t28 = Wide::splat(proof, m[0]).mul_add(dz4, t27);
        let x0 = Wide::load(proof, &x, 0);
        let dz1 = Wide::load(proof, &dz, 1);
        let t15 = Wide::splat(proof, m[0]).mul(dz0);
        let t18 = Wide::splat(proof, m[1]).mul_add(dz1, t15);
        let t20 = Wide::splat(proof, m[2]).neg_mul_add(dz2, t18);
        let t22 = Wide::splat(proof, m[3]).neg_mul_add(dz4, t20);
        let x1 = Wide::load(proof, &x, 1);
        let t16 = Wide::splat(proof, m[3]).mul(dz1);
        let t23 = Wide::splat(proof, m[4]).mul_add(dz2, t16);
        let t24 = Wide::splat(proof, m[0]).mul_add(dz3, t23);
        let t29 = x1.mul(t24);
        let t30 = x0.mul_add(t22, t29);
        let t31 = x2.mul_add(t28, t30);
        let dw = t31;
        if let Some(dx) = dx {
            let w = Wide(w);
            let mut dx: [&mut [BlockOf<V>; 3]; B] = dx.map(sized_mut);
            let dx0 = Wide::load_mut(proof, &dx, 0);
            let dx0 = w.mul_add(t22, dx0);
            dx0.store(&mut dx, 0);
            let dx1 = Wide::load_mut(proof, &dx, 1);
            let dx1 = w.mul_add(t24, dx1);
            dx1.store(&mut dx, 1);
            let dx2 = Wide::load_mut(proof, &dx, 2);
            let dx2 = w.mul_add(t28, dx2);
            dx2.store(&mut dx, 2);
        }
        dw.0
    }
    /// `dM[m1, m3] += w x[m1] dz[m3]`: 14 operations (3 multiplications, 11 multiply-adds).
    #[inline(always)]
    fn outer<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        w: [V; B],
        inputs: [[&[BlockOf<V>]; B]; 2],
        dm: &mut [BlockOf<V>],
    ) {
        let [x, dz] = inputs;
        let w = Wide(w);
        let x: [&[BlockOf<V>; 3]; B] = x.map(sized);
        let dz: [&[BlockOf<V>; 5]; B] = dz.map(sized);
        let dm: &mut [BlockOf<V>; 6] = sized_mut(dm);
        let dz0 = Wide::load(proof, &dz, 0);
        let x0 = Wide::load(proof, &x, 0);
        let t9 = w.mul(x0);
        let dm0 = V::load(proof, &dm[0]);
        let dm0 = dz0.product_to(t9, dm0);
        let dz3 = Wide::load(proof, &dz, 3);
        let x1 = Wide::load(proof, &x, 1);
        let t10 = w.mul(x1);
        let dm0 = dz3.product_to(t10, dm0);
        let dz4 = Wide::load(proof, &dz, 4);
        let x2 = Wide::load(proof, &x, 2);
        let t11 = w.mul(x2);
        let dm0 = dz4.product_to(t11, dm0);
        dm0.store(&mut dm[0]);
        let dz1 = Wide::load(proof, &dz, 1);
        let dm1 = V::load(proof, &dm[1]);
        let dm1 = dz1.product_to(t9, dm1);
        let dm1 = dz3.product_to(t11, dm1);
        dm1.store(&mut dm[1]);
        let dz2 = Wide::load(proof, &dz, 2);
        let dm2 = V::load(proof, &dm[2]);
        let dm2 = dz2.product_from(t9, dm2);
        dm2.store(&mut dm[2]);
        let dm3 = V::load(proof, &dm[3]);
        let dm3 = dz1.product_to(t10, dm3);
        let dm3 = dz4.product_from(t9, dm3);
        let dm3 = dz0.product_to(t11, dm3);
        dm3.store(&mut dm[3]);
        let dm4 = V::load(proof, &dm[4]);
        let dm4 = dz2.product_to(t10, dm4);
        dm4.store(&mut dm[4]);
        let dm5 = V::load(proof, &dm[5]);
        let dm5 = dz2.product_from(t11, dm5);
        dm5.store(&mut dm[5]);
    }
    /// `dy[m2] += scale · Σ C[m1, m2, m3] dM[m1, m3]`: 9 operations (3 multiplications, 6 multiply-adds).
    #[inline(always)]
    fn contract<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        dm: &[BlockOf<V>],
        dy: &mut [BlockOf<V>],
    ) {
        let dm: &[BlockOf<V>; 6] = sized(dm);
        let dy: &mut [BlockOf<V>; 3] = sized_mut(dy);
        let k1 = constant::<V>(proof, 0.7071067811865476, 0.70710677);
        let k2 = constant::<V>(proof, 0.408248290463863, 0.4082483);
        let t11 = k2.mul(V::load(proof, &dm[2]));
        let t13 = k1.mul_add(V::load(proof, &dm[3]), t11);
        let dy0 = V::load(proof, &dy[0]);
        let dy0 = scale.mul_add(t13, dy0);
        dy0.store(&mut dy[0]);
        let t9 = k1.mul(V::load(proof, &dm[1]));
        let t14 = constant::<V>(proof, 0.816496580927726, 0.8164966)
            .mul_add(V::load(proof, &dm[4]), t9);
        let dy1 = V::load(proof, &dy[1]);
        let dy1 = scale.mul_add(t14, dy1);
        dy1.store(&mut dy[1]);
        let t8 = k1.mul(V::load(proof, &dm[0]));
        let t15 = k2.mul_add(V::load(proof, &dm[5]), t8);
        let dy2 = V::load(proof, &dy[2]);
        let dy2 = scale.mul_add(t15, dy2);
        dy2.store(&mut dy[2]);
    }
    /// `z[m3] = scale · Σ C[m1, m2, m3] x[m1] y[m2]`: 19 operations (13 multiplications, 6 multiply-adds).
    #[inline(always)]
    fn couple<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        x: &[BlockOf<V>],
        y: &[BlockOf<V>],
        z: &mut [BlockOf<V>],
    ) {
        let x: &[BlockOf<V>; 3] = sized(x);
        let y: &[BlockOf<V>; 3] = sized(y);
        let z: &mut [BlockOf<V>; 5] = sized_mut(z);
        let k1 = constant::<V>(proof, 0.7071067811865476, 0.70710677);
        let y0 = V::load(proof, &y[0]);
        let x2 = V::load(proof, &x[2]);
        let t9 = scale.mul(x2);
        let y2 = V::load(proof, &y[2]);
        let x0 = V::load(proof, &x[0]);
        let t7 = scale.mul(x0);
        let t10 = y2.mul(t7);
        let t11 = y0.mul_add(t9, t10);
        let t13 = k1.mul(t11);
        t13.store(&mut z[0]);
        let x1 = V::load(proof, &x[1]);
        let t8 = scale.mul(x1);
        let y1 = V::load(proof, &y[1]);
        let t14 = y1.mul(t7);
        let t15 = y0.mul_add(t8, t14);
        let t16 = k1.mul(t15);
        t16.store(&mut z[1]);
        let t18 = y2.mul(t9);
        let t19 = y0.mul_add(t7, t18);
        let t17 = y1.mul(t8);
        let t22 = constant::<V>(proof, 0.816496580927726, 0.8164966).mul(t17);
        let t24 = constant::<V>(proof, 0.408248290463863, 0.4082483)
            .neg_mul_add(t19, t22);
        t24.store(&mut z[2]);
        let t25 = y2.mul(t8);
        let t26 = y1.mul_add(t9, t25);
        let t27 = k1.mul(t26);
        t27.store(&mut z[3]);
        let t29 = y0.neg_mul_add(t7, t18);
        let t30 = k1.mul(t29);
        t30.store(&mut z[4]);
    }
    /// `q[m1, m2] = scale · Σ C[m1, m2, m3] dz[m3], dx[m1] += Σ q y[m2], dy[m2] += Σ q x[m1]`: 28 operations (8 multiplications, 20 multiply-adds).
    #[inline(always)]
    fn couple_back<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        inputs: [&[BlockOf<V>]; 3],
        dx: &mut [BlockOf<V>],
        dy: &mut [BlockOf<V>],
    ) {
        let [x, y, dz] = inputs;
        let x: &[BlockOf<V>; 3] = sized(x);
        let y: &[BlockOf<V>; 3] = sized(y);
        let dz: &[BlockOf<V>; 5] = sized(dz);
        let dx: &mut [BlockOf<V>; 3] = sized_mut(dx);
        let dy: &mut [BlockOf<V>; 3] = sized_mut(dy);
        let t13 = constant::<V>(proof, 0.408248290463863, 0.4082483).mul(scale);
        let t15 = constant::<V>(proof, 0.7071067811865476, 0.70710677).mul(scale);
        let dz4 = V::load(proof, &dz[4]);
        let t16 = dz4.mul(t15);
        let dz2 = V::load(proof, &dz[2]);
        let t17 = dz2.mul_add(t13, t16);
        let dz1 = V::load(proof, &dz[1]);
        let t18 = dz1.mul(t15);
        let y1 = V::load(proof, &y[1]);
        let dx0 = V::load(proof, &dx[0]);
        let dx0 = y1.mul_add(t18, dx0);
        let y0 = V::load(proof, &y[0]);
        let dx0 = y0.neg_mul_add(t17, dx0);
        let dx1 = V::load(proof, &dx[1]);
        let dx1 = y0.mul_add(t18, dx1);
        let x1 = V::load(proof, &x[1]);
        let dy0 = V::load(proof, &dy[0]);
        let dy0 = x1.mul_add(t18, dy0);
        let x0 = V::load(proof, &x[0]);
        let dy0 = x0.neg_mul_add(t17, dy0);
        let dy1 = V::load(proof, &dy[1]);
        let dy1 = x0.mul_add(t18, dy1);
        let dz0 = V::load(proof, &dz[0]);
        let t21 = dz0.mul(t15);
        let y2 = V::load(proof, &y[2]);
        let dx0 = y2.mul_add(t21, dx0);
        dx0.store(&mut dx[0]);
        let dx2 = V::load(proof, &dx[2]);
        let dx2 = y0.mul_add(t21, dx2);
        let x2 = V::load(proof, &x[2]);
        let dy0 = x2.mul_add(t21, dy0);
        dy0.store(&mut dy[0]);
        let dy2 = V::load(proof, &dy[2]);
        let dy2 = x0.mul_add(t21, dy2);
        let t26 = constant::<V>(proof, 0.816496580927726, 0.8164966).mul(scale);
        let t27 = dz2.mul(t26);
        let dx1 = y1.mul_add(t27, dx1);
        let dy1 = x1.mul_add(t27, dy1);
        let dz3 = V::load(proof, &dz[3]);
        let t28 = dz3.mul(t15);
        let dx1 = y2.mul_add(t28, dx1);
        dx1.store(&mut dx[1]);
        let dx2 = y1.mul_add(t28, dx2);
        let dy1 = x2.mul_add(t28, dy1);
        dy1.store(&mut dy[1]);
        let dy2 = x1.mul_add(t28, dy2);
        let t31 = dz2.neg_mul_add(t13, t16);
        let dx2 = y2.mul_add(t31, dx2);
        dx2.store(&mut dx[2]);
        let dy2 = x2.mul_add(t31, dy2);
        dy2.store(&mut dy[2]);
    }
}
/// C(2,1→1): 11 nonzeros, a matrix of 6 entries that differ.
#[derive(Clone, Copy)]
pub(super) struct C211;
impl Triple for C211 {
    fn sizes(&self) -> [usize; 3] {
        [5, 3, 3]
    }
    fn entries(&self) -> usize {
        6
    }
    /// `M[m1, m3] = scale · Σ C[m1, m2, m3] y[m2]`: 9 operations (9 multiplications).
    #[inline(always)]
    fn matrix<T: Number>(&self, scale: T, y: &[T], m: &mut [T]) {
        let y = *sized(y);
        let [y0, y1, y2] = y;
        let t1 = scale * y0;
        let t2 = scale * y1;
        let t3 = scale * y2;
        let k1 = T::constant(0.5477225575051661, 0.5477226);
        let k2 = T::constant(0.31622776601683794, 0.31622776);
        *sized_mut(m) = [
            k1 * t3,
            k1 * t1,
            k1 * t2,
            k2 * t1,
            T::constant(0.6324555320336759, 0.6324555) * t2,
            k2 * t3,
        ];
    }
    /// `z[m3] += w · Σ M[m1, m3] x[m1]`: 14 operations (3 multiplications, 11 multiply-adds).
    #[inline(always)]
    fn forward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        x: [&[BlockOf<V>]; B],
        z: [&mut [BlockOf<V>]; B],
    ) {
        let m: &[V::Number; 6] = sized(m);
        let w = Wide(w);
        let x: [&[BlockOf<V>; 5]; B] = x.map(sized);
        let mut z: [&mut [BlockOf<V>; 3]; B] = z.map(sized_mut);
        let x4 = Wide::load(proof, &x, 4);
        let x2 = Wide::load(proof, &x, 2);
        let x1 = Wide::load(proof, &x, 1);
        let x0 = Wide::load(proof, &x, 0);
        let t12 = Wide::splat(proof, m[0]).mul(x0);
        let t15 = Wide::splat(proof, m[2]).mul_add(x1, t12);
        let t17 = Wide::splat(proof, m[3]).neg_mul_add(x2, t15);
        let t19 = Wide::splat(proof, m[1]).neg_mul_add(x4, t17);
        let z0 = Wide::load_mut(proof, &z, 0);
        let z0 = w.mul_add(t19, z0);
        z0.store(&mut z, 0);
        let x3 = Wide::load(proof, &x, 3);
        let t14 = Wide::splat(proof, m[1]).mul(x1);
        let t20 = Wide::splat(proof, m[4]).mul_add(x2, t14);
        let t21 = Wide::splat(proof, m[0]).mul_add(x3, t20);
        let z1 = Wide::load_mut(proof, &z, 1);
        let z1 = w.mul_add(t21, z1);
        z1.store(&mut z, 1);
        let t13 = Wide::splat(proof, m[1]).mul(x0);
        let t23 = Wide::splat(proof, m[5]).neg_mul_add(x2, t13);
        let t24 = Wide::splat(proof, m[2]).mul_add(x3, t23);
        let t25 = Wide::splat(proof, m[0]).mul_add(x4, t24);
        let z2 = Wide::load_mut(proof, &z, 2);
        let z2 = w.mul_add(t25, z2);
        z2.store(&mut z, 2);
    }
    /// `g[m1] = Σ M[m1, m3] dz[m3], dx[m1] += w g[m1], dw = Σ x[m1] g[m1]`: 21 operations (6 multiplications, 15 multiply-adds).
    #[inline(always)]
    fn backward<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        m: &[V::Number],
        w: [V; B],
        inputs: [[&[BlockOf<V>]; B]; 2],
        dx: Option<[&mut [BlockOf<V>]; B]>,
    ) -> [V; B] {
        let [x, dz] = inputs;
        let m: &[V::Number; 6] = sized(m);
        let x: [&[BlockOf<V>; 5]; B] = x.map(sized);
        let dz: [&[BlockOf<V>; 3]; B] = dz.map(sized);
        let x4 = Wide::load(proof, &x, 4);
        let dz0 = Wide::load(proof, &dz, 0);
        let dz2 = Wide::load(proof, &dz, 2);
        let t19 = Wide::splat(proof, m[0]).mul(dz2);
        let t28 = Wide::splat(proof, m[1]).neg_mul_add(dz0, t19);
        let x3 = Wide::load(proof, &x, 3);
        let dz1 = Wide::load(proof, &dz, 1);
        let t18 = Wide::splat(proof, m[0]).mul(dz1);
        let t26 = Wide::splat(proof, m[2]).mul_add(dz2, t18);
        let x2 = Wide::load(proof, &x, 2);
        let t17 = Wide::splat(proof, m[4]).mul(dz1);
        let t23 = Wide::splat(proof, m[3]).neg_mul_add(dz0, t17);
        let t25 = Wide::splat(proof, m[5]).neg_mul_add(dz2, t23);
        let x1 = Wide::load(proof, &x, 1);
        let t16 = Wide::splat(proof, m[2]).mul(dz0);
        let t21 = Wide::splat(proof, m[1]).mul_add(dz1, t16);
        let x0 = Wide::load(proof, &x, 0);
        let t15 = Wide::splat(proof, m[0]).mul(dz0);
        let t20 = Wide::splat(proof, m[1]).mul_add(dz2, t15);
        let t29 = x0.mul(t20);
        let t30 = x1.mul_add(t21, t29);
        let t31 = x2.mul_add(t25, t30);
        let t32 = x3.mul_add(t26, t31);
        let t33 = x4.mul_add(t28, t32);
        let dw = t33;
        if let Some(dx) = dx {
            let w = Wide(w);
            let mut dx: [&mut [BlockOf<V>; 5]; B] = dx.map(sized_mut);
            let dx0 = Wide::load_mut(proof, &dx, 0);
            let dx0 = w.mul_add(t20, dx0);
            dx0.store(&mut dx, 0);
            let dx1 = Wide::load_mut(proof, &dx, 1);
            let dx1 = w.mul_add(t21, dx1);
            dx1.store(&mut dx, 1);
            let dx2 = Wide::load_mut(proof, &dx, 2);
            let dx2 = w.mul_add(t25, dx2);
            dx2.store(&mut dx, 2);
            let dx3 = Wide::load_mut(proof, &dx, 3);
            let dx3 = w.mul_add(t26, dx3);
            dx3.store(&mut dx, 3);
            let dx4 = Wide::load_mut(proof, &dx, 4);
            let dx4 = w.mul_add(t28, dx4);
            dx4.store(&mut dx, 4);
        }
        dw.0
    }
    /// `dM[m1, m3] += w x[m1] dz[m3]`: 14 operations (3 multiplications, 11 multiply-adds).
    #[inline(always)]
    fn outer<V: Lanes, const B: usize>(
        &self,
        proof: V::Proof,
        w: [V; B],
        inputs: [[&[BlockOf<V>]; B]; 2],
        dm: &mut [BlockOf<V>],
    ) {
        let [x, dz] = inputs;
        let w = Wide(w);
        let x: [&[BlockOf<V>; 5]; B] = x.map(sized);
        let dz: [&[BlockOf<V>; 3]; B] = dz.map(sized);
        let dm: &mut [BlockOf<V>; 6] = sized_mut(dm);
        let x0 = Wide::load(proof, &x, 0);
        let dz0 = Wide::load(proof, &dz, 0);
        let t9 = w.mul(dz0);
        let dm0 = V::load(proof, &dm[0]);
        let dm0 = x0.product_to(t9, dm0);
        let x3 = Wide::load(proof, &x, 3);
        let dz1 = Wide::load(proof, &dz, 1);
        let t10 = w.mul(dz1);
        let dm0 = x3.product_to(t10, dm0);
        let x4 = Wide::load(proof, &x, 4);
        let dz2 = Wide::load(proof, &dz, 2);
        let t11 = w.mul(dz2);
        let dm0 = x4.product_to(t11, dm0);
        dm0.store(&mut dm[0]);
        let dm1 = V::load(proof, &dm[1]);
        let dm1 = x0.product_to(t11, dm1);
        let x1 = Wide::load(proof, &x, 1);
        let dm1 = x1.product_to(t10, dm1);
        let dm1 = x4.product_from(t9, dm1);
        dm1.store(&mut dm[1]);
        let dm2 = V::load(proof, &dm[2]);
        let dm2 = x1.product_to(t9, dm2);
        let dm2 = x3.product_to(t11, dm2);
        dm2.store(&mut dm[2]);
        let x2 = Wide::load(proof, &x, 2);
        let dm3 = V::load(proof, &dm[3]);
        let dm3 = x2.product_from(t9, dm3);
        dm3.store(&mut dm[3]);
        let dm4 = V::load(proof, &dm[4]);
        let dm4 = x2.product_to(t10, dm4);
        dm4.store(&mut dm[4]);
        let dm5 = V::load(proof, &dm[5]);
        let dm5 = x2.product_from(t11, dm5);
        dm5.store(&mut dm[5]);
    }
    /// `dy[m2] += scale · Σ C[m1, m2, m3] dM[m1, m3]`: 9 operations (3 multiplications, 6 multiply-adds).
    #[inline(always)]
    fn contract<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        dm: &[BlockOf<V>],
        dy: &mut [BlockOf<V>],
    ) {
        let dm: &[BlockOf<V>; 6] = sized(dm);
        let dy: &mut [BlockOf<V>; 3] = sized_mut(dy);
        let k2 = constant::<V>(proof, 0.31622776601683794, 0.31622776);
        let k1 = constant::<V>(proof, 0.5477225575051661, 0.5477226);
        let t9 = k1.mul(V::load(proof, &dm[1]));
        let t13 = k2.mul_add(V::load(proof, &dm[3]), t9);
        let dy0 = V::load(proof, &dy[0]);
        let dy0 = scale.mul_add(t13, dy0);
        dy0.store(&mut dy[0]);
        let t10 = k1.mul(V::load(proof, &dm[2]));
        let t14 = constant::<V>(proof, 0.6324555320336759, 0.6324555)
            .mul_add(V::load(proof, &dm[4]), t10);
        let dy1 = V::load(proof, &dy[1]);
        let dy1 = scale.mul_add(t14, dy1);
        dy1.store(&mut dy[1]);
        let t8 = k1.mul(V::load(proof, &dm[0]));
        let t15 = k2.mul_add(V::load(proof, &dm[5]), t8);
        let dy2 = V::load(proof, &dy[2]);
        let dy2 = scale.mul_add(t15, dy2);
        dy2.store(&mut dy[2]);
    }
    /// `z[m3] = scale · Σ C[m1, m2, m3] x[m1] y[m2]`: 20 operations (12 multiplications, 8 multiply-adds).
    #[inline(always)]
    fn couple<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        x: &[BlockOf<V>],
        y: &[BlockOf<V>],
        z: &mut [BlockOf<V>],
    ) {
        let x: &[BlockOf<V>; 5] = sized(x);
        let y: &[BlockOf<V>; 3] = sized(y);
        let z: &mut [BlockOf<V>; 3] = sized_mut(z);
        let k1 = constant::<V>(proof, 0.5477225575051661, 0.5477226);
        let x4 = V::load(proof, &x[4]);
        let y0 = V::load(proof, &y[0]);
        let x1 = V::load(proof, &x[1]);
        let y1 = V::load(proof, &y[1]);
        let x0 = V::load(proof, &x[0]);
        let y2 = V::load(proof, &y[2]);
        let t9 = x0.mul(y2);
        let t11 = x1.mul_add(y1, t9);
        let t13 = x4.neg_mul_add(y0, t11);
        let k2 = constant::<V>(proof, -0.31622776601683794, -0.31622776);
        let x2 = V::load(proof, &x[2]);
        let t10 = x2.mul(y0);
        let t16 = k2.mul(t10);
        let t17 = k1.mul_add(t13, t16);
        let t30 = scale.mul(t17);
        t30.store(&mut z[0]);
        let x3 = V::load(proof, &x[3]);
        let t18 = x1.mul(y0);
        let t20 = x3.mul_add(y2, t18);
        let t19 = x2.mul(y1);
        let t22 = constant::<V>(proof, 0.6324555320336759, 0.6324555).mul(t19);
        let t23 = k1.mul_add(t20, t22);
        let t31 = scale.mul(t23);
        t31.store(&mut z[1]);
        let t24 = x0.mul(y0);
        let t26 = x3.mul_add(y1, t24);
        let t27 = x4.mul_add(y2, t26);
        let t25 = x2.mul(y2);
        let t28 = k2.mul(t25);
        let t29 = k1.mul_add(t27, t28);
        let t32 = scale.mul(t29);
        t32.store(&mut z[2]);
    }
    /// `q[m1, m2] = scale · Σ C[m1, m2, m3] dz[m3], dx[m1] += Σ q y[m2], dy[m2] += Σ q x[m1]`: 31 operations (9 multiplications, 22 multiply-adds).
    #[inline(always)]
    fn couple_back<V: Lanes>(
        &self,
        proof: V::Proof,
        scale: V,
        inputs: [&[BlockOf<V>]; 3],
        dx: &mut [BlockOf<V>],
        dy: &mut [BlockOf<V>],
    ) {
        let [x, y, dz] = inputs;
        let x: &[BlockOf<V>; 5] = sized(x);
        let y: &[BlockOf<V>; 3] = sized(y);
        let dz: &[BlockOf<V>; 3] = sized(dz);
        let dx: &mut [BlockOf<V>; 5] = sized_mut(dx);
        let dy: &mut [BlockOf<V>; 3] = sized_mut(dy);
        let dz0 = V::load(proof, &dz[0]);
        let t12 = scale.mul(dz0);
        let dz1 = V::load(proof, &dz[1]);
        let t13 = scale.mul(dz1);
        let dz2 = V::load(proof, &dz[2]);
        let t14 = scale.mul(dz2);
        let k1 = constant::<V>(proof, 0.5477225575051661, 0.5477226);
        let t16 = k1.mul(t14);
        let y0 = V::load(proof, &y[0]);
        let dx0 = V::load(proof, &dx[0]);
        let dx0 = y0.mul_add(t16, dx0);
        let y1 = V::load(proof, &y[1]);
        let dx3 = V::load(proof, &dx[3]);
        let dx3 = y1.mul_add(t16, dx3);
        let x0 = V::load(proof, &x[0]);
        let dy0 = V::load(proof, &dy[0]);
        let dy0 = x0.mul_add(t16, dy0);
        let t19 = k1.mul(t12);
        let y2 = V::load(proof, &y[2]);
        let dx0 = y2.mul_add(t19, dx0);
        dx0.store(&mut dx[0]);
        let dx4 = V::load(proof, &dx[4]);
        let dx4 = y0.neg_mul_add(t19, dx4);
        let dx4 = y2.mul_add(t16, dx4);
        dx4.store(&mut dx[4]);
        let x1 = V::load(proof, &x[1]);
        let dy1 = V::load(proof, &dy[1]);
        let dy1 = x1.mul_add(t19, dy1);
        let dy2 = V::load(proof, &dy[2]);
        let dy2 = x0.mul_add(t19, dy2);
        let t21 = k1.mul(t13);
        let dx1 = V::load(proof, &dx[1]);
        let dx1 = y0.mul_add(t21, dx1);
        let dx1 = y1.mul_add(t19, dx1);
        dx1.store(&mut dx[1]);
        let dx3 = y2.mul_add(t21, dx3);
        dx3.store(&mut dx[3]);
        let dy0 = x1.mul_add(t21, dy0);
        let k2 = constant::<V>(proof, 0.31622776601683794, 0.31622776);
        let t25 = k2.mul(t12);
        let dx2 = V::load(proof, &dx[2]);
        let dx2 = y0.neg_mul_add(t25, dx2);
        let x2 = V::load(proof, &x[2]);
        let dy0 = x2.neg_mul_add(t25, dy0);
        let x4 = V::load(proof, &x[4]);
        let dy0 = x4.neg_mul_add(t19, dy0);
        dy0.store(&mut dy[0]);
        let t29 = constant::<V>(proof, 0.6324555320336759, 0.6324555).mul(t13);
        let dx2 = y1.mul_add(t29, dx2);
        let dy1 = x2.mul_add(t29, dy1);
        let x3 = V::load(proof, &x[3]);
        let dy1 = x3.mul_add(t16, dy1);
        dy1.store(&mut dy[1]);
        let t30 = k2.mul(t14);
        let dx2 = y2.neg_mul_add(t30, dx2);
        dx2.store(&mut dx[2]);
        let dy2 = x2.neg_mul_add(t30, dy2);
        let dy2 = x3.mul_add(t21, dy2);
        let dy2 = x4.mul_add(t16, dy2);
        dy2.store(&mut dy[2]);
    }
}
