//! `service-account`, `service-rights` and `service-home`.

use std::path::Path;

use crate::catalog::form::read;
use crate::catalog::format;
use crate::model::check::CheckId;
use crate::model::facts::{Access, Fact, HomeState, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::quote;
use crate::model::screen::ScreenId;
use crate::model::survey::{AccountKind, SurveyId};

use super::{Case, Check, all, one, service_hints, unknown};

/// The rows of these checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        id: CheckId::ServiceAccount,
        screen: ScreenId::Service,
        field: Some(FieldId::ServiceUser),
        surveys: &[SurveyId::Service],
        judge: account,
    },
    Check {
        id: CheckId::ServiceRights,
        screen: ScreenId::Service,
        field: Some(FieldId::ServiceAccount),
        surveys: &[SurveyId::Service],
        judge: rights,
    },
    Check {
        id: CheckId::ServiceHome,
        screen: ScreenId::Service,
        field: Some(FieldId::ServiceAccount),
        surveys: &[SurveyId::Service],
        judge: home,
    },
];

/// The account is named as its kind demands, and known where the host can tell.
pub fn account(case: &Case<'_>) -> Verdict {
    if case.is_of_octopus() {
        return match &case.facts.node.octopus {
            Fact::Unknown => case.pending(),
            _ => Verdict::Good("OctopusServer.config does not name it".into()),
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
            if let Some(finding) = misnamed(&user, windows) {
                return one(finding);
            }
        }
        AccountKind::Custom => {
            if let Some(finding) = windows.then(|| service_hints::misformed(&user)).flatten() {
                return one(finding);
            }
        }
    }
    match &case.facts.service.account {
        Fact::Unknown => case.pending(),
        Fact::Seen(true) => Verdict::Good(format!("the account {user} is on this machine")),
        Fact::Seen(false) => one(no_such_account(&user, kind, windows)),
        // Domain accounts of a directory that does not answer are as good as unknown, and cannot be proven so.
        Fact::Missing(Trouble::Unasked) => Verdict::Good(format!("{user}; this machine cannot tell whether it exists")),
        Fact::Missing(Trouble::Io(said)) => Verdict::Good(format!("{user}; this machine cannot tell whether it exists ({said})")),
        Fact::Missing(Trouble::TimedOut { waited }) => one(Finding::warn(
            CheckId::ServiceAccount,
            format!("The directory did not tell within {} whether there is an account {user}.", format::duration(*waited)),
            "Check the account's name with care, or the way to the directory; then try again.",
        )),
        Fact::Missing(trouble) => unknown(trouble),
    }
}

/// The account can use the home directory, as far as this machine tells. Only warned of: what is to be made yet can be
/// given to the account afterwards.
pub fn home(case: &Case<'_>) -> Verdict {
    let (Ok(user), Ok(home)) = (read::service_user(case.answers), read::home(case.answers)) else { return Verdict::NotYet };
    let (kind, windows) = (read::account_kind(case.answers), case.is_on_windows());
    if case.is_of_octopus() {
        return Verdict::Good("not looked at: OctopusServer.config does not name the account".into());
    }
    let access = match &case.facts.service.home {
        Fact::Unknown => return case.pending(),
        _ if kind == AccountKind::LocalSystem => {
            return Verdict::Good(if windows { "local system" } else { "local system (root)" }.to_owned());
        }
        Fact::Missing(_) if windows => return one(unseen_home(&user, &home)),
        Fact::Missing(Trouble::Unasked) => {
            return Verdict::Good(format!("{user}; this machine cannot tell what it may do there"));
        }
        Fact::Missing(trouble) => return unknown(trouble),
        Fact::Seen(access) => access,
    };
    let (account, path) = (quote::bash(&user), quote::bash(&home.to_string_lossy()));
    let home = home.display();
    let warn = |says: String, fix: &str, command: String| one(Finding::warn(CheckId::ServiceHome, says, fix).command(command));
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
    Finding::note(CheckId::ServiceHome, says).command(format!("icacls {} /grant {grant}", quote::windows(&home)))
}

/// What is wrong with a managed account's name or place.
fn misnamed(user: &str, windows: bool) -> Option<Finding> {
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

/// The wizard may install a service. Only warned of: the node config can be written without it, and the service be
/// installed by somebody who may.
pub fn rights(case: &Case<'_>) -> Verdict {
    let windows = case.is_on_windows();
    match &case.facts.service.elevated {
        Fact::Unknown => case.pending(),
        // A node that exists has its service, and nothing of a review or an edit installs one.
        Fact::Seen(false) if case.is_of_a_node() => Verdict::Good("not needed here: no service is installed".into()),
        Fact::Seen(true) => {
            all(service_hints::needed(case), || if windows { "an elevated administrator" } else { "root" }.to_owned())
        }
        Fact::Seen(false) => {
            all(std::iter::once(not_elevated(windows)).chain(service_hints::needed(case)).collect(), String::new)
        }
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::catalog::checks::tests::{evidence, judged, stop, warn};
    use crate::catalog::samples;
    use crate::model::answers::Answers;
    use crate::model::facts::Facts;
    use crate::model::platform::Platform;

    fn machine(system: &str, account: Fact<bool>) -> Facts {
        let mut facts = samples::facts();
        facts.machine.system = system.into();
        facts.service.account = account;
        facts
    }

    /// Answers for the machine of these facts.
    fn answered(facts: &Facts, changes: &[(FieldId, &str)]) -> Answers {
        samples::with_on(Platform::of_system(facts.machine.system.as_str()).unwrap(), changes)
    }

    fn asked(kind: &str, user: &str, facts: &Facts) -> Verdict {
        let answers = answered(facts, &[(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, user)]);
        judged(CheckId::ServiceAccount, &answers, facts)
    }

    #[test]
    fn local_system_needs_nothing() {
        assert_eq!(evidence(&asked("local-system", "", &machine("Linux 6", Fact::Seen(true)))), "local system (root)");
        assert_eq!(evidence(&asked("local-system", "", &machine("Windows", Fact::Seen(true)))), "local system");
    }

    #[test]
    fn a_custom_account_is_known_unknown_or_cannot_be_told() {
        assert!(
            evidence(&asked("custom", "CORP\\svc", &machine("Windows", Fact::Seen(true))))
                .contains("CORP\\svc is on this machine")
        );
        let unknown = stop(&asked("custom", "octopus", &machine("Linux", Fact::Seen(false))));
        assert!(unknown.says.contains("no account octopus"));
        assert!(unknown.remedy.is_some_and(|remedy| remedy.text().ends_with("nologin octopus")));
        for odd in ["CORP\\svc", "a b", "-x", "x$(y)"] {
            let finding = stop(&asked("custom", odd, &machine("Linux", Fact::Seen(false))));
            assert_eq!(finding.remedy, None, "{odd}");
        }
        for trouble in [Trouble::Unasked, Trouble::Io("no directory".into())] {
            let verdict = asked("custom", "CORP\\svc", &machine("Linux", Fact::Missing(trouble)));
            assert!(evidence(&verdict).contains("cannot tell"));
        }
        let late = Trouble::TimedOut { waited: Duration::from_secs(5) };
        assert!(warn(&asked("custom", "x", &machine("Linux", Fact::Missing(late)))).says.contains("within 5 s"));
    }

    #[test]
    fn a_managed_account_has_a_domain_and_a_dollar() {
        let windows = machine("Windows Server 2022", Fact::Seen(true));
        assert!(evidence(&asked("managed", "CORP\\gmsa$", &windows)).contains("gmsa$"));
        for bad in ["gmsa$", "CORP\\gmsa", "\\gmsa$", "CORP\\$"] {
            assert!(stop(&asked("managed", bad, &windows)).fix.contains("CORP\\gmsa-octopus$"), "{bad}");
        }
        let unknown = stop(&asked("managed", "CORP\\gmsa$", &machine("Windows", Fact::Seen(false))));
        assert!(unknown.remedy.is_some_and(|remedy| remedy.text().contains("-Identity 'gmsa'")));
        let linux = stop(&asked("managed", "CORP\\gmsa$", &machine("Linux", Fact::Seen(true))));
        assert_eq!(linux.about, Some(FieldId::ServiceAccount));
    }

    #[test]
    fn rights_are_warned_of() {
        let with = |system: &str, elevated| {
            let mut facts = machine(system, Fact::Seen(true));
            facts.service.elevated = elevated;
            judged(CheckId::ServiceRights, &answered(&facts, &[]), &facts)
        };
        assert_eq!(evidence(&with("Linux", Fact::Seen(true))), "root");
        assert_eq!(evidence(&with("Windows", Fact::Seen(true))), "an elevated administrator");
        assert!(warn(&with("Linux", Fact::Seen(false))).fix.contains("sudo"));
        assert!(warn(&with("Windows", Fact::Seen(false))).fix.contains("administrator"));
        assert_eq!(evidence(&with("Linux", Fact::Missing(Trouble::Unasked))), "cannot be told here");
    }

    fn at_home(system: &str, home: Fact<Access>, change: impl Fn(&mut Facts)) -> Verdict {
        let mut facts = machine(system, Fact::Seen(true));
        facts.service.home = home;
        change(&mut facts);
        let answers = answered(&facts, &[(FieldId::ServiceAccount, "custom"), (FieldId::ServiceUser, "o'pus")]);
        judged(CheckId::ServiceHome, &answers, &facts)
    }

    #[test]
    fn the_home_is_the_account_s_or_a_command_makes_it_so() {
        let command = |verdict: &Verdict| warn(verdict).remedy.map(|remedy| remedy.text().to_owned()).unwrap_or_default();
        assert!(evidence(&at_home("Linux", Fact::Seen(Access::Full), |_| {})).contains("full control"));
        let to_be_made = at_home("Linux", Fact::Seen(Access::Less), |_| {});
        assert!(warn(&to_be_made).says.contains("the user that it runs as"));
        assert_eq!(command(&to_be_made), format!("sudo install -d -m 0750 -o 'o'\\''pus' '{}'", samples::HOME));
        let there = |facts: &mut Facts| facts.home.folder = Fact::Seen(HomeState::Empty);
        assert!(command(&at_home("Linux", Fact::Seen(Access::Less), there)).starts_with("sudo chown -R 'o'"));
        let barred = at_home("Linux", Fact::Seen(Access::Barred("/root".into())), |_| {});
        assert!(command(&barred).ends_with(":x '/root'"));
        assert!(evidence(&at_home("Linux", Fact::Missing(Trouble::Unasked), |_| {})).contains("cannot tell"));
        let Verdict::Found(findings) = at_home("Windows", Fact::Missing(Trouble::Unasked), |_| {}) else { panic!("a note") };
        assert_eq!(findings[0].severity, crate::model::finding::Severity::Note);
        assert!(findings[0].remedy.as_ref().is_some_and(|remedy| remedy.text().starts_with("icacls ")));
    }

    #[test]
    fn the_machine_s_own_account_is_at_home_everywhere() {
        let said = judged(CheckId::ServiceHome, &samples::answers(), &machine("Linux", Fact::Seen(true)));
        assert_eq!(evidence(&said), "local system (root)");
    }
}
