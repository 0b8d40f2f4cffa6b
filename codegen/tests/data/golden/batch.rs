// Written by tesseral-codegen from the exact tables for LMAX = 2: programs and tables for many points.

impl Program<0, 0> for Unit2 {
    #[inline(always)]
    fn run<A: Arithmetic>(
        proof: A::Proof,
        c: &[HalfOf<A>],
        [x,
        y,
        z,
        ]: [A; 3],
        out: &mut impl Sink<A>,
    ) {
        let c: &[HalfOf<A>; 6] = c.first_chunk().expect("the constants of the program");
        out.one(0, 0, A::of_half(proof, &c[2]));
        let k1 = A::of_half(proof, &c[3]);
        let t13 = k1.mul(z);
        out.one(0, 2, t13);
        let z2 = z.mul(z);
        let p_2_0 = A::of_half(proof, &c[0]).mul_add(z2, A::of_half(proof, &c[1]));
        out.one(0, 6, p_2_0);
        let t14 = k1.mul(x);
        out.one(0, 3, t14);
        let t15 = k1.mul(y);
        out.one(0, 1, t15);
        let k2 = A::of_half(proof, &c[4]);
        let t17 = k2.mul(z);
        let t18 = x.mul(t17);
        out.one(0, 7, t18);
        let t19 = y.mul(t17);
        out.one(0, 5, t19);
        let x2 = x.mul(x);
        let c2 = y.neg_mul_add(y, x2);
        let t21 = A::of_half(proof, &c[5]).mul(c2);
        out.one(0, 8, t21);
        let t6 = x.mul(y);
        let t22 = k2.mul(t6);
        out.one(0, 4, t22);
    }
}
impl Constants for Unit2 {
    const WIDE: [&'static [Half<f64, 4>]; 3] = [
        &[
            half(0.94617469575756),
            half(-0.31539156525252),
            half(0.28209479177387814),
            half(0.4886025119029199),
            half(1.0925484305920792),
            half(0.5462742152960396),
        ],
        &[
            half(3.3541019662496847),
            half(-1.118033988749895),
            half(1.0),
            half(1.7320508075688772),
            half(3.872983346207417),
            half(1.9364916731037085),
        ],
        &[
            half(1.5),
            half(-0.5),
            half(1.0),
            half(1.0),
            half(1.7320508075688772),
            half(0.8660254037844386),
        ],
    ];
    const NARROW: [&'static [Half<f32, 8>]; 3] = [
        &[
            half(0.9461747),
            half(-0.31539157),
            half(0.2820948),
            half(0.48860252),
            half(1.0925485),
            half(0.54627424),
        ],
        &[
            half(3.354102),
            half(-1.118034),
            half(1.0),
            half(1.7320508),
            half(3.8729835),
            half(1.9364917),
        ],
        &[half(1.5), half(-0.5), half(1.0), half(1.0), half(1.7320508), half(0.8660254)],
    ];
}
impl Program<3, 0> for SolidGradient2 {
    #[inline(always)]
    fn run<A: Arithmetic>(
        proof: A::Proof,
        c: &[HalfOf<A>],
        [x,
        y,
        z,
        ]: [A; 3],
        out: &mut impl Sink<A>,
    ) {
        let c: &[HalfOf<A>; 8] = c.first_chunk().expect("the constants of the program");
        let k1 = A::of_half(proof, &c[1]);
        let t8 = k1.mul(y);
        let t6 = k1.mul(z);
        let t7 = k1.mul(x);
        let held_0_0 = out.first_four(0, 0, [A::of_half(proof, &c[0]), t8, t6, t7]);
        let zero = constant::<A>(proof, 0.0, 0.0);
        let held_1_0 = out.first_four(1, 0, [zero, zero, zero, k1]);
        let held_2_0 = out.first_four(2, 0, [zero, k1, zero, zero]);
        let held_3_0 = out.first_four(3, 0, [zero, zero, k1, zero]);
        let k2 = A::of_half(proof, &c[4]);
        let t20 = x.mul(y);
        let t27 = k2.mul(t20);
        let t22 = k2.mul(z);
        let t24 = y.mul(t22);
        let x2 = x.mul(x);
        let y2 = y.mul(y);
        let rho2 = x2.add(y2);
        let z2 = z.mul(z);
        let t14 = A::of_half(proof, &c[2]).mul(z2);
        let p_2_0 = A::of_half(proof, &c[3]).neg_mul_add(rho2, t14);
        let t23 = x.mul(t22);
        out.next_four(0, 4, held_0_0, [t27, t24, p_2_0, t23]);
        let c2 = x2.sub(y2);
        let t26 = A::of_half(proof, &c[5]).mul(c2);
        out.one(0, 8, t26);
        let t28 = k2.mul(y);
        let k3 = A::of_half(proof, &c[6]);
        let t30 = k3.mul(x);
        out.next_four(1, 4, held_1_0, [t28, zero, t30, t22]);
        let t31 = k2.mul(x);
        out.one(1, 8, t31);
        let t32 = k3.mul(y);
        out.next_four(2, 4, held_2_0, [t31, t22, t32, zero]);
        let t33 = t28.neg();
        out.one(2, 8, t33);
        let t35 = A::of_half(proof, &c[7]).mul(z);
        out.next_four(3, 4, held_3_0, [zero, t28, t35, t31]);
        out.one(3, 8, zero);
    }
}
impl PullBack for PullBack2 {
    #[inline(always)]
    fn run<A: Arithmetic>(
        proof: A::Proof,
        c: &[HalfOf<A>],
        [x,
        y,
        z,
        ]: [A; 3],
        cotangents: &impl Columns<A>,
    ) -> [A; 3] {
        let c: &[HalfOf<A>; 4] = c.first_chunk().expect("the constants of the program");
        let k1 = A::of_half(proof, &c[0]);
        let [_, g1, g2, g3] = cotangents.four(0);
        let t7 = k1.mul(g3);
        let t8 = k1.mul(g1);
        let t9 = k1.mul(g2);
        let t10 = k1.mul(z);
        let t11 = k1.mul(x);
        let t12 = k1.mul(y);
        let k2 = A::of_half(proof, &c[1]);
        let [g4, g5, g6, g7] = cotangents.four(4);
        let t15 = k2.mul(g4);
        let t20 = k2.mul(g7);
        let g8 = cotangents.one(8);
        let t22 = k2.mul(g8);
        let k3 = A::of_half(proof, &c[2]);
        let t24 = k3.neg_mul_add(g6, t22);
        let t25 = t12.mul_add(t15, t7);
        let t26 = t10.mul_add(t20, t25);
        let t27 = t11.mul_add(t24, t26);
        let t28 = k2.mul(g5);
        let t29 = k3.mul_add(g6, t22);
        let t31 = t12.neg_mul_add(t29, t8);
        let t32 = t10.mul_add(t28, t31);
        let t33 = t11.mul_add(t15, t32);
        let t35 = A::of_half(proof, &c[3]).mul(g6);
        let t36 = t12.mul_add(t28, t9);
        let t37 = t10.mul_add(t35, t36);
        let t38 = t11.mul_add(t20, t37);
        [t27, t33, t38]
    }
}
impl PushForward for PushForward1 {
    #[inline(always)]
    fn run<A: Arithmetic>(
        proof: A::Proof,
        c: &[HalfOf<A>],
        [_,
        _,
        _,
        ]: [A; 3],
        [w0,
        w1,
        w2,
        ]: [A; 3],
        out: &mut impl Sink<A>,
    ) {
        let c: &[HalfOf<A>; 1] = c.first_chunk().expect("the constants of the program");
        let k1 = A::of_half(proof, &c[0]);
        let t5 = k1.mul(w1);
        let t6 = k1.mul(w2);
        let t7 = k1.mul(w0);
        out.four(0, 0, [constant::<A>(proof, 0.0, 0.0), t5, t6, t7]);
    }
}
