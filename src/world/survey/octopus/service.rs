//! Finds an instance's service by systemd's unit files, and not by `systemctl`, which containers lack.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::facts::{Fact, Trouble};
use crate::model::names::instance_key;
use crate::model::untrusted::Untrusted;
use crate::world::small_file;

/// A few hundred small files on a local disk.
pub(super) const BUDGET: Duration = Duration::from_secs(5);
/// The most bytes of a unit file of Octopus.
const LARGEST: u64 = 64 << 10;
/// The name of the default instance's service, and the part of others' names before a colon.
const SERVICE: &str = "OctopusDeploy";
/// The default instance.
const DEFAULT: &str = "OctopusServer";

/// Finds the service of this instance. On Windows only the service manager knows, which none of our dependencies asks; without
/// systemd's folders the machine has no services that we know of.
pub(super) fn find_service(folders: &[PathBuf], instance: &str) -> Fact<Option<Untrusted>> {
    if cfg!(windows) {
        return Fact::Missing(Trouble::Unasked);
    }
    let mut there = false;
    let mut refused = None;
    for folder in folders {
        match small_file::list(folder, "service") {
            Ok(units) => {
                there |= folder.is_dir();
                if let Some(unit) = units.iter().find(|unit| is_of(unit, instance)) {
                    let name = unit.file_name().unwrap_or_default().to_string_lossy();
                    return Fact::Seen(Some(Untrusted::new(&name)));
                }
            }
            Err(error) => refused = Some(crate::world::budget::io(&error)),
        }
    }
    match refused {
        Some(trouble) if !there => Fact::Missing(trouble),
        _ => Fact::Seen(None),
    }
}

/// Returns whether a unit file belongs to this instance, by its name or by the command that it runs.
fn is_of(unit: &Path, instance: &str) -> bool {
    let stem = unit.file_stem().unwrap_or_default().to_string_lossy();
    if names(instance).iter().any(|name| stem.eq_ignore_ascii_case(name)) {
        return true;
    }
    // The name of another program's unit tells nothing, but its command does.
    let Ok(bytes) = small_file::read(unit, LARGEST) else { return false };
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter_map(|line| line.trim().strip_prefix("ExecStart=")).any(|command| runs(command, instance))
}

/// Returns the unit's possible names. Octopus' own code for Linux (the Tentacle's; the server's is not public) names it after the
/// instance, without slashes and with hyphens for blanks; Windows' name is tried too.
fn names(instance: &str) -> Vec<String> {
    let hyphened = instance.replace('/', "").split_whitespace().collect::<Vec<_>>().join("-");
    let mut names = vec![hyphened, format!("{SERVICE}: {instance}"), format!("{SERVICE}-{instance}")];
    if instance_key(instance) == instance_key(DEFAULT) {
        names.push(SERVICE.to_owned());
    }
    names
}

/// Returns whether this command runs Octopus Server with this instance. The product does not quote the name, which may have blanks: it
/// ends at the next option.
fn runs(command: &str, instance: &str) -> bool {
    let Some((_, options)) = command.split_once("Octopus.Server") else { return false };
    let Some((_, rest)) = options.split_once("--instance") else {
        // Without a name it is the default or only instance, unless it names a config file.
        return options.contains(" run") && !options.contains("--config") && instance_key(instance) == instance_key(DEFAULT);
    };
    let value = rest.trim_start_matches(['=', ' ']).split(" --").next().unwrap_or_default();
    instance_key(value.trim().trim_matches(['"', '\''])) == instance_key(instance)
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_known_by_its_name_or_by_what_it_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = [folder.path().join("none"), folder.path().to_owned()];
        let unit = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        assert_eq!(find_service(&folders, "OctopusServer"), Fact::Seen(None));
        unit("ssh.service", "[Service]\nExecStart=/usr/sbin/sshd -D\n");
        unit("My-Node.service", "");
        unit("other.service", "[Service]\nExecStart=/Octopus/Octopus.Server run --instance=Third One --noninteractive\n");
        assert_eq!(find_service(&folders, "OctopusServer"), Fact::Seen(None));
        assert_eq!(find_service(&folders, "my node"), Fact::Seen(Some("My-Node.service".into())));
        assert_eq!(find_service(&folders, "third-one"), Fact::Seen(Some("other.service".into())));
        unit("OctopusDeploy.service", "");
        assert_eq!(find_service(&folders, "octopusserver"), Fact::Seen(Some("OctopusDeploy.service".into())));
        assert_eq!(find_service(&folders[..1], "OctopusServer"), Fact::Seen(None), "no systemd at all");
    }

    #[test]
    fn what_a_unit_runs() {
        for (command, instance, is) in [
            ("/Octopus/Octopus.Server run --instance=Default --noninteractive", "default", true),
            ("/Octopus/Octopus.Server run --instance \"My Node\"", "my-node", true),
            ("/Octopus/Octopus.Server run --instance=Default", "Other", false),
            ("/Octopus/Octopus.Server run", "OctopusServer", true),
            ("/Octopus/Octopus.Server run", "Other", false),
            ("/Octopus/Octopus.Server run --config /x", "OctopusServer", false),
            ("/opt/octopus/tentacle/Tentacle run --instance=Default", "Default", false),
        ] {
            assert_eq!(runs(command, instance), is, "{command}");
        }
    }
}
