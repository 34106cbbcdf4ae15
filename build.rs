//! Leaves the tables of unwinding out of release builds for Linux.
//!
//! They abort on a panic and print no backtrace (src/program/panic.rs), so nothing ever reads those tables: a thirteenth of
//! the program. `-C force-unwind-tables=no` keeps them, as the standard library has its own and link-time optimisation then
//! writes them for everything, and cargo knows no flags of one profile. Where it is not certain that the linker is GNU's or
//! LLVM's, they stay.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=discard.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|is| is == value);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    // Another linker would be named in the one or the other.
    let own_linker = env::var_os("RUSTC_LINKER").is_some() || flags.contains("link") || flags.contains("panic");
    // Of the profiles that cargo calls by this name, tests and benchmarks unwind; they are no `bins`.
    if is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && !own_linker {
        let folder = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-T{folder}/discard.ld");
    }
}
