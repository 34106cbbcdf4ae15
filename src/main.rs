//! The `octopus-setup` program: reads the command line, lays out the outside world as values, and hands over.

mod program;

use std::process::ExitCode;

fn main() -> ExitCode {
    program::main()
}
