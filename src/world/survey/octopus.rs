//! Surveys Octopus Server itself on this machine: its program, version, instances and service.
//!
//! The program is run twice, for its version and for its instances. Nothing is changed, and if it hangs or lies, that costs only its
//! own fact. The service is found by systemd's unit files, and not by `systemctl`, which containers lack.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::join;
use serde_json::Value;

use crate::model::facts::{Fact, OctopusFacts, Trouble};
use crate::model::names::instance_key;
use crate::model::octopus::CommandFailure;
use crate::model::untrusted::Untrusted;
use crate::world::budget::{fact_within, within};
use crate::world::octopus_server::{self, Call, Ended, Masks, read_instances};
use crate::world::places::Places;
use crate::world::small_file;
use crate::world::toml_file::shown;

/// Looks for the program, and asks it for its version and its instances. The first snapshot says where it is.
pub async fn octopus(places: &Places, program: Option<&Path>, instance: &str, mut report: impl FnMut(OctopusFacts) + Send) {
    let (here, asked) = (places.clone(), program.map(Path::to_owned));
    let program = fact_within(BUDGET, move || Fact::Seen(find_program(&here, asked.as_deref()))).await;
    let mut facts = OctopusFacts { program, ..OctopusFacts::default() };
    report(facts.clone());
    let (folders, named) = (places.unit_folders.clone(), instance.to_owned());
    let service = fact_within(BUDGET, move || find_service(&folders, &named));
    if let Fact::Seen(Some(program)) = facts.program.clone() {
        // One after the other: two .NET programs at once are slower on a small machine.
        let asked = async {
            let version = ask_version(&program, ASK_BUDGET).await;
            let instances = ask_instances(&program, ASK_BUDGET).await;
            (version, instances)
        };
        let ((version, instances), service) = join(asked, service).await;
        (facts.version, facts.instances, facts.service) = (version, instances, service);
    } else {
        facts.version = Fact::Missing(Trouble::Unasked);
        facts.instances = Fact::Missing(Trouble::Unasked);
        facts.service = service.await;
    }
    if facts.instances.seen().is_none() {
        facts.instances = recorded(places, facts.instances).await;
    }
    report(facts);
}

/// Reads Octopus' own instance registry, if the program did not answer. These are files, so they do not depend on the program; but a
/// later version may keep them elsewhere, so the program's answer is preferred.
async fn recorded(places: &Places, told: Fact<Vec<(Untrusted, Untrusted)>>) -> Fact<Vec<(Untrusted, Untrusted)>> {
    let folder = places.octopus_instances.clone();
    let recorded = fact_within(BUDGET, move || Fact::Seen(list_instances(&folder).0)).await;
    match recorded {
        Fact::Seen(records) if !records.is_empty() => Fact::Seen(records),
        _ => told,
    }
}

/// The budget for looking at a few paths, one of which may be on a dead share, or at a few hundred small files.
const BUDGET: Duration = Duration::from_secs(5);
/// Returns the program that was asked for and no other, or else the first in the usual places.
///
/// On Windows the installer also writes its folder to the registry key `HKLM\Software\Octopus\OctopusServer`. None of our
/// dependencies reads the registry, so the operator has to say where if Octopus Server is installed elsewhere.
pub(super) fn find_program(places: &Places, asked: Option<&Path>) -> Option<PathBuf> {
    match asked {
        Some(path) => path.is_file().then(|| path.to_owned()),
        None => places.octopus_executables.iter().find(|path| path.is_file()).cloned(),
    }
}

/// The budget for the program. A .NET program that was not started for a while takes a second or two.
pub(super) const ASK_BUDGET: Duration = Duration::from_secs(10);
/// The most characters that are quoted of an unexpected output.
const QUOTED: usize = 300;

/// The program's answer.
#[derive(Debug)]
pub(super) struct Said {
    /// The cleaned lines of its output, then of its errors.
    lines: Vec<Untrusted>,
    outcome: Result<(), CommandFailure>,
}

impl Said {
    /// All of it.
    pub(super) fn text(&self) -> String {
        self.lines.iter().map(Untrusted::as_str).collect::<Vec<_>>().join("\n")
    }

    /// Describes an unexpected answer: how the program ended, and its first words.
    pub(super) fn no_answer(&self, what: &str) -> Trouble {
        let ending = match self.outcome {
            Ok(()) => "it ended with status 0".to_owned(),
            Err(CommandFailure::Status(status)) => format!("it ended with status {status}"),
            Err(_) => "it was ended by a signal".to_owned(),
        };
        let all = self.text();
        let all = Untrusted::new(&all);
        let mut quoted: String = all.as_str().chars().take(QUOTED).collect();
        if quoted.len() < all.as_str().len() {
            quoted.push('…');
        }
        let said = if quoted.is_empty() { "and printed nothing".to_owned() } else { format!("and printed: {quoted}") };
        Trouble::Io(format!("asked for {what}, {ending} {said}").into())
    }
}

/// Runs `<program> <words>` for at most `budget`, and always ends it.
pub(super) async fn ask(program: &Path, words: &[&str], budget: Duration) -> Result<Said, Trouble> {
    if let Some(said) = octopus_server::refusal(program) {
        return Err(Trouble::Io(said.trim_end_matches('.').into()));
    }
    let Ended { outcome, said } = octopus_server::run(program, &Call::plain(words), &Masks::default(), budget).await;
    match outcome {
        Err(CommandFailure::TimedOut(waited)) => Err(Trouble::TimedOut { waited }),
        // The output says why.
        Err(CommandFailure::NotStarted) => {
            Err(Trouble::Io(said.first().map_or_else(|| "it could not be started".into(), Clone::clone)))
        }
        outcome => Ok(Said { lines: said, outcome }),
    }
}

/// Returns the version of the installed program; [`Trouble::Unasked`] if there is none.
pub(super) async fn installed_version(places: &Places) -> Fact<Untrusted> {
    let here = places.clone();
    match within(BUDGET, move || find_program(&here, None)).await {
        Ok(Some(program)) => ask_version(&program, ASK_BUDGET).await,
        Ok(None) => Fact::Missing(Trouble::Unasked),
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// Asks the program for its version.
pub(super) async fn ask_version(program: &Path, budget: Duration) -> Fact<Untrusted> {
    match ask(program, &["version"], budget).await {
        Ok(said) => match version_in(&said.text()) {
            Some(version) => Fact::Seen(version.into()),
            None => Fact::Missing(said.no_answer("its version")),
        },
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// Returns the first word that is a version of at least three numbers: `2024.4.6962`, `2025.1.10-beta`.
fn version_in(text: &str) -> Option<&str> {
    text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric())).find(|word| {
        let numbers = word.split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<_> = numbers.split('.').collect();
        let number = |text: &&str| !text.is_empty() && text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        (3..=4).contains(&numbers.len()) && numbers.iter().all(number) && word.len() <= 64
    })
}

/// Asks the program for its instances' names and config files. An older one that lacks the option prints text.
pub(super) async fn ask_instances(program: &Path, budget: Duration) -> Fact<Vec<(Untrusted, Untrusted)>> {
    match ask(program, &["list-instances", "--format=json"], budget).await {
        Ok(said) => match read_instances(&said.text()) {
            Some(instances) => Fact::Seen(instances.into_iter().map(|listed| (listed.name, listed.config)).collect()),
            None => Fact::Missing(said.no_answer("its instances")),
        },
        Err(trouble) => Fact::Missing(trouble),
    }
}

/// An instance in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// The key that its file is named after; it is the name's, unless somebody has named the file otherwise.
    pub(super) key: String,
    pub(super) name: String,
    /// Its `OctopusServer.config`.
    pub(super) config: PathBuf,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnreadRecord {
    /// The key of the instance that its file is named after; empty for the folder itself.
    pub(super) key: String,
    /// What is wrong with it, as a sentence.
    pub(super) says: Untrusted,
}

/// Returns the name and the config file of each instance that Octopus Server's own list tells of.
pub fn octopus_instances(places: &Places) -> Vec<(String, PathBuf)> {
    let (records, _) = read_records(&places.octopus_instances);
    records.into_iter().map(|record| (record.name, record.config)).collect()
}

/// Returns each instance's name and config file, and sentences about what could not be read.
pub(super) fn list_instances(folder: &Path) -> (Vec<(Untrusted, Untrusted)>, Vec<Untrusted>) {
    let (records, unread) = read_records(folder);
    let records = records.into_iter().map(|record| (record.name.into(), shown(&record.config))).collect();
    (records, unread.into_iter().map(|unread| unread.says).collect())
}

/// Reads the records, and returns those that cannot be read besides.
pub(super) fn read_records(folder: &Path) -> (Vec<Record>, Vec<UnreadRecord>) {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    let mut refused = |path: &Path, key: String, error: &Error| {
        unread.push(UnreadRecord { key, says: Untrusted::new(&format!("{} cannot be read: {error}.", shown(path))) });
    };
    match small_file::list(folder, "config") {
        Ok(paths) => {
            for path in paths {
                let key = instance_key(&path.file_stem().unwrap_or_default().to_string_lossy());
                let record = small_file::read(&path, small_file::LIMIT).and_then(|bytes| {
                    let text = small_file::decode(&bytes)?;
                    record(&key, &text).ok_or_else(|| Error::new(ErrorKind::InvalidData, "it is no instance record of Octopus"))
                });
                match record {
                    Ok(record) => found.push(record),
                    Err(error) => refused(&path, key, &error),
                }
            }
        }
        // A path through a file leads nowhere, so no record is there.
        Err(error) if error.kind() == ErrorKind::NotADirectory => {}
        Err(error) => refused(folder, String::new(), &error),
    }
    (found, unread)
}

/// Reads `Name` and `ConfigurationFilePath` in upper or lower case; other fields are Octopus' own. A blank one is none.
fn record(key: &str, text: &str) -> Option<Record> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return None };
    let field = |name: &str| {
        let (_, value) = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
    };
    Some(Record { key: key.to_owned(), name: field("name")?, config: field("configurationfilepath")?.into() })
}

/// The most bytes of a unit file of Octopus.
const LARGEST: u64 = 64 << 10;
/// The name of the default instance's service, and the part of others' names before a colon.
const SERVICE: &str = "OctopusDeploy";
/// The default instance.
const DEFAULT: &str = "OctopusServer";

/// Finds the service of this instance. On Windows only the service manager knows, which none of our dependencies asks; without
/// systemd's folders the machine has no services that we know of.
fn find_service(folders: &[PathBuf], instance: &str) -> Fact<Option<Untrusted>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_is_printed() {
        for (text, expected) in [
            ("2024.4.6962\n", Some("2024.4.6962")),
            ("Octopus Deploy: Server version (2025.1.10-beta.2) \nCopyright 2.0", Some("2025.1.10-beta.2")),
            ("warning 1.2\n2018.3.1.5", Some("2018.3.1.5")),
            ("v1.2.3", None),
            ("1..2 1.2. 127.0.0.0.1 99999999999.1.1", None),
            ("", None),
        ] {
            assert_eq!(version_in(text), expected, "{text}");
        }
    }

    #[test]
    fn the_two_fields_are_found_among_others() {
        let expected =
            Some(Record { key: "x".into(), name: "Default".into(), config: r"C:\Octopus\OctopusServer.config".into() });
        assert_eq!(record("x", r#"{"Name":"Default","ConfigurationFilePath":"C:\\Octopus\\OctopusServer.config"}"#), expected);
        assert_eq!(
            record(
                "x",
                r#" { "Other": {"Name": "x", "y": [1, "z"]}, "n": null, "configurationFilePath" : "C:\\Octopus\\OctopusServer.config",
                "\u004eame": "Default" } "#
            ),
            expected
        );
    }

    #[test]
    fn what_is_malformed_is_no_record() {
        let deep = "[".repeat(10_000);
        for text in [
            "",
            "{}",
            "]",
            r#"{"Name":"a"}"#,
            r#"{"Name":"a","ConfigurationFilePath":7}"#,
            r#"{"Name":"a"#,
            r#"{"Name":"\u12"#,
            &deep,
        ] {
            assert_eq!(record("x", text), None, "{text}");
        }
    }

    #[test]
    fn one_bad_file_hides_no_other_and_no_folder_is_no_trouble() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a.config"), [0xff, 0xfe]).expect("written");
        std::fs::write(folder.path().join("b.config"), "\u{feff}{\"Name\":\"b\",\"ConfigurationFilePath\":\"/b\"}")
            .expect("written");
        let (found, unreadable) = list_instances(folder.path());
        assert_eq!(found, [("b".into(), "/b".into())]);
        assert_eq!(unreadable.len(), 1);
        assert_eq!(list_instances(&folder.path().join("none")), (Vec::new(), Vec::new()));
    }

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

/// Against programs that are made for it: small scripts that tell, stay silent, hang, or print without end.
#[cfg(test)]
#[cfg(unix)]
mod program_tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;

    struct Scene {
        folder: tempfile::TempDir,
        places: Places,
    }

    impl Scene {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let mut places = Places::under(folder.path().join("state"));
            places.octopus_executables = vec![folder.path().join("none"), folder.path().join("Octopus.Server")];
            places.octopus_instances = folder.path().join("instances");
            places.unit_folders = vec![folder.path().join("units")];
            Self { folder, places }
        }

        /// A script at this name. All of a test's are written before one is run: while one is open for writing, a child that
        /// another thread starts would inherit it, and the kernel runs no file that is open for writing.
        fn script(&self, name: &str, text: &str, mode: u32) -> PathBuf {
            let path = self.folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("changed");
            path
        }

        async fn survey(&self, program: Option<&Path>) -> OctopusFacts {
            let mut last = OctopusFacts::default();
            octopus(&self.places, program, "OctopusServer", |facts| last = facts).await;
            last
        }
    }

    fn said(trouble: Option<&Trouble>) -> &str {
        match trouble {
            Some(Trouble::Io(said)) => said.as_str(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_program_tells_its_version_and_its_instances() {
        let scene = Scene::new();
        let tells = r#"case "$1 $2" in
      "version ") echo 2026.4.1;;
      "list-instances --format=json")
        echo 'Error: something in String[] before it' >&2
        echo '[ { "InstanceName": "Default", "ConfigurationFilePath": "/o/x.config" } ]';;
    esac"#;
        scene.script("Octopus.Server", tells, 0o755);
        std::fs::create_dir(&scene.places.unit_folders[0]).expect("a folder");
        std::fs::write(scene.places.unit_folders[0].join("OctopusServer.service"), "").expect("written");
        let facts = scene.survey(None).await;
        assert_eq!(facts.program, Fact::Seen(Some(scene.places.octopus_executables[1].clone())));
        assert_eq!(facts.version, Fact::Seen("2026.4.1".into()));
        assert_eq!(facts.instances, Fact::Seen(vec![("Default".into(), "/o/x.config".into())]));
        assert_eq!(facts.service, Fact::Seen(Some("OctopusServer.service".into())));
    }

    #[tokio::test]
    async fn without_a_program_the_registry_s_files_tell_the_instances() {
        let scene = Scene::new();
        let facts = scene.survey(None).await;
        assert_eq!((&facts.program, &facts.instances), (&Fact::Seen(None), &Fact::Missing(Trouble::Unasked)));
        assert_eq!(facts.service, Fact::Seen(None));
        std::fs::create_dir(&scene.places.octopus_instances).expect("a folder");
        let record = r#"{"Name":"b","ConfigurationFilePath":"/b"}"#;
        std::fs::write(scene.places.octopus_instances.join("b.config"), record).expect("written");
        assert_eq!(scene.survey(None).await.instances, Fact::Seen(vec![("b".into(), "/b".into())]));
        let asked = scene.folder.path().join("not there");
        assert_eq!(scene.survey(Some(&asked)).await.program, Fact::Seen(None), "one that was asked for is looked for there only");
    }

    #[tokio::test]
    async fn a_program_that_tells_nothing_or_lies_is_told_of_with_its_own_words() {
        let scene = Scene::new();
        let mute = scene.script("mute", "exit 3", 0o755);
        let lies = scene.script("lies", "echo 'I am \x1b[31mfine'; exit 0", 0o755);
        let open = scene.script("open", "echo 2024.4.6962", 0o777);
        let dull = scene.script("dull", "echo 2024.4.6962", 0o644);
        let much = scene.script("much", "echo 2024.4.1; head -c 100000000 /dev/zero | tr '\\0' 'y'", 0o755);

        let facts = scene.survey(Some(&mute)).await;
        assert_eq!(said(facts.version.trouble()), "asked for its version, it ended with status 3 and printed nothing");
        let facts = scene.survey(Some(&lies)).await;
        assert!(said(facts.version.trouble()).ends_with("and printed: I am ^[[31mfine"), "{facts:?}");
        assert!(said(facts.instances.trouble()).starts_with("asked for its instances, it ended with status 0"), "{facts:?}");
        assert!(said(scene.survey(Some(&open)).await.version.trouble()).contains("can be changed by others"));
        assert!(said(scene.survey(Some(&dull)).await.version.trouble()).contains("denied"));
        let facts = scene.survey(Some(&much)).await;
        assert_eq!(facts.version, Fact::Seen("2024.4.1".into()));
        assert!(said(facts.instances.trouble()).contains("and printed: 2024.4.1 yyyy"));
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended() {
        let scene = Scene::new();
        let hangs = scene.script("hangs", "echo 2024.4.1; echo $$ > \"$0.pid\"; sleep 600 & sleep 600", 0o755);
        let waited = Duration::from_millis(300);
        assert_eq!(ask_version(&hangs, waited).await, Fact::Missing(Trouble::TimedOut { waited }));
        // Where it came so far as to write its number, it is gone. (What it started belongs to somebody else by now, who may not
        // have collected it yet.)
        let pid = std::fs::read_to_string(scene.folder.path().join("hangs.pid")).unwrap_or_default();
        if let Some(group) = pid.trim().parse().ok().and_then(rustix::process::Pid::from_raw) {
            assert_eq!(rustix::process::test_kill_process(group), Err(rustix::io::Errno::SRCH));
        }
    }
}
