use super::*;
use crate::catalog::checks::tests::{evidence, judged, stop, warn};
use crate::catalog::samples;
use crate::model::facts::{DatabaseRights, Facts, ServerVersion};

fn with(database: DatabaseSeen) -> Facts {
    let mut facts = samples::facts();
    facts.server.database = Fact::Seen(database);
    facts
}

fn said(number: u32) -> SqlTrouble {
    SqlTrouble { number, state: 1, class: 11, text: "No way in".into() }
}

fn of(facts: &Facts) -> Verdict {
    judged(CheckId::DbExists, &samples::answers(), facts)
}

fn sql(finding: &Finding) -> String {
    finding.remedy.as_ref().map(|remedy| remedy.text().to_owned()).unwrap_or_default()
}

#[test]
fn there_or_to_be_created() {
    assert_eq!(evidence(&of(&samples::facts())), "OctopusDeploy is there");
    assert_eq!(evidence(&of(&with(DatabaseSeen::Absent))), "absent; the install creates it");
}

#[test]
fn absent_and_not_to_be_created_stops_with_the_dba_s_sql() {
    let answers = samples::with(&[(FieldId::CreateDatabase, "false"), (FieldId::Database, "Octo]; DROP DATABASE x")]);
    let finding = stop(&judged(CheckId::DbExists, &answers, &with(DatabaseSeen::Absent)));
    assert_eq!(finding.about, Some(FieldId::CreateDatabase));
    assert_eq!(
        sql(&finding),
        "CREATE DATABASE [Octo]]; DROP DATABASE x] COLLATE Latin1_General_CI_AS;\nGO\nUSE [Octo]]; DROP DATABASE x];\n\
         CREATE USER [octopus] FOR LOGIN [octopus];\nALTER ROLE db_owner ADD MEMBER [octopus];"
    );
}

#[test]
fn absent_without_the_right_stops_and_without_knowing_warns() {
    let mut facts = with(DatabaseSeen::Absent);
    facts.server.rights = Fact::Seen(DatabaseRights::default());
    let finding = stop(&of(&facts));
    assert!(finding.says.contains("octopus may not create") && sql(&finding).starts_with("CREATE DATABASE [OctopusDeploy]"));
    facts.server.rights = Fact::Missing(Trouble::Sql(said(297)));
    assert!(warn(&of(&facts)).says.contains("could not be learnt"));
    facts.server.rights = Fact::Unknown;
    assert_eq!(of(&facts), Verdict::NotYet);
}

#[test]
fn azure_s_price_is_mentioned() {
    let mut facts = with(DatabaseSeen::Absent);
    if let Fact::Seen(ServerVersion { engine_edition, .. }) = &mut facts.server.version {
        *engine_edition = AZURE;
    }
    assert!(warn(&of(&facts)).fix.contains("Azure portal"));
}

#[test]
fn closed_by_its_state() {
    for (state, part, remedy) in [
        ("RESTORING", "being restored", ""),
        ("recovering", "just starting", ""),
        ("RECOVERY_PENDING", "damaged", ""),
        ("SUSPECT", "damaged", ""),
        ("OFFLINE", "is offline", "ALTER DATABASE [OctopusDeploy] SET ONLINE;"),
    ] {
        let state = DatabaseState { state: state.into(), ..samples::state() };
        let finding = stop(&of(&with(DatabaseSeen::Closed { state: Some(state), said: said(4060) })));
        assert!(finding.says.contains(part) && finding.says.ends_with("says (error 4060, state 1): No way in."), "{finding:?}");
        assert_eq!(sql(&finding), remedy);
    }
    let single = DatabaseState { single_user: true, ..samples::state() };
    let finding = stop(&of(&with(DatabaseSeen::Closed { state: Some(single), said: said(4060) })));
    assert!(sql(&finding).starts_with("SELECT session_id") && sql(&finding).ends_with("SET MULTI_USER;"));
    let restricted = DatabaseState { restricted_user: true, ..samples::state() };
    let finding = stop(&of(&with(DatabaseSeen::Closed { state: Some(restricted), said: said(4060) })));
    assert!(finding.says.contains("octopus is neither") && sql(&finding) == "ALTER DATABASE [OctopusDeploy] SET MULTI_USER;");
}

#[test]
fn closed_by_what_the_server_said() {
    for (number, part, remedy) in [
        (4060, "no user in it", "CREATE USER [octopus]"),
        (911, "no user in it", "CREATE USER [octopus]"),
        (916, "no user in it", "ALTER ROLE db_owner ADD MEMBER [octopus];"),
        (924, "single-user", "SET MULTI_USER"),
        (927, "restored", ""),
        (922, "starting", ""),
        (926, "damaged", ""),
        (942, "offline", "SET ONLINE"),
        (978, "secondary copy", ""),
        (40501, "too busy", ""),
        (33_557_097, "error 33557097", ""),
    ] {
        for state in [None, Some(samples::state())] {
            let finding = stop(&of(&with(DatabaseSeen::Closed { state, said: said(number) })));
            assert!(finding.says.contains(part) && finding.says.contains("No way in."), "{number}: {finding:?}");
            assert!(sql(&finding).contains(remedy) && sql(&finding).is_empty() == remedy.is_empty(), "{number}");
        }
    }
}

#[test]
fn unclear_says_so_and_the_sql_covers_both() {
    let finding = stop(&of(&with(DatabaseSeen::Unclear { said: said(4060) })));
    assert!(finding.says.contains("absent or closed"));
    assert!(sql(&finding).starts_with("IF DB_ID(N'OctopusDeploy') IS NULL CREATE DATABASE [OctopusDeploy]"));
    assert!(stop(&of(&with(DatabaseSeen::Unclear { said: said(40613) }))).says.contains("too busy"));
}

#[test]
fn what_could_not_be_learnt_stops() {
    let mut facts = samples::facts();
    facts.server.database = Fact::Missing(Trouble::ConnectionLost);
    assert!(stop(&of(&facts)).says.contains("ended in the middle"));
}
