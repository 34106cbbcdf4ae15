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

    /// By what a machine calls its system. Linux' distributions have names of their own (`Ubuntu 24.04.1 LTS`, `Rocky
    /// Linux 9.4`), which no list would ever hold, while Windows always says that it is one: so whatever this program can
    /// run on and is not Windows is Linux. `None` for the empty text and for systems that Octopus does not run on.
    pub fn of(system: &str) -> Option<Self> {
        let says = |word: &str| {
            let mut words = system.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|own| own.eq_ignore_ascii_case(word))
        };
        if system.trim().is_empty() || ["freebsd", "openbsd", "netbsd", "macos", "darwin"].into_iter().any(says) {
            return None;
        }
        Some(if says("windows") { Self::Windows } else { Self::Linux })
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
    fn windows_says_so_and_linux_has_many_names() {
        for (system, family) in [
            ("Linux 6.1", Some(SystemFamily::Linux)),
            ("Debian GNU/Linux 12 (bookworm)", Some(SystemFamily::Linux)),
            ("Ubuntu 24.04.1 LTS", Some(SystemFamily::Linux)),
            ("Alpine", Some(SystemFamily::Linux)),
            (" WINDOWS Server 2025", Some(SystemFamily::Windows)),
            ("Microsoft Windows Server 2022", Some(SystemFamily::Windows)),
            ("FreeBSD 14", None),
            (" ", None),
        ] {
            assert_eq!(SystemFamily::of(system), family, "{system}");
        }
    }
}
