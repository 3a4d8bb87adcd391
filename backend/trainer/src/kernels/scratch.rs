//! Working memory that each thread keeps between calls, because fresh pages cost more than the arithmetic on them.

use std::cell::Cell;

thread_local! {
    static FREE: Cell<Vec<Vec<f32>>> = const { Cell::new(Vec::new()) };
}

/// Lends `work` a buffer of `length` values, all zero, and takes it back.
///
/// Buffers nest: `work` may lend again, also when the thread picks up another task in the meantime.
pub(super) fn with_zeros<T>(length: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    let mut free = FREE.take();
    let mut buffer = free.pop().unwrap_or_default();
    FREE.set(free);
    buffer.clear();
    buffer.resize(length, 0.0);
    let result = work(&mut buffer);
    let mut free = FREE.take();
    free.push(buffer);
    FREE.set(free);
    result
}
