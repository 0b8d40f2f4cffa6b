//! Wigner matrices of 1000 rotations: the matrices in both layouts, their backward pass, and the
//! action on features.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::{Quaternion, UnitQuaternion};
use tesseral::wigner::Orthogonal;
use tesseral::wigner::batch::{Action, Batch, Layout};
use tesseral::{Irreps, LMAX, Number};

const ROTATIONS: usize = 1000;

fn rotations<T: Number>() -> Vec<[[T; 3]; 3]> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut part = || 2.0 * random.f64() - 1.0;
    let mut rotation = || {
        let quaternion = Quaternion::new(part(), part(), part(), part());
        let matrix = Orthogonal::from(UnitQuaternion::from_quaternion(quaternion)).matrix();
        matrix.map(|row| row.map(|entry| T::constant(entry, entry as f32)))
    };
    (0..ROTATIONS).map(|_| rotation()).collect()
}

fn of_type<T: Number>(criterion: &mut Criterion, name: &str) {
    let rotations = rotations::<T>();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(ROTATIONS as u64));
    for lmax in [1, 2, 3, 4, 6, 8].into_iter().filter(|&l| l <= LMAX) {
        let batch = Batch::new(0..=lmax).expect("a degree to LMAX");
        for (name, layout) in [("lanes", Layout::Lanes), ("row-major", Layout::Rows)] {
            let batch = batch.layout(layout);
            let mut matrices = vec![T::default(); batch.length::<T>(ROTATIONS)];
            group.bench_function(BenchmarkId::new(name, lmax), |bencher| {
                bencher.iter(|| batch.matrices(black_box(&rotations), &mut matrices));
            });
        }
        let cotangents = vec![T::constant(1.0, 1.0); batch.length::<T>(ROTATIONS)];
        let mut torques = vec![T::default(); 3 * ROTATIONS];
        group.bench_function(BenchmarkId::new("torques", lmax), |bencher| {
            bencher.iter(|| batch.torques(black_box(&rotations), &cotangents, &mut torques));
        });
        let irreps = &Irreps::spherical_harmonics(lmax) * 16;
        let action = Action::new(&irreps.regroup()).expect("a degree to LMAX");
        let x = vec![T::constant(1.0, 1.0); action.dim() * ROTATIONS];
        let mut y = x.clone();
        group.bench_function(BenchmarkId::new("16 copies of features", lmax), |bencher| {
            bencher.iter(|| action.apply(black_box(&rotations), &x, &mut y));
        });
    }
    group.finish();
}

fn all(criterion: &mut Criterion) {
    of_type::<f32>(criterion, "f32");
    of_type::<f64>(criterion, "f64");
}

criterion_group!(benches, all);
criterion_main!(benches);
