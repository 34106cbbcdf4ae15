//! What goes wrong on purpose.
//!
//! A file `faults/VERB`, or `faults/VERB@WORD` where the call has that word among its options, says what happens at a call:
//! `fail N` ends it with this status, `hang` never ends it, `flood` prints 100 MB and goes on, `leak` prints all that it was
//! given, in pieces, and ends with status 1, `lie` does nothing and says that all is well, `kill` ends it by a signal. With `once`
//! before it, it happens once. A running node reads `faults/ping` (the status to answer) and `faults/beat` (`mute`: no heartbeat). With
//! `faults/row` (`late`) a node's row is changed at its start and not before.

use std::fs;
use std::io::Write;

use super::place::Place;

pub enum Told {
    /// End with this status.
    End(u8),
    /// Do as if nothing had been.
    GoOn,
}

pub fn befall(place: &Place, verb: &str, words: &[String]) -> Option<Told> {
    let names = std::iter::once(verb.to_owned()).chain(words.iter().map(|word| format!("{verb}@{word}")));
    let path =
        names.filter(|name| !name.contains('/')).map(|name| place.path("faults").join(name)).find(|path| path.is_file())?;
    let text = fs::read_to_string(&path).ok()?;
    let text = text.trim();
    let fault = match text.strip_prefix("once ") {
        Some(fault) => {
            // It is over before it happens, since it may be the end.
            fs::remove_file(&path).ok()?;
            fault
        }
        None => text,
    };
    match fault.split_once(' ').unwrap_or((fault, "")) {
        ("fail", status) => {
            println!("Checking a few things first.");
            eprintln!("Something is wrong with {verb}.");
            Some(Told::End(status.parse().unwrap_or(1)))
        }
        ("hang", _) => loop {
            std::thread::park();
        },
        ("flood", _) => {
            let line = format!("{}\n", "0123456789abcde".repeat(64));
            let mut out = std::io::stdout().lock();
            for _ in 0..(100 << 20) / line.len() {
                out.write_all(line.as_bytes()).ok()?;
            }
            Some(Told::GoOn)
        }
        ("leak", _) => {
            leak(words);
            Some(Told::End(1))
        }
        ("lie", _) => {
            println!("All is well.");
            Some(Told::End(0))
        }
        ("kill", _) => {
            #[cfg(unix)]
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
            Some(Told::End(137))
        }
        _ => {
            eprintln!("There is no fault {fault}.");
            Some(Told::End(99))
        }
    }
}

/// Prints everything that was given, one byte at a time, as it is and as XML and JSON have it.
fn leak(words: &[String]) {
    let environment: Vec<String> = std::env::vars()
        .filter(|(name, _)| name.starts_with("OCTOPUS_"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let licence = words.iter().position(|word| word == "--licenseFile").and_then(|place| words.get(place + 1));
    let licence = licence.and_then(|path| fs::read_to_string(path).ok());
    for text in words.iter().chain(&environment).chain(&licence) {
        let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let json = serde_json::Value::from(text.as_str()).to_string();
        for form in [text, &xml, &json] {
            for byte in format!("given: {form}\n").into_bytes() {
                let (mut out, mut err) = (std::io::stdout(), std::io::stderr());
                let _ = out.write_all(&[byte]).and_then(|()| out.flush()).and_then(|()| err.write_all(&[byte]));
            }
        }
    }
}
