//! Work spread over the cores, with results that do not depend on how.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does every job on up to `threads` threads, begun in the order given. `work` returns `None` for a job that has
/// become needless. `done` is told each result with its job's index, in any order; of several errors the one of the
/// earliest job is returned.
///
/// # Errors
/// The error of a job; jobs not begun by then are not done.
pub fn each<J: Sync, R: Send, E: Send>(
    jobs: &[J],
    threads: usize,
    work: impl Fn(&J) -> Result<Option<R>, E> + Sync,
    done: impl FnMut(usize, R) + Send,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(done);
    let failed = Mutex::new(None::<(usize, E)>);
    let worker = || {
        loop {
            // Relaxed: the counter only gives out numbers. What jobs leave behind goes through the mutexes.
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(index) else { return };
            match work(job) {
                Ok(Some(result)) => done.lock().unwrap_or_else(PoisonError::into_inner)(index, result),
                Ok(None) => {}
                Err(error) => {
                    // Every worker finds no job from here on, and ends after the one that it is at.
                    next.store(jobs.len(), Ordering::Relaxed);
                    let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                    // Jobs before this one may still be under way on other threads, and fail after it.
                    if failed.as_ref().is_none_or(|(earliest, _)| index < *earliest) {
                        *failed = Some((index, error));
                    }
                }
            }
        }
    };
    std::thread::scope(|scope| {
        // `clamp` panics where its bounds are the wrong way round, as they would be without jobs.
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(worker);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once_whatever_the_number_of_threads() {
        for threads in [1, 2, 7] {
            let jobs: Vec<u64> = (0..100).collect();
            let mut results = vec![None; 100];
            let square = |job: &u64| Ok::<_, ()>((job & 3 != 0).then_some(job * job));
            each(&jobs, threads, square, |index, result| results[index] = Some(result)).unwrap();
            let expected: Vec<_> = jobs.iter().map(|job| (job & 3 != 0).then_some(job * job)).collect();
            assert_eq!(results, expected);
        }
    }

    #[test]
    fn an_error_ends_the_work_and_comes_back() {
        let jobs: Vec<u64> = (0..1000).collect();
        let mut done = 0;
        let work = |job: &u64| if *job == 10 { Err("ten") } else { Ok(Some(())) };
        assert_eq!(each(&jobs, 1, work, |_, ()| done += 1), Err("ten"));
        assert_eq!(done, 10);
    }
}
