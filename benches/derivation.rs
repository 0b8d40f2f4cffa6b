//! The time of exact work at build time: derivation with proofs, reading the snapshot, writing
//! code.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tesseral_codegen::emit::rust;
use tesseral_codegen::tables::snapshot;

const LMAX: [usize; 4] = [3, 6, 9, 12];

fn derivation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tables");
    group.sample_size(10);
    for lmax in LMAX {
        #[cfg(feature = "symbolica")]
        group.bench_with_input(BenchmarkId::new("derived", lmax), &lmax, |bencher, &lmax| {
            bencher.iter(|| tesseral_codegen::derive::tables(black_box(lmax)));
        });
        group.bench_with_input(BenchmarkId::new("snapshot", lmax), &lmax, |bencher, &lmax| {
            bencher.iter(|| snapshot::read(black_box(lmax)));
        });
    }
    group.finish();
}

fn emission(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("emission");
    group.sample_size(10);
    for lmax in LMAX {
        let tables = snapshot::read(lmax).expect("the snapshot is readable");
        group.bench_with_input(BenchmarkId::new("rust", lmax), &tables, |bencher, tables| {
            bencher.iter(|| rust::files(black_box(tables)));
        });
    }
    group.finish();
}

criterion_group!(benches, derivation, emission);
criterion_main!(benches);
