//! `service-account` and `service-rights`.

use crate::model::check::CheckId;
use crate::model::facts::{Fact, Trouble};
use crate::model::field::FieldId;
use crate::model::finding::{Finding, Verdict};
use crate::model::survey::AccountKind;
use crate::wizard::form::read;
use crate::wizard::say;

use super::{Case, all, one, service_hints, untold};

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
    let windows = on_windows(case);
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
        Fact::Seen(true) => Verdict::Good(format!("this machine knows {user}")),
        Fact::Seen(false) => one(unknown(&user, kind, windows)),
        // Domain accounts of a directory that does not answer are as good as unknown, and cannot be proven so.
        Fact::Missing(Trouble::Unasked) => Verdict::Good(format!("{user}; this machine cannot tell whether it exists")),
        Fact::Missing(Trouble::Io(said)) => Verdict::Good(format!("{user}; this machine cannot tell whether it exists ({said})")),
        Fact::Missing(Trouble::TimedOut { waited }) => one(Finding::warn(
            CheckId::ServiceAccount,
            format!("The directory did not tell within {} whether there is an account {user}.", say::duration(*waited)),
            "Check the account's name with care, or the way to the directory; then try again.",
        )),
        Fact::Missing(trouble) => untold(trouble),
    }
}

/// The account can use the home directory.
pub fn home(_case: &Case<'_>) -> Verdict {
    Verdict::Good("not looked at yet".to_owned())
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

fn unknown(user: &str, kind: AccountKind, windows: bool) -> Finding {
    let finding = Finding::stop(
        CheckId::ServiceAccount,
        format!("This machine knows no account {user}."),
        "Check the name, or have the account created.",
    );
    let plain = user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) && !user.starts_with('-');
    match kind {
        AccountKind::Custom if !windows && plain => {
            finding.command(format!("sudo useradd --system --shell /usr/sbin/nologin {user}"))
        }
        AccountKind::Managed => {
            let name = user.rsplit('\\').next().unwrap_or_default().trim_end_matches('$').replace('\'', "''");
            finding.command(format!("Install-ADServiceAccount -Identity '{name}'; Test-ADServiceAccount -Identity '{name}'"))
        }
        _ => finding,
    }
}

/// The wizard may install a service. Only warned of: the node config can be written without it, and the service be
/// installed by somebody who may.
pub fn rights(case: &Case<'_>) -> Verdict {
    let windows = on_windows(case);
    match &case.facts.service.elevated {
        Fact::Unknown => case.pending(),
        // A node that exists has its service, and nothing of a review or an edit installs one.
        Fact::Seen(false) if case.is_of_a_node() => Verdict::Good("not needed here: no service is installed".into()),
        Fact::Seen(true) => {
            all(service_hints::needed(case, windows), || if windows { "an elevated administrator" } else { "root" }.to_owned())
        }
        Fact::Seen(false) => {
            all(std::iter::once(not_elevated(windows)).chain(service_hints::needed(case, windows)).collect(), String::new)
        }
        Fact::Missing(trouble) => untold(trouble),
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

/// By what the survey saw, so that this stays a judgement over facts.
fn on_windows(case: &Case<'_>) -> bool {
    case.facts.machine.system.as_str().starts_with("Windows")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::facts::Facts;
    use crate::wizard::checks::tests::{evidence, judged, stop, warn};
    use crate::wizard::samples;

    fn machine(system: &str, account: Fact<bool>) -> Facts {
        let mut facts = samples::facts();
        facts.machine.system = system.into();
        facts.service.account = account;
        facts
    }

    fn asked(kind: &str, user: &str, facts: &Facts) -> Verdict {
        let answers = samples::with(&[(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, user)]);
        judged(CheckId::ServiceAccount, &answers, facts)
    }

    #[test]
    fn local_system_needs_nothing() {
        assert_eq!(evidence(&asked("local-system", "", &machine("Linux 6", Fact::Seen(true)))), "local system (root)");
        assert_eq!(evidence(&asked("local-system", "", &machine("Windows", Fact::Seen(true)))), "local system");
    }

    #[test]
    fn a_custom_account_is_known_unknown_or_cannot_be_told() {
        assert!(evidence(&asked("custom", "CORP\\svc", &machine("Windows", Fact::Seen(true)))).contains("knows CORP\\svc"));
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
            judged(CheckId::ServiceRights, &samples::answers(), &facts)
        };
        assert_eq!(evidence(&with("Linux", Fact::Seen(true))), "root");
        assert_eq!(evidence(&with("Windows", Fact::Seen(true))), "an elevated administrator");
        assert!(warn(&with("Linux", Fact::Seen(false))).fix.contains("sudo"));
        assert!(warn(&with("Windows", Fact::Seen(false))).fix.contains("administrator"));
        assert_eq!(evidence(&with("Linux", Fact::Missing(Trouble::Unasked))), "cannot be told here");
    }
}
