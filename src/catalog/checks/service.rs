//! `service-account`, `service-rights` and `service-home`: whether Octopus Server can run as the account that was named.

use std::path::Path;

use super::{Case, Check, report, report_all, unknown};
use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Access, Fact, HomeState, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::flow::Flow;
use crate::model::quote::{self, powershell};
use crate::model::screen::ScreenId;
use crate::model::survey::{AccountKind, SurveyId};
use crate::model::web::ListenPrefix;

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    row(CheckId::ServiceAccount, FieldId::ServiceUser, judge_account),
    row(CheckId::ServiceRights, FieldId::ServiceAccount, judge_rights),
    row(CheckId::ServiceHome, FieldId::ServiceAccount, judge_home),
];

const fn row(id: CheckId, field: FieldId, judge: fn(&Case<'_>) -> Verdict) -> Check {
    Check { id, screen: ScreenId::Service, field: Some(field), surveys: &[SurveyId::Service], flows: &Flow::ALL, judge }
}

/// The account is named as its kind demands, and this machine knows it if it can tell.
fn judge_account(case: &Case<'_>) -> Verdict {
    if case.is_octopus_made() {
        return match &case.facts.node.octopus {
            Fact::Unknown => case.pending(),
            _ => Verdict::Unknown("OctopusServer.config does not name it".into()),
        };
    }
    let Ok(user) = read::service_user(case.answers) else { return Verdict::NotYet };
    let kind = read::account_kind(case.answers);
    let windows = case.is_on_windows();
    match kind {
        AccountKind::LocalSystem => {
            return match &case.facts.service.account {
                Fact::Unknown => case.pending(),
                _ => Verdict::Good(if windows { "local system" } else { "local system (root)" }.to_owned()),
            };
        }
        AccountKind::Managed => {
            if let Some(finding) = misnamed_managed_account(&user, windows) {
                return report(finding);
            }
        }
        AccountKind::Custom => {
            if let Some(finding) = windows.then(|| misformed_account(&user)).flatten() {
                return report(finding);
            }
        }
    }
    match &case.facts.service.account {
        Fact::Unknown => case.pending(),
        Fact::Seen(true) => Verdict::Good(format!("the account {user} is on this machine")),
        Fact::Seen(false) => report(no_such_account(&user, kind, windows)),
        // Domain accounts of a directory that does not answer are as good as unknown, and cannot be proven so.
        Fact::Missing(Trouble::Unasked) => Verdict::Unknown(format!("{user}; this machine cannot tell whether it exists")),
        Fact::Missing(Trouble::Io(said)) => {
            Verdict::Unknown(format!("{user}; this machine cannot tell whether it exists ({said})"))
        }
        Fact::Missing(Trouble::TimedOut { waited }) => report(Finding::warn(
            CheckId::ServiceAccount,
            format!("The directory did not tell within {} whether there is an account {user}.", format::duration(*waited)),
            "Check the account's name, and whether this machine reaches its directory; then try again.",
        )),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

/// The account can use the home directory, as far as this machine tells. Only a warning: a folder that is still to be made can be
/// given to the account afterwards.
fn judge_home(case: &Case<'_>) -> Verdict {
    let (Ok(user), Ok(home)) = (read::service_user(case.answers), read::home(case.answers)) else { return Verdict::NotYet };
    let (kind, windows) = (read::account_kind(case.answers), case.is_on_windows());
    if case.is_octopus_made() {
        return Verdict::Unknown("OctopusServer.config does not name the account".into());
    }
    let access = match &case.facts.service.home {
        Fact::Unknown => return case.pending(),
        _ if kind == AccountKind::LocalSystem => {
            return Verdict::Good(if windows { "local system" } else { "local system (root)" }.to_owned());
        }
        Fact::Missing(_) if windows => return report(unseen_home(&user, &home)),
        Fact::Missing(Trouble::Unasked) => {
            return Verdict::Unknown(format!("{user}; this machine cannot tell what it may do there"));
        }
        Fact::Missing(trouble) => return unknown(trouble),
        Fact::Seen(access) => access,
    };
    let (account, path) = (quote::bash(&user), quote::bash(&home.to_string_lossy()));
    let home = home.display();
    let warn = |says: String, fix: &str, command: String| report(Finding::warn(CheckId::ServiceHome, says, fix).command(command));
    match access {
        Access::Full => Verdict::Good(format!("{user} has full control, by owner and mode")),
        Access::Barred(folder) => warn(
            format!("The account {user} does not get to the home directory {home}; it may not enter {folder}."),
            "Let the account pass, or type a home directory elsewhere.",
            format!("sudo setfacl -m u:{account}:x {}", quote::bash(folder.as_str())),
        ),
        Access::Less if matches!(case.facts.home.folder, Fact::Seen(HomeState::Creatable { .. })) => warn(
            format!("The wizard makes {home} for the user that it runs as, and the account {user} could not use it."),
            "Make the folder for the account beforehand, and check again; or give it to the account after the install.",
            format!("sudo install -d -m 0750 -o {account} {path}"),
        ),
        Access::Less => warn(
            format!("The account {user} has no full control of the home directory {home}, by owner, group and mode."),
            "Give the folder to the account.",
            format!("sudo chown -R {account} {path}"),
        ),
    }
}

/// Windows' access control lists are not read; the command that grants the right does no harm where it is granted.
fn unseen_home(user: &str, home: &Path) -> Finding {
    let home = home.to_string_lossy();
    let says = format!(
        "This machine cannot tell whether {user} has full control of the home directory; it needs that, and the right to log on as a service."
    );
    let grant = quote::windows(&format!("{user}:(OI)(CI)F"));
    Finding::unknown(CheckId::ServiceHome, says).command(format!("icacls {} /grant {grant}", quote::windows(&home)))
}

/// What is wrong with a managed account's name or place.
fn misnamed_managed_account(user: &str, windows: bool) -> Option<Finding> {
    if !windows {
        return Some(
            Finding::stop(
                CheckId::ServiceAccount,
                "Managed accounts (gMSA) exist on Windows only.",
                "Choose local system or a custom account.",
            )
            .about(FieldId::ServiceAccount),
        );
    }
    let (domain, name) = user.split_once('\\').unwrap_or_default();
    if user.ends_with('$') && !domain.is_empty() && name.len() > 1 {
        return None;
    }
    Some(Finding::stop(
        CheckId::ServiceAccount,
        format!("{user} is not the name of a managed account."),
        "Type it with its domain and the $ at its end, as in CORP\\gmsa-octopus$.",
    ))
}

fn no_such_account(user: &str, kind: AccountKind, windows: bool) -> Finding {
    let finding = Finding::stop(
        CheckId::ServiceAccount,
        format!("There is no account {user} on this machine."),
        "Check the name, or have the account created.",
    );
    let plain = user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) && !user.starts_with('-');
    match kind {
        AccountKind::Custom if !windows && plain => {
            finding.command(format!("sudo useradd --system --shell /usr/sbin/nologin {user}"))
        }
        AccountKind::Managed => {
            let name = quote::powershell(user.rsplit('\\').next().unwrap_or_default().trim_end_matches('$'));
            finding.command(format!("Install-ADServiceAccount -Identity {name}; Test-ADServiceAccount -Identity {name}"))
        }
        _ => finding,
    }
}

/// The wizard may install a service. Only a warning: the node config can be written without it, and somebody else can install
/// the service.
fn judge_rights(case: &Case<'_>) -> Verdict {
    let windows = case.is_on_windows();
    match &case.facts.service.elevated {
        Fact::Unknown => case.pending(),
        // A node that exists has its service, and nothing of a review or an edit installs one.
        Fact::Seen(false) if case.is_existing_node() => Verdict::DoesNotApply,
        Fact::Seen(true) => {
            report_all(needed_grants(case), || if windows { "an elevated administrator" } else { "root" }.to_owned())
        }
        Fact::Seen(false) => report_all(std::iter::once(not_elevated(windows)).chain(needed_grants(case)).collect(), String::new),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

fn not_elevated(windows: bool) -> Finding {
    Finding::warn(
        CheckId::ServiceRights,
        if windows {
            "The wizard does not run as an elevated administrator, which installing a service takes."
        } else {
            "The wizard does not run as root, which installing a service takes."
        },
        if windows {
            "Start it again from a terminal that was opened as administrator, or have the service installed later."
        } else {
            "Start it again with sudo, or have the service installed later."
        },
    )
}

/// On Linux only root may listen on ports below this one, unless that is configured otherwise.
const PRIVILEGED: u16 = 1_024;

/// What is wrong with the form of a custom account's name on Windows: it is `DOMAIN\user`, `user@domain`, `.\user` or `user`.
fn misformed_account(user: &str) -> Option<Finding> {
    let stop = |says: String, fix: &str| Some(Finding::stop(CheckId::ServiceAccount, says, fix));
    let good = match (user.split_once('\\'), user.split_once('@')) {
        (None, None) => true,
        (Some((domain, name)), None) => !domain.is_empty() && !name.is_empty() && !name.contains('\\'),
        (None, Some((name, domain))) => !name.is_empty() && !domain.is_empty() && !domain.contains('@'),
        (Some(_), Some(_)) => false,
    };
    if !good {
        return stop(
            format!("{user} is not the name of an account."),
            "Type it as CORP\\svc-octopus or svc-octopus@corp.example, or as .\\svc-octopus for one of this machine.",
        );
    }
    if user.split('@').next().is_some_and(|name| name.ends_with('$')) {
        return stop(
            format!("{user} is a managed account or a machine's: its name ends in $."),
            "Choose the managed account (gMSA) for it, which has no password here.",
        );
    }
    None
}

/// What the node's account needs, as notes with commands. The system's own account needs nothing.
fn needed_grants(case: &Case<'_>) -> Vec<Finding> {
    // A node that exists has them, or would not run.
    if case.is_existing_node() {
        return Vec::new();
    }
    let kind = read::account_kind(case.answers);
    let Some(user) = read::service_user(case.answers).ok().filter(|user| !user.is_empty()) else { return Vec::new() };
    let prefixes = ListenPrefix::parse_all(case.answers.text(FieldId::ListenPrefixes)).unwrap_or_default();
    let mut notes = Vec::new();
    if !case.is_on_windows() {
        notes.extend(prefixes.iter().map(|prefix| prefix.port).filter(|port| *port < PRIVILEGED).min().map(|port| {
            let says = format!(
                "Only root may listen on port {port}, below 1024, and Octopus Server will run as {user}; unless all may."
            );
            Finding::note(CheckId::ServiceRights, says).command(format!(
                "echo net.ipv4.ip_unprivileged_port_start={port} | sudo tee /etc/sysctl.d/60-octopus.conf && sudo sysctl --system"
            ))
        }));
        return notes;
    }
    if !prefixes.is_empty() {
        let says = format!("Windows lets {user} listen only where that is reserved for it, once, as administrator.");
        notes.push(Finding::note(CheckId::ServiceRights, says).command(reservations(&user, &prefixes)));
    }
    if kind == AccountKind::Managed {
        // With a password Octopus' own command grants it; without one it only names the account.
        let says = format!("{user} needs the right to log on as a service, from a group policy or once as administrator.");
        notes.push(Finding::note(CheckId::ServiceRights, says).command(log_on_as_service(&user)));
    }
    notes
}

/// The reservations of the prefixes for an account, for PowerShell.
fn reservations(user: &str, prefixes: &[ListenPrefix]) -> String {
    let account = match user.strip_prefix(".\\") {
        Some(name) => format!("(\"user=$env:COMPUTERNAME\\\" + {})", powershell(name)),
        None => powershell(&format!("user={user}")),
    };
    let each = prefixes.iter().map(|prefix| format!("netsh http add urlacl {} {account}", powershell(&format!("url={prefix}"))));
    each.collect::<Vec<_>>().join("; ")
}

/// Gives an account the right to log on as a service, for PowerShell: Windows has no command of its own for that.
fn log_on_as_service(user: &str) -> String {
    format!(
        "$sid = ([Security.Principal.NTAccount]{}).Translate([Security.Principal.SecurityIdentifier]).Value; \
         $inf = \"$env:TEMP\\octopus-rights.inf\"; secedit /export /areas USER_RIGHTS /cfg $inf; \
         (Get-Content $inf) -replace '^SeServiceLogonRight = ', \"SeServiceLogonRight = *$sid,\" | Set-Content $inf -Encoding Unicode; \
         secedit /configure /db \"$env:TEMP\\octopus-rights.sdb\" /areas USER_RIGHTS /cfg $inf",
        powershell(user)
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{case, evidence, judged, stop, unknown, warn};
    use crate::catalog::samples;
    use crate::model::answers::Answers;
    use crate::model::facts::Facts;
    use crate::model::finding::Severity;
    use crate::model::platform::Platform;

    fn machine(system: &str, account: Fact<bool>) -> Facts {
        let mut facts = samples::facts();
        facts.machine.system = system.into();
        facts.service.account = account;
        facts
    }

    /// Answers for the machine of these facts.
    fn answers_on(facts: &Facts, changes: &[(FieldId, &str)]) -> Answers {
        samples::with_on(Platform::of_system(facts.machine.system.as_str()).unwrap(), changes)
    }

    fn account_verdict(kind: &str, user: &str, facts: &Facts) -> Verdict {
        let answers = answers_on(facts, &[(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, user)]);
        judged(CheckId::ServiceAccount, &answers, facts)
    }

    #[test]
    fn local_system_needs_nothing() {
        assert_eq!(evidence(&account_verdict("local-system", "", &machine("Linux 6", Fact::Seen(true)))), "local system (root)");
        assert_eq!(evidence(&account_verdict("local-system", "", &machine("Windows", Fact::Seen(true)))), "local system");
    }

    #[test]
    fn a_custom_account_is_known_unknown_or_cannot_be_told() {
        assert!(
            evidence(&account_verdict("custom", "CORP\\svc", &machine("Windows", Fact::Seen(true))))
                .contains("CORP\\svc is on this machine")
        );
        let absent = stop(&account_verdict("custom", "octopus", &machine("Linux", Fact::Seen(false))));
        assert!(absent.says.contains("no account octopus"));
        assert!(absent.remedy.is_some_and(|remedy| remedy.text().ends_with("nologin octopus")));
        for odd in ["CORP\\svc", "a b", "-x", "x$(y)"] {
            let finding = stop(&account_verdict("custom", odd, &machine("Linux", Fact::Seen(false))));
            assert_eq!(finding.remedy, None, "{odd}");
        }
        for trouble in [Trouble::Unasked, Trouble::Io("no directory".into())] {
            let verdict = account_verdict("custom", "CORP\\svc", &machine("Linux", Fact::Missing(trouble)));
            assert!(unknown(&verdict).contains("cannot tell"));
        }
        let late = Trouble::TimedOut { waited: Duration::from_secs(5) };
        assert!(warn(&account_verdict("custom", "x", &machine("Linux", Fact::Missing(late)))).says.contains("within 5 s"));
    }

    #[test]
    fn a_managed_account_has_a_domain_and_a_dollar() {
        let windows = machine("Windows Server 2022", Fact::Seen(true));
        assert!(evidence(&account_verdict("managed", "CORP\\gmsa$", &windows)).contains("gmsa$"));
        for bad in ["gmsa$", "CORP\\gmsa", "\\gmsa$", "CORP\\$"] {
            assert!(stop(&account_verdict("managed", bad, &windows)).fix.contains("CORP\\gmsa-octopus$"), "{bad}");
        }
        let unknown = stop(&account_verdict("managed", "CORP\\gmsa$", &machine("Windows", Fact::Seen(false))));
        assert!(unknown.remedy.is_some_and(|remedy| remedy.text().contains("-Identity 'gmsa'")));
        let linux = stop(&account_verdict("managed", "CORP\\gmsa$", &machine("Linux", Fact::Seen(true))));
        assert_eq!(linux.about, Some(FieldId::ServiceAccount));
    }

    #[test]
    fn rights_are_warned_of() {
        let with = |system: &str, elevated| {
            let mut facts = machine(system, Fact::Seen(true));
            facts.service.elevated = elevated;
            judged(CheckId::ServiceRights, &answers_on(&facts, &[]), &facts)
        };
        assert_eq!(evidence(&with("Linux", Fact::Seen(true))), "root");
        assert_eq!(evidence(&with("Windows", Fact::Seen(true))), "an elevated administrator");
        assert!(warn(&with("Linux", Fact::Seen(false))).fix.contains("sudo"));
        assert!(warn(&with("Windows", Fact::Seen(false))).fix.contains("administrator"));
        assert_eq!(unknown(&with("Linux", Fact::Missing(Trouble::Unasked))), "cannot tell here");
    }

    fn home_verdict(system: &str, home: Fact<Access>, change: impl Fn(&mut Facts)) -> Verdict {
        let mut facts = machine(system, Fact::Seen(true));
        facts.service.home = home;
        change(&mut facts);
        let answers = answers_on(&facts, &[(FieldId::ServiceAccount, "custom"), (FieldId::ServiceUser, "o'pus")]);
        judged(CheckId::ServiceHome, &answers, &facts)
    }

    #[test]
    fn the_home_is_the_account_s_or_a_command_makes_it_so() {
        let command = |verdict: &Verdict| warn(verdict).remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(evidence(&home_verdict("Linux", Fact::Seen(Access::Full), |_| {})).contains("full control"));
        let to_be_made = home_verdict("Linux", Fact::Seen(Access::Less), |_| {});
        assert!(warn(&to_be_made).says.contains("the user that it runs as"));
        assert_eq!(command(&to_be_made), format!("sudo install -d -m 0750 -o 'o'\\''pus' '{}'", samples::HOME));
        let there = |facts: &mut Facts| facts.home.folder = Fact::Seen(HomeState::Empty);
        assert!(command(&home_verdict("Linux", Fact::Seen(Access::Less), there)).starts_with("sudo chown -R 'o'"));
        let barred = home_verdict("Linux", Fact::Seen(Access::Barred("/root".into())), |_| {});
        assert!(command(&barred).ends_with(":x '/root'"));
        assert!(unknown(&home_verdict("Linux", Fact::Missing(Trouble::Unasked), |_| {})).contains("cannot tell"));
        let Verdict::Found(findings) = home_verdict("Windows", Fact::Missing(Trouble::Unasked), |_| {}) else {
            panic!("a finding")
        };
        assert_eq!(findings[0].severity, crate::model::finding::Severity::Unknown);
        assert!(findings[0].remedy.as_ref().is_some_and(|remedy| remedy.text().starts_with("icacls ")));
    }

    #[test]
    fn the_machine_s_own_account_is_at_home_everywhere() {
        let said = judged(CheckId::ServiceHome, &samples::answers(), &machine("Linux", Fact::Seen(true)));
        assert_eq!(evidence(&said), "local system (root)");
    }

    fn commands(kind: &str, user: &str, prefixes: &str, windows: bool) -> Vec<String> {
        let platform = if windows { Platform::Windows } else { Platform::Linux };
        let answers = samples::with_on(
            platform,
            &[(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, user), (FieldId::ListenPrefixes, prefixes)],
        );
        let facts = samples::facts();
        let notes = needed_grants(&case(&answers, &facts));
        assert!(notes.iter().all(|note| note.severity == Severity::Note));
        notes.iter().filter_map(|note| note.remedy.as_ref()).map(|remedy| remedy.text().to_owned()).collect()
    }

    #[test]
    fn a_windows_account_has_one_of_four_forms() {
        for good in ["CORP\\svc", "svc@corp.example", ".\\svc", "svc", "corp.example\\svc x"] {
            assert_eq!(misformed_account(good), None, "{good}");
        }
        for bad in ["\\svc", "CORP\\", "CORP\\a\\b", "@corp", "svc@", "svc@a@b", "CORP\\svc@corp"] {
            assert!(misformed_account(bad).is_some_and(|said| said.says.contains("not the name of an account")), "{bad}");
        }
        for managed in ["CORP\\gmsa$", "gmsa$", "gmsa$@corp.example"] {
            assert!(misformed_account(managed).is_some_and(|said| said.fix.contains("gMSA")), "{managed}");
        }
    }

    #[test]
    fn the_system_s_own_account_needs_nothing() {
        assert_eq!(commands("local-system", "", "http://+:80/", true), [""; 0]);
        assert_eq!(commands("local-system", "", "http://+:80/", false), [""; 0]);
    }

    #[test]
    fn an_account_of_windows_is_given_its_prefixes() {
        assert_eq!(
            commands("custom", "CORP\\o'brien", "http://+:80/octopus,https://web01/", true),
            ["netsh http add urlacl 'url=http://+:80/octopus/' 'user=CORP\\o''brien'; \
              netsh http add urlacl 'url=https://web01:443/' 'user=CORP\\o''brien'"]
        );
        let local = commands("custom", ".\\svc", "http://+:80/", true);
        assert_eq!(local, ["netsh http add urlacl 'url=http://+:80/' (\"user=$env:COMPUTERNAME\\\" + 'svc')"]);
        let managed = commands("managed", "CORP\\gmsa$", "http://+:80/", true);
        assert_eq!(managed.len(), 2);
        assert!(managed[1].contains("NTAccount]'CORP\\gmsa$'") && managed[1].contains("SeServiceLogonRight"), "{managed:?}");
    }

    #[test]
    fn on_linux_only_low_ports_are_told() {
        assert_eq!(commands("custom", "octopus", "http://+:8080/", false), [""; 0]);
        let low = commands("custom", "octopus", "http://+:8080/,http://+:443/,http://+:80/", false);
        assert!(low[0].contains("ip_unprivileged_port_start=80 "), "{low:?}");
    }
}
