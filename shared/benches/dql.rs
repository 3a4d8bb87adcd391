//! How long a filter takes to read, to compare and to run over items in memory.

#[path = "workload/items.rs"]
mod items;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use shared::dql::{Documents, Matcher, Normal, canonical_text, parse};
use std::hint::black_box;

const ITEMS: usize = 200_000;

fn filters(criterion: &mut Criterion) {
    let mut documents = Documents::new();
    for json in items::items(ITEMS, 1) {
        // What the generator writes is JSON; a document that is refused would only be missed.
        let _ = documents.push_json(&json);
    }
    let mut group = criterion.benchmark_group("dql, 200,000 items");
    group.sample_size(20);
    group.throughput(Throughput::Elements(documents.len() as u64));
    for (name, text) in items::FILTERS {
        let Ok(parsed) = parse(text) else { continue };
        let Ok(matcher) = Matcher::new(&Normal::of(&parsed.query.filter)) else { continue };
        group.bench_function(name, |bench| bench.iter(|| matcher.matching(black_box(&documents))));
    }
    group.finish();
    let mut group = criterion.benchmark_group("dql, one filter");
    for (name, text) in items::FILTERS {
        group.bench_function(format!("{name}, parsed"), |bench| bench.iter(|| parse(black_box(text))));
        let Ok(parsed) = parse(text) else { continue };
        group.bench_function(format!("{name}, canonical"), |bench| {
            bench.iter(|| canonical_text(black_box(&parsed.query)));
        });
        group.bench_function(format!("{name}, compiled"), |bench| {
            bench.iter(|| Matcher::new(&Normal::of(black_box(&parsed.query.filter))));
        });
    }
    group.finish();
}

criterion_group!(benches, filters);
criterion_main!(benches);
