//! The words of the screens, embedded from `screens/*.toml`.
