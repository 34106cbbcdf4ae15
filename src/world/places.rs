//! Where this program's own files are, and the few files of the system that it reads.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use directories::ProjectDirs;

use super::octopus_server::Patience;
use super::{host, ownership};
use crate::model::names::instance_key;
use crate::model::platform::Platform;

/// The environment variable that moves the state directory. Only `main` reads it, once.
pub const STATE_DIR_VARIABLE: &str = "OCTOPUS_SETUP_STATE_DIR";

/// Paths, as a value: a test has its own, and no code reads the environment twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The state directory: machine key, journals, instance list, locks.
    pub state: PathBuf,
    /// A state directory of earlier runs of this account, with something in it, that is not the one that is used.
    pub other_state: Option<PathBuf>,
    /// Octopus Server's own instance registry.
    pub octopus_instances: PathBuf,
    /// Where Octopus Server's executable may be; the first that exists counts.
    pub octopus_executables: Vec<PathBuf>,
    /// The folders of systemd's unit files, by precedence; Linux only.
    pub unit_folders: Vec<PathBuf>,
    /// The file with the operating system's name; Linux only.
    pub os_release: PathBuf,
    /// The file of this host's local users; Unix only.
    pub passwd: PathBuf,
    /// How long to wait for Octopus Server's commands and for its node.
    pub patience: Patience,
    /// The file of this host's local groups; Unix only.
    pub group: PathBuf,
}

/// The account that runs the program, as far as the choice of its state directory goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub platform: Platform,
    /// Whether it administers this machine: root, or an elevated administrator.
    pub is_administrator: bool,
    /// Windows' `%ProgramData%`.
    pub program_data: PathBuf,
    /// The account's own state directory; `None` if it has no home directory.
    pub own: Option<PathBuf>,
}

impl Account {
    /// Returns the account that runs this.
    fn detect() -> Self {
        let own = ProjectDirs::from("", "", "octopus-setup");
        Self {
            platform: host::platform(),
            is_administrator: ownership::is_administrator(),
            program_data: program_data(),
            own: own.map(|own| own.state_dir().unwrap_or_else(|| own.data_local_dir()).to_owned()),
        }
    }

    /// Returns the state directory that all administrators of the machine share.
    fn shared(&self) -> PathBuf {
        match self.platform {
            Platform::Linux => PathBuf::from("/var/lib/octopus-setup"),
            Platform::Windows => self.program_data.join("octopus-setup"),
        }
    }

    /// Chooses the state directory, and names another one that is in use as well. An administrator's is the machine's, so that two of them
    /// see the same instances and locks; but one in which earlier versions kept the account's own is found and kept. `None` if there is
    /// no place.
    fn state(&self, is_in_use: impl Fn(&Path) -> bool) -> Option<(PathBuf, Option<PathBuf>)> {
        if !self.is_administrator {
            return self.own.clone().map(|own| (own, None));
        }
        let (shared, own) = (self.shared(), self.own.clone().filter(|own| is_in_use(own)));
        Some(match own {
            Some(own) if own != shared && is_in_use(&shared) => (shared, Some(own)),
            Some(own) => (own, None),
            None => (shared, None),
        })
    }
}

/// Returns whether a state directory has anything in it that a run depends on. One that cannot be looked at counts; one of another account,
/// in whose home directory `sudo` may have left us, does not: that account's own runs are not ours.
fn is_in_use(state: &Path) -> bool {
    if state.symlink_metadata().is_ok_and(|seen| ownership::is_of_another(&seen)) {
        return false;
    }
    let places = Places::under(state.to_owned());
    let has_entries = |folder: PathBuf| match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != ErrorKind::NotFound,
    };
    let has_key = places.machine_key().symlink_metadata().map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true);
    has_key || has_entries(places.journals()) || has_entries(places.instances())
}

fn program_data() -> PathBuf {
    std::env::var_os("ProgramData").map_or_else(|| PathBuf::from(r"C:\ProgramData"), PathBuf::from)
}

impl Places {
    /// Returns the places of the account that runs this; `None` if it has no home directory and chose no state directory.
    pub fn of_this_user(chosen: Option<PathBuf>) -> Option<Self> {
        match chosen {
            Some(path) if !path.as_os_str().is_empty() => Some(Self::under(path)),
            _ => {
                let (state, other_state) = Account::detect().state(is_in_use)?;
                Some(Self { other_state, ..Self::under(state) })
            }
        }
    }

    /// Returns the places with this state directory and the system's usual files.
    pub fn under(state: PathBuf) -> Self {
        // Octopus' `ApplicationInstanceStore`: one file for each instance, in a folder that all users share.
        let octopus_instances = if cfg!(windows) {
            program_data().join("Octopus").join("OctopusServer").join("Instances")
        } else {
            PathBuf::from("/etc/octopus/OctopusServer/Instances")
        };
        let unit_folders = if cfg!(windows) {
            Vec::new()
        } else {
            ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"]
                .map(PathBuf::from)
                .to_vec()
        };
        Self {
            state,
            other_state: None,
            octopus_instances,
            octopus_executables: octopus_executables(),
            unit_folders,
            os_release: "/etc/os-release".into(),
            passwd: "/etc/passwd".into(),
            patience: Patience::default(),
            group: "/etc/group".into(),
        }
    }

    /// The machine key, under which secrets are sealed.
    pub fn machine_key(&self) -> PathBuf {
        self.state.join("machine.key")
    }

    /// The folder of the journals.
    pub fn journals(&self) -> PathBuf {
        self.state.join("journals")
    }

    /// The folder of the instance list.
    pub fn instances(&self) -> PathBuf {
        self.state.join("instances")
    }

    /// The folder of the list of instances that are not on this machine any more.
    pub fn departures(&self) -> PathBuf {
        self.state.join("departed")
    }

    /// An instance's entry in that list.
    pub fn departure(&self, instance: &str) -> PathBuf {
        entry(&self.departures(), instance, "toml")
    }

    /// An instance's journal.
    pub fn journal(&self, instance: &str) -> PathBuf {
        entry(&self.journals(), instance, "toml")
    }

    /// The file that passes an instance's licence to Octopus Server while that command runs. Not `toml`, which would make it a journal.
    pub fn licence(&self, instance: &str) -> PathBuf {
        entry(&self.journals(), instance, "licence")
    }

    /// An instance's entry in the instance list.
    pub fn instance(&self, instance: &str) -> PathBuf {
        entry(&self.instances(), instance, "toml")
    }

    /// The folder of the locks.
    pub fn locks(&self) -> PathBuf {
        self.state.join("locks")
    }

    /// An instance's lock.
    pub fn lock(&self, instance: &str) -> PathBuf {
        entry(&self.locks(), instance, "lock")
    }
}

/// Returns where Octopus Server's program may be: its usual place, then the folders of `PATH`.
fn octopus_executables() -> Vec<PathBuf> {
    // The default folder of the MSI. For Linux the only public source is Octopus' container image, which has it there.
    let (usual, name) = if cfg!(windows) {
        let programs = std::env::var_os("ProgramFiles").map_or_else(|| PathBuf::from(r"C:\Program Files"), PathBuf::from);
        (programs.join("Octopus Deploy").join("Octopus"), "Octopus.Server.exe")
    } else {
        (PathBuf::from("/Octopus"), "Octopus.Server")
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative folder depends on the working directory.
    let others = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    std::iter::once(usual).chain(others).map(|folder| folder.join(name)).collect()
}

/// Returns a file named after an instance. Names are checked before; should one slip through, it must not lead out of the folder, so
/// all but harmless characters are written as hexadecimal digits.
fn entry(folder: &Path, instance: &str, extension: &str) -> PathBuf {
    let mut name = String::new();
    for character in instance_key(instance).chars() {
        if character.is_alphanumeric() || matches!(character, '-' | '_') {
            name.push(character);
        } else {
            name.push('%');
            name.push_str(&HEXLOWER.encode(character.encode_utf8(&mut [0; 4]).as_bytes()));
        }
    }
    folder.join(format!("{name}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_state_directory_wins_and_an_empty_one_does_not_count() {
        let chosen = Places::of_this_user(Some("/srv/state".into())).expect("places");
        assert_eq!(chosen.journal("My Node"), Path::new("/srv/state/journals/my-node.toml"));
        assert_ne!(Places::of_this_user(Some(PathBuf::new())).map(|places| places.state), Some(PathBuf::new()));
    }

    #[test]
    fn an_administrators_state_is_the_machines_and_what_is_there_already_is_found() {
        let account = |platform, is_administrator| Account {
            platform,
            is_administrator,
            program_data: "/programs".into(),
            own: Some("/own/octopus-setup".into()),
        };
        let (own, linux, windows) = ("/own/octopus-setup", "/var/lib/octopus-setup", "/programs/octopus-setup");
        let state = |account: &Account, in_use: &[&str]| {
            let (state, other) = account.state(|path| in_use.iter().any(|used| path == Path::new(used))).expect("a place");
            (state.display().to_string(), other.map(|other| other.display().to_string()))
        };
        for (platform, shared) in [(Platform::Linux, linux), (Platform::Windows, windows)] {
            let administrator = account(platform, true);
            assert_eq!(state(&administrator, &[]), (shared.to_owned(), None));
            assert_eq!(state(&administrator, &[shared]), (shared.to_owned(), None));
            assert_eq!(state(&administrator, &[own]), (own.to_owned(), None), "found and kept");
            assert_eq!(state(&administrator, &[own, shared]), (shared.to_owned(), Some(own.to_owned())), "and told");
            for in_use in [&[][..], &[own], &[shared]] {
                assert_eq!(state(&account(platform, false), in_use), (own.to_owned(), None));
            }
            assert_eq!(Account { own: None, ..administrator }.state(|_| false).map(|(state, _)| state), Some(shared.into()));
            assert_eq!(Account { own: None, ..account(platform, false) }.state(|_| true), None);
        }
    }

    #[test]
    fn a_directory_counts_as_in_use_by_what_runs_depend_on() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!is_in_use(&folder.path().join("absent")));
        let places = Places::under(folder.path().to_owned());
        std::fs::create_dir_all(places.locks()).and_then(|()| std::fs::create_dir_all(places.journals())).expect("made");
        std::fs::write(places.lock("a"), "1").expect("written");
        assert!(!is_in_use(folder.path()), "a lock that was once taken is nothing");
        std::fs::write(places.journal("a"), "").expect("written");
        assert!(is_in_use(folder.path()));
        std::fs::remove_file(places.journal("a")).expect("removed");
        std::fs::write(places.machine_key(), "").expect("written");
        assert!(is_in_use(folder.path()));
        #[cfg(unix)]
        if std::os::unix::fs::chown(folder.path(), Some(54_321), None).is_ok() {
            assert!(!is_in_use(folder.path()), "another account's");
        }
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let places = Places::under("/s".into());
        assert_eq!(places.lock("../../etc/x"), Path::new("/s/locks/%2e%2e%2f%2e%2e%2fetc%2fx.lock"));
        assert_eq!(places.instance("Größe"), Path::new("/s/instances/größe.toml"));
    }
}
