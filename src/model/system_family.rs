//! Families of operating systems.

/// A family of operating systems. Octopus' nodes must all be of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemFamily {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl SystemFamily {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Linux, Self::Windows];

    /// By the first word of what a machine is called; `None` for one that Octopus does not run on.
    pub fn of(system: &str) -> Option<Self> {
        match system.split_whitespace().next()? {
            word if word.eq_ignore_ascii_case("linux") => Some(Self::Linux),
            word if word.eq_ignore_ascii_case("windows") => Some(Self::Windows),
            _ => None,
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_tells_it() {
        for (system, family) in [
            ("Linux 6.1", Some(SystemFamily::Linux)),
            (" WINDOWS Server 2025", Some(SystemFamily::Windows)),
            ("FreeBSD 14", None),
            ("Not Linux", None),
            ("", None),
        ] {
            assert_eq!(SystemFamily::of(system), family, "{system}");
        }
    }
}
