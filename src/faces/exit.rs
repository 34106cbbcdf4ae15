//! How the program ends, for whoever started it. The numbers are a promise: scripts hang on them.
//!
//! `review --check` has statuses of its own, as monitoring systems know them; see [`super::headless::Status`].

/// The exit status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; of a dry run: it would be done.
    Done,
    /// The command line cannot be obeyed, or there is no terminal where one is needed.
    Usage,
    /// The answers are refused: missing, malformed, unreadable. Nothing was written.
    Answers,
    /// The checks refuse: something has to be mended first, or a warning was not accepted. Nothing was written.
    Checks,
    /// Left unfinished: a step failed, or the key's keeping is not proven. The same command, or the next start, goes on.
    Unfinished,
    /// Left by the operator, or at the end of the input, with nothing written or with all of it undone.
    Left,
    /// Ended by a signal, with this status: 128 and the signal's number. The journal knows what was begun.
    Signal(u8),
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 2,
            Self::Answers => 3,
            Self::Checks => 4,
            Self::Unfinished => 7,
            Self::Left => 130,
            Self::Signal(status) => status,
        }
    }

    /// Its id for programs.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Usage => "usage",
            Self::Answers => "answers-refused",
            Self::Checks => "checks-refused",
            Self::Unfinished => "unfinished",
            Self::Left => "left",
            Self::Signal(_) => "interrupted",
        }
    }
}

/// What each status means, for the command line's help and the manual. 101 is Rust's own, of a panic.
pub const STATUSES: [(&str, &str); 8] = [
    ("0", "done; of a dry run: it would be done"),
    ("2", "usage, or no terminal where one is needed"),
    ("3", "the answers are refused; nothing written"),
    ("4", "the checks refuse; nothing written"),
    ("7", "left unfinished; the same command or the next start goes on"),
    ("101", "a defect of the program"),
    ("130", "left with nothing written"),
    ("129, 130, 131, 143", "ended by a signal; the journal knows what was begun"),
];

/// The same of `review --check`.
pub const CHECK_STATUSES: &str = "0 fine; 1 warnings; 2 stops; 3 not everything could be looked at; 64 usage";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_is_told() {
        let told: Vec<&str> = STATUSES.iter().flat_map(|(numbers, _)| numbers.split(", ")).collect();
        let plain = [Exit::Done, Exit::Usage, Exit::Answers, Exit::Checks, Exit::Unfinished, Exit::Left];
        for exit in plain.into_iter().chain([129, 130, 131, 143].map(Exit::Signal)) {
            assert!(told.contains(&exit.code().to_string().as_str()), "{exit:?}");
        }
    }
}
