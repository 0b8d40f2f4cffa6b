//! Batched harmonics of 1000 points: values, derivatives and the pull-back, in both layouts.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tesseral::LMAX;
use tesseral::sh::Harmonics;
use tesseral::sh::batch::Layout;

const POINTS: usize = 1000;

fn points() -> Vec<[f64; 3]> {
    let mut random = fastrand::Rng::with_seed(1);
    let mut component = || 2.0 * random.f64() - 1.0;
    (0..POINTS).map(|_| [component(), component(), component()]).collect()
}

fn layouts(criterion: &mut Criterion) {
    let points = points();
    for (name, layout) in [("lanes", Layout::Lanes), ("row-major", Layout::Rows)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(POINTS as u64));
        for lmax in [1, 2, 3, 4, 6, 8, 10, 20].into_iter().filter(|&l| l <= LMAX) {
            let batch = Harmonics::SOLID.batch(0..=lmax).expect("a degree to LMAX").layout(layout);
            let size = batch.length::<f64>(POINTS);
            let [mut values, mut gradients, mut hessians] =
                [1, 3, 9].map(|components| vec![0.0; components * size]);
            group.bench_function(BenchmarkId::new("values", lmax), |bencher| {
                bencher.iter(|| batch.values(black_box(&points), &mut values));
            });
            group.bench_function(BenchmarkId::new("gradients", lmax), |bencher| {
                bencher.iter(|| batch.gradients(black_box(&points), &mut values, &mut gradients));
            });
            group.bench_function(BenchmarkId::new("hessians", lmax), |bencher| {
                let points = black_box(&points);
                bencher.iter(|| batch.hessians(points, &mut values, &mut gradients, &mut hessians));
            });
            let mut forces = vec![0.0; 3 * POINTS];
            group.bench_function(BenchmarkId::new("pull-back", lmax), |bencher| {
                bencher.iter(|| batch.pull_back(black_box(&points), &values, &mut forces));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, layouts);
criterion_main!(benches);
