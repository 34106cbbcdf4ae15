//! What an account of one's own has to be given before Octopus Server can run as it, as commands that are ready to run.

use crate::catalog::form::read;
use crate::model::check::CheckId;
use crate::model::field::FieldId;
use crate::model::finding::Finding;
use crate::model::quote::powershell;
use crate::model::survey::AccountKind;
use crate::model::web::ListenPrefix;

use super::Case;

/// Ports below this one are root's on Linux, unless it is told otherwise.
const PRIVILEGED: u16 = 1_024;

/// What is wrong with the form of a custom account's name on Windows: it is `DOMAIN\user`, `user@domain`, `.\user` or `user`.
pub fn misformed(user: &str) -> Option<Finding> {
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

/// What the account that a node is to run as needs, as notes: none where it is the system's own.
pub fn needed(case: &Case<'_>) -> Vec<Finding> {
    // A node that exists has them, or would not run.
    if case.is_of_a_node() {
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
    use super::*;
    use crate::catalog::checks::tests::case;
    use crate::catalog::samples;
    use crate::model::finding::Severity;
    use crate::model::platform::Platform;

    fn commands(kind: &str, user: &str, prefixes: &str, windows: bool) -> Vec<String> {
        let platform = if windows { Platform::Windows } else { Platform::Linux };
        let answers = samples::with_on(
            platform,
            &[(FieldId::ServiceAccount, kind), (FieldId::ServiceUser, user), (FieldId::ListenPrefixes, prefixes)],
        );
        let facts = samples::facts();
        let notes = needed(&case(&answers, &facts));
        assert!(notes.iter().all(|note| note.severity == Severity::Note));
        notes.iter().filter_map(|note| note.remedy.as_ref()).map(|remedy| remedy.text().to_owned()).collect()
    }

    #[test]
    fn a_windows_account_has_one_of_four_forms() {
        for good in ["CORP\\svc", "svc@corp.example", ".\\svc", "svc", "corp.example\\svc x"] {
            assert_eq!(misformed(good), None, "{good}");
        }
        for bad in ["\\svc", "CORP\\", "CORP\\a\\b", "@corp", "svc@", "svc@a@b", "CORP\\svc@corp"] {
            assert!(misformed(bad).is_some_and(|said| said.says.contains("not the name of an account")), "{bad}");
        }
        for managed in ["CORP\\gmsa$", "gmsa$", "gmsa$@corp.example"] {
            assert!(misformed(managed).is_some_and(|said| said.fix.contains("gMSA")), "{managed}");
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
