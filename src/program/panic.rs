//! A defect that got through: the terminal first, then words, then the end of the whole program.
//!
//! A panic in a task would otherwise leave the rest of the program running on a terminal that was given back. The panic's
//! own text is not shown, because it may hold a value; where it happened is enough to find it.

use std::io::Write as _;
use std::panic;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use octopus_setup::faces::{plain, tui};

/// The exit status after a panic, as Rust's own.
const DEFECT: i32 = 101;

/// Set from the moment of a panic that nobody catches.
static ENDING: AtomicBool = AtomicBool::new(false);

/// From now on a panic in any thread restores the terminal and ends the program. The practice server's engine is the
/// exception: it catches its own, in builds whose panics unwind. Released ones abort, and there a defect of the practice
/// server ends the program too, with these words and with its data as the last transaction left it.
pub fn install() {
    panic::set_hook(Box::new(|panicked| {
        if is_contained() {
            return;
        }
        ENDING.store(true, Ordering::SeqCst);
        tui::restore();
        plain::restore();
        let place = panicked.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        tracing::error!(place, "a defect ended the program");
        // Not `eprintln!`: where nobody can read it, it would panic once more, and the second panic aborts, with a core dump.
        let _ = writeln!(
            std::io::stderr(),
            "octopus-setup: a defect in {place} ended the program. What was done stays in the journal;\n\
             start octopus-setup again to go on. Please report the place."
        );
        process::exit(DEFECT);
    }));
}

/// Waits for the end of the process when another thread has panicked: what fails in its wake is not worth a word.
pub fn wait_if_ending() {
    while ENDING.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

#[cfg(feature = "practice")]
fn is_contained() -> bool {
    cfg!(panic = "unwind") && practice_server::panics::is_caught()
}

#[cfg(not(feature = "practice"))]
fn is_contained() -> bool {
    false
}

/// Panics where the tests ask for it: in the main thread, in a task, or in the practice server's engine; only in builds with
/// debug assertions or the feature `rehearsal`.
pub fn rehearse() {
    #[cfg(any(debug_assertions, feature = "rehearsal"))]
    match std::env::var("OCTOPUS_SETUP_REHEARSE_PANIC").as_deref() {
        Ok("main") => rehearsed(),
        Ok("task") => drop(tokio::spawn(async { rehearsed() })),
        #[cfg(feature = "practice")]
        Ok("practice") => practice_server::panics::rehearse(),
        _ => {}
    }
}

#[cfg(any(debug_assertions, feature = "rehearsal"))]
fn rehearsed() {
    let secret = "a value that must not be shown";
    // The hook is what is being rehearsed, so a real panic it is.
    panic::panic_any(secret);
}
