//! Panics of the engine, caught: a defect in one statement becomes that statement's error, and ends neither its session nor
//! the program that embeds the server.
//! This works where panics unwind, as in test builds. The released program aborts on a panic; its panic hook turns that into
//! an orderly end.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

#[cfg(any(debug_assertions, feature = "rehearsal"))]
static PANIC_REQUESTED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Makes the next caught call panic, for tests of the whole program.
#[cfg(any(debug_assertions, feature = "rehearsal"))]
pub fn rehearse() {
    PANIC_REQUESTED.store(true, std::sync::atomic::Ordering::SeqCst);
}

/// Panics once if a test has asked for it.
fn panic_if_rehearsed() {
    #[cfg(any(debug_assertions, feature = "rehearsal"))]
    if PANIC_REQUESTED.swap(false, std::sync::atomic::Ordering::SeqCst) {
        std::panic::panic_any("a value that must not be shown");
    }
}

/// Runs `work` and catches its panic. After one, the caller must use nothing that `work` was changing unless it knows it to
/// be sound.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    let before = IS_CAUGHT.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        panic_if_rehearsed();
        work()
    }));
    IS_CAUGHT.set(before);
    outcome
}

/// Returns whether a panic in this thread would be caught, so that a panic hook has nothing to print or restore.
pub fn is_caught() -> bool {
    IS_CAUGHT.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_known_to_be_caught_and_one_outside_is_not() {
        assert!(!is_caught());
        assert!(catch(|| assert!(!is_caught(), "inside")).is_err());
        assert!(!is_caught());
        assert_eq!(catch(|| 7).ok(), Some(7));
    }
}
