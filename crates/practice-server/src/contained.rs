//! Panics of the engine, contained: one statement's defect is that statement's error, and ends neither its session nor the
//! program that the server is embedded in. So it is where panics unwind, as in the builds of the tests; the released program
//! aborts instead, which its panic hook turns into an orderly end, because unwinding costs it an eighth of its size.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

#[cfg(any(debug_assertions, feature = "rehearsal"))]
static REHEARSED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// The next thing that is run fails: for the tests of the whole program.
#[cfg(any(debug_assertions, feature = "rehearsal"))]
pub fn rehearse() {
    REHEARSED.store(true, std::sync::atomic::Ordering::SeqCst);
}

/// Fails where a test has asked for it, once.
fn fail_where_asked() {
    #[cfg(any(debug_assertions, feature = "rehearsal"))]
    if REHEARSED.swap(false, std::sync::atomic::Ordering::SeqCst) {
        std::panic::panic_any("a value that must not be shown");
    }
}

/// Runs something and catches its panic. Whatever it was working on is not to be used any more afterwards, but for
/// what the caller knows to be sound.
pub fn contain<T>(work: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    let before = CONTAINED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        fail_where_asked();
        work()
    }));
    CONTAINED.set(before);
    outcome
}

/// Whether a panic in this thread would be caught: a panic hook has then nothing to say and nothing to restore.
pub fn is_contained() -> bool {
    CONTAINED.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_inside_is_known_to_be_caught_and_one_outside_is_not() {
        assert!(!is_contained());
        assert!(contain(|| assert!(!is_contained(), "inside")).is_err());
        assert!(!is_contained());
        assert_eq!(contain(|| 7).ok(), Some(7));
    }
}
