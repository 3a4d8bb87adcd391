//! Work done ahead on threads, handed over in order.
//!
//! Knows nothing of images: the order and the results are the same for any number of threads.

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

/// Makes items 0 to `count` - 1 on `workers` threads and gives them to `each` in order, on the calling thread.
///
/// Each thread is at most two items ahead of the consumer. `each` may end it early by breaking.
/// The share of a thread that cannot be started is made on the calling thread.
///
/// # Errors
/// The first error of `make`, in order of the items.
pub fn for_each_ahead<T: Send, E: Send>(
    count: usize,
    workers: usize,
    make: impl Fn(usize) -> Result<T, E> + Sync,
    mut each: impl FnMut(usize, T) -> ControlFlow<()>,
) -> Result<(), E> {
    let workers = workers.clamp(1, count.max(1));
    thread::scope(|scope| {
        let receivers: Vec<Option<Receiver<Result<T, E>>>> = (0..workers)
            .map(|worker| {
                let (sender, receiver) = sync_channel(1);
                let make = &make;
                let work = move || {
                    for index in (worker..count).step_by(workers) {
                        // The consumer is gone when it has seen enough.
                        if sender.send(make(index)).is_err() {
                            break;
                        }
                    }
                };
                thread::Builder::new().spawn_scoped(scope, work).ok().map(|_| receiver)
            })
            .collect();
        for index in 0..count {
            let made = match &receivers[index % workers] {
                Some(receiver) => {
                    // A worker that ended early has panicked, and the scope passes that on.
                    let Ok(made) = receiver.recv() else { break };
                    made
                }
                None => make(index),
            };
            if each(index, made?).is_break() {
                break;
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(
        count: usize,
        workers: usize,
        fail_at: Option<usize>,
        stop_at: usize,
    ) -> (Vec<usize>, Result<(), usize>) {
        let mut seen = Vec::new();
        let make = |index| if Some(index) == fail_at { Err(index) } else { Ok(index * 10) };
        let result = for_each_ahead(count, workers, make, |index, item| {
            assert_eq!(item, index * 10);
            seen.push(index);
            if index == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (seen, result)
    }

    #[test]
    fn items_come_in_order_whatever_the_number_of_threads() {
        for workers in [0, 1, 2, 3, 50] {
            assert_eq!(collect(20, workers, None, 99), ((0..20).collect(), Ok(())));
            assert_eq!(collect(0, workers, None, 99), (vec![], Ok(())));
            assert_eq!(collect(20, workers, Some(7), 99), ((0..7).collect(), Err(7)));
            assert_eq!(collect(20, workers, Some(7), 3), ((0..4).collect(), Ok(())));
        }
    }
}
