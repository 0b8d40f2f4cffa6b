//! The time of one point: harmonics of one degree and of all, their derivatives, Wigner matrices.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tesseral::sh::Harmonics;
use tesseral::{LMAX, wigner};

const POINT: [f64; 3] = [0.3, -0.5, 0.8];

fn harmonics(criterion: &mut Criterion) {
    let solid = Harmonics::SOLID;
    for l in 0..=LMAX {
        let mut group = criterion.benchmark_group(format!("harmonics/l={l}"));
        let size = 2 * l + 1;
        let all = (l + 1) * (l + 1);
        let [mut values, mut gradient, mut hessian] =
            [size, 3 * size, 9 * size].map(|length| vec![0.0; length]);
        let [mut all_values, mut all_gradient] = [all, 3 * all].map(|length| vec![0.0; length]);
        group.bench_function("degree", |bencher| {
            bencher.iter(|| solid.degree(l, black_box(POINT), &mut values));
        });
        group.bench_function("degree, Hessian", |bencher| {
            bencher.iter(|| {
                solid.degree_hess(l, black_box(POINT), &mut values, &mut gradient, &mut hessian)
            });
        });
        group.bench_function("up to", |bencher| {
            bencher.iter(|| solid.up_to(l, black_box(POINT), &mut all_values));
        });
        group.bench_function("up to, gradient", |bencher| {
            bencher
                .iter(|| solid.up_to_grad(l, black_box(POINT), &mut all_values, &mut all_gradient));
        });
        group.bench_function("up to, spherical", |bencher| {
            bencher.iter(|| Harmonics::NATIVE.up_to(l, black_box(POINT), &mut all_values));
        });
        group.finish();
    }
}

fn wigner_matrices(criterion: &mut Criterion) {
    let rotation = nalgebra::Rotation3::from_euler_angles(0.1, 0.2, 0.3);
    let rotation: [[f64; 3]; 3] = rotation.matrix().transpose().into();
    let mut group = criterion.benchmark_group("wigner");
    for lmax in 0..=LMAX {
        let mut matrices = vec![0.0; wigner::all_len(lmax)];
        group.bench_with_input(BenchmarkId::new("all to", lmax), &lmax, |bencher, &lmax| {
            bencher.iter(|| wigner::all_into(lmax, black_box(rotation), &mut matrices));
        });
    }
    group.finish();
}

criterion_group!(benches, harmonics, wigner_matrices);
criterion_main!(benches);
