//! Ends the whole program after a panic: restores the terminal, reports the place, exits.
//!
//! A panic in a task would otherwise leave the rest of the program running on a restored terminal. The panic's own text
//! is not shown, because it may contain a secret; the place is enough to find the defect.

use std::io::Write as _;
use std::panic;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use octopus_setup::faces::{plain, tui};

/// The exit status after a panic, the same as Rust's own.
const DEFECT: i32 = 101;

/// Set as soon as an uncaught panic has happened.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Installs a hook that restores the terminal and ends the program when any thread panics. The practice server's engine
/// is the exception: in builds whose panics unwind, it catches its own. Release builds abort on panic, so there a
/// defect of the practice server ends the program too, with the same message, and its data stays at the last
/// transaction.
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
        // Not `eprintln!`: it would panic again if standard error is closed, and a second panic aborts with a core
        // dump.
        let _ = writeln!(
            std::io::stderr(),
            "octopus-setup: a defect in {place} ended the program. What was done stays in the journal;\n\
             start octopus-setup again to go on. Please report the place."
        );
        process::exit(DEFECT);
    }));
}

/// Blocks until the process ends if another thread has panicked: errors that follow from the panic are not worth
/// reporting.
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

/// Panics where the tests ask for it: in the main thread, in a task, or in the practice server's engine. Does so only
/// in builds with debug assertions or the feature `rehearsal`.
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
    // A real panic, because the hook is what is being tested.
    panic::panic_any(secret);
}
