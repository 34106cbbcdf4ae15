//! Platforms that Octopus Server runs on, and what is written differently for each: paths and programs.
//!
//! A platform is a value, never the host that this program runs on: a script for Windows is written, and its paths are
//! judged, on Linux too. [`std::path`] goes by the host, so no path of a target may be judged with it.

/// A platform. Octopus' nodes must all be of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Linux,
    Windows,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Linux, Self::Windows];

    /// Reads what a machine calls its system. Linux' distributions have names of their own (`Ubuntu 24.04.1 LTS`, `Rocky
    /// Linux 9.4`), which no list would ever hold, while Windows always says that it is one: so any system that this program can
    /// run on and that is not Windows is Linux. `None` for the empty text and for systems that Octopus does not run on.
    pub fn of_system(system: &str) -> Option<Self> {
        let says = |word: &str| {
            let mut words = system.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|own| own.eq_ignore_ascii_case(word))
        };
        if system.trim().is_empty() || ["freebsd", "openbsd", "netbsd", "macos", "darwin"].into_iter().any(says) {
            return None;
        }
        Some(if says("windows") { Self::Windows } else { Self::Linux })
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }

    pub const fn is_windows(self) -> bool {
        matches!(self, Self::Windows)
    }

    /// Returns the home directory that is offered for a node.
    pub const fn default_home(self) -> &'static str {
        match self {
            Self::Linux => "/var/lib/octopus",
            Self::Windows => "C:\\Octopus",
        }
    }

    /// Returns what Octopus Server's program is called.
    pub const fn server_program(self) -> &'static str {
        match self {
            Self::Linux => "Octopus.Server",
            Self::Windows => "Octopus.Server.exe",
        }
    }

    /// Returns whether a path leads to its place from any folder. On Windows it begins with a drive and a root (`C:\`) or names a
    /// server and a share (`\\server\share`).
    pub fn is_absolute(self, path: &str) -> bool {
        match self {
            Self::Linux => path.starts_with('/'),
            Self::Windows => match path.as_bytes() {
                [letter, b':', b'\\' | b'/', ..] => letter.is_ascii_alphabetic(),
                _ => is_unc(path) && self.parts(path).count() >= 2,
            },
        }
    }

    /// Returns the names in a path, from the first one on, without its root. A drive is a name of its own.
    pub fn parts(self, path: &str) -> impl DoubleEndedIterator<Item = &str> {
        path.split(move |c| self.is_separator(c)).filter(|part| !part.is_empty() && *part != ".")
    }

    /// Returns whether a path goes up again somewhere.
    pub fn has_detour(self, path: &str) -> bool {
        self.parts(path).any(|part| part == "..")
    }

    /// Returns whether an absolute path is the root of a disk or of a share.
    pub fn is_root(self, path: &str) -> bool {
        let roots = match self {
            Self::Linux => 0,
            Self::Windows if is_unc(path) => 2,
            Self::Windows => 1,
        };
        self.parts(path).count() <= roots
    }

    /// Returns a path below a folder, written as the folder is.
    pub fn join(self, folder: &str, name: &str) -> String {
        // A path of Windows may be written with slashes, but not half and half.
        let has_slashes_only = folder.contains('/') && !folder.contains('\\');
        let separator = if self.is_windows() && !has_slashes_only { '\\' } else { '/' };
        let joint =
            if folder.ends_with(|c| self.is_separator(c)) || folder.is_empty() { String::new() } else { separator.into() };
        format!("{folder}{joint}{name}")
    }

    /// Returns the folder that a path is in; `None` for a root or a mere name.
    pub fn parent(self, path: &str) -> Option<&str> {
        let path = path.trim_end_matches(|c| self.is_separator(c));
        let end = path.rfind(|c| self.is_separator(c))?;
        let parent = path.get(..end)?.trim_end_matches(|c| self.is_separator(c));
        let is_root = parent.is_empty() || (self.is_windows() && has_drive(parent) && parent.len() == 2);
        Some(if is_root { path.get(..=end)? } else { parent })
    }

    /// Returns whether two paths are written for the same place. Windows does not tell case apart, nor `/` from `\`.
    pub fn is_same_path(self, one: &str, other: &str) -> bool {
        let same = |one: &str, other: &str| match self {
            Self::Linux => one == other,
            Self::Windows => one.eq_ignore_ascii_case(other),
        };
        let (mut one, mut other) = (self.parts(one), self.parts(other));
        loop {
            match (one.next(), other.next()) {
                (None, None) => return true,
                (Some(a), Some(b)) if same(a, b) => {}
                _ => return false,
            }
        }
    }

    const fn is_separator(self, c: char) -> bool {
        c == '/' || (self.is_windows() && c == '\\')
    }
}

/// Returns whether a path is one of the network as Windows writes it.
pub fn is_unc(path: &str) -> bool {
    path.starts_with("\\\\") || path.starts_with("//")
}

/// Returns whether a path begins with a drive's letter.
pub fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_says_so_and_linux_has_many_names() {
        for (system, family) in [
            ("Linux 6.1", Some(Platform::Linux)),
            ("Debian GNU/Linux 12 (bookworm)", Some(Platform::Linux)),
            ("Ubuntu 24.04.1 LTS", Some(Platform::Linux)),
            ("Alpine", Some(Platform::Linux)),
            (" WINDOWS Server 2025", Some(Platform::Windows)),
            ("Microsoft Windows Server 2022", Some(Platform::Windows)),
            ("FreeBSD 14", None),
            (" ", None),
        ] {
            assert_eq!(Platform::of_system(system), family, "{system}");
        }
    }

    #[test]
    fn a_path_is_judged_by_the_rules_of_its_platform() {
        use Platform::{Linux, Windows};
        for (platform, path, absolute, root) in [
            (Linux, "/", true, true),
            (Linux, "/var/lib/octopus", true, false),
            (Linux, "C:\\Octopus", false, false),
            (Linux, "octopus", false, false),
            (Windows, "C:\\", true, true),
            (Windows, "C:\\Octopus", true, false),
            (Windows, "c:/Octopus", true, false),
            (Windows, "C:Octopus", false, true),
            (Windows, "\\Octopus", false, true),
            (Windows, "/var/lib", false, false),
            (Windows, "\\\\files\\octopus", true, true),
            (Windows, "\\\\files\\octopus\\logs", true, false),
            (Windows, "\\\\files", false, true),
            (Windows, "", false, true),
        ] {
            assert_eq!((platform.is_absolute(path), platform.is_root(path)), (absolute, root), "{platform:?} {path}");
        }
        assert!(Windows.has_detour("C:\\a\\..\\b") && !Linux.has_detour("/a\\..\\b") && Linux.has_detour("/a/../b"));
    }

    #[test]
    fn paths_are_joined_taken_apart_and_compared() {
        use Platform::{Linux, Windows};
        for (platform, folder, whole) in [
            (Linux, "/srv/octopus", "/srv/octopus/x.toml"),
            (Linux, "/srv/octopus/", "/srv/octopus/x.toml"),
            (Windows, "C:\\Octopus", "C:\\Octopus\\x.toml"),
            (Windows, "C:\\", "C:\\x.toml"),
            (Windows, "C:/Octopus", "C:/Octopus/x.toml"),
        ] {
            assert_eq!(platform.join(folder, "x.toml"), whole);
            assert!(platform.is_same_path(platform.parent(whole).unwrap(), folder), "{whole}");
        }
        assert_eq!(Windows.parent("C:\\x"), Some("C:\\"));
        assert_eq!((Linux.parent("/a"), Linux.parent("/"), Linux.parent("a")), (Some("/"), None, None));
        assert!(Windows.is_same_path("C:\\Octopus\\", "c:/octopus") && !Linux.is_same_path("/Octopus", "/octopus"));
        assert!(Linux.is_same_path("/var//lib/./octopus/", "/var/lib/octopus"));
    }
}
