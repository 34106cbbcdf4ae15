//! The `octopus-setup` program: reads the command line, lays out the outside world as values, and hands over.

mod program;

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Wipes memory when it is freed: libraries copy secrets too, and buffers that grow leave copies behind.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    program::main()
}
