//! The survey: one batch on a session, and the facts in its reply; and a look from `master` where the database does not open.

use std::time::Duration;

use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::model::facts::{
    Collation, Content, DatabaseRights, DatabaseSeen, DatabaseState, Fact, Product, Replication, ServerFacts, ServerGroups,
    ServerLogin, ServerVersion, SqlTrouble, Trouble,
};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{self, Question, Reply, ReplyRow};
use crate::world::sqlserver::connect::{Connection, FactsReport, IfUnopened, Session, connect};
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::server::{Patience, SessionDatabase};
use crate::world::sqlserver::{errors, limits};

const IDENTITY: &str = include_str!("sql/survey/identity.sql");
const SURVEY: &str = include_str!("sql/survey/survey.sql");
const FROM_MASTER: &str = include_str!("sql/survey/from_master.sql");
const CLOCK_END: &str = include_str!("sql/survey/clock_end.sql");

/// Sends the survey's batch on a connection to the database, and completes the connection's facts. Returns whether the session is
/// still in order: one that broke behind the survey must be thrown away, and the facts are good.
///
/// # Errors
/// If the session broke before the survey's reply was read; it must be thrown away then.
pub async fn survey(connection: &mut Connection, patience: Patience) -> Result<bool, Trouble> {
    let reply = batch::ask(&mut connection.session, &survey_question(), &[], patience.read).await?;
    read_common(&reply, &mut connection.facts);
    let whole = measure_again(&mut connection.session, &mut connection.facts, patience.far).await.is_ok();
    connection.facts.database = match database(&reply) {
        Ok(Some(state)) => Fact::Seen(DatabaseSeen::Open(state)),
        // The session is in it, so it exists, whatever the catalogue shows.
        Ok(None) => Fact::Missing(Trouble::Unasked),
        Err(trouble) => Fact::Missing(trouble),
    };
    connection.facts.content = content::read(&reply).into();
    Ok(whole)
}

fn survey_question() -> Question {
    Question::new(&[IDENTITY, SURVEY, CONTENT, CLOCK_END])
}

fn master_question() -> Question {
    Question::new(&[IDENTITY, FROM_MASTER, CLOCK_END])
}

/// Reads what both batches tell.
fn read_common(reply: &Reply, facts: &mut ServerFacts) {
    let took = facts.login.seen().map_or(Duration::ZERO, |login| login.took);
    // The session proves the login; only its name may be missing.
    if let Ok(login) = logged_in(reply, took) {
        facts.login = Fact::Seen(login);
    }
    facts.version = version(reply).into();
    facts.clock_ahead_ms = clock(reply).into();
    let handshake = facts.encrypted.seen().map_or(Duration::ZERO, |session| session.took);
    facts.round_trip = Fact::Seen(shortest([reply.took, took, handshake]));
    facts.rights = rights(reply).into();
    facts.collation = collation(reply).into();
}

/// Returns the shortest of the upper limits of a round trip: of the batch, of the login and of the TLS handshake, each of which took
/// at least one. A busy machine lengthens any of them, seldom all. Zero means not measured. What the server says that it spent on
/// the batch is not taken off: while its reply waits for the line, its clock goes on, and a far line would look near. TCP's own time
/// does not count: a gateway or load balancer may have answered that.
fn shortest(limits: [Duration; 3]) -> Duration {
    limits.into_iter().filter(|limit| !limit.is_zero()).min().unwrap_or_default()
}

/// How often a server that looks far is asked once more.
const EXTRA_ROUND_TRIPS: usize = 5;

/// Asks a server that looks far a few times for next to nothing, until one round trip was short: a busy machine is not a far server.
///
/// # Errors
/// If the session is broken; it must be thrown away then.
async fn measure_again(session: &mut Session, facts: &mut ServerFacts, far: Duration) -> Result<(), Trouble> {
    for _ in 0..EXTRA_ROUND_TRIPS {
        match &mut facts.round_trip {
            Fact::Seen(shortest) if *shortest > far => {
                let reply = batch::send(session, "SELECT 1", &[], limits::READ).await?;
                *shortest = reply.took.min(*shortest);
            }
            _ => break,
        }
    }
    Ok(())
}

/// Tells from `master`, after the server refused to open the database, whether that is absent or closed to the login.
///
/// The refusal comes after the password was accepted ([`database_refusal`](super::connect::database_refusal)), so the login is good;
/// of an error without a number of its own only `master` tells. A database that is online all the same has perhaps just been
/// created: then the login to it is tried once more.
///
/// Returns the connection and where it is: in `master`, since the next request is likely to create the database. `default_session` is the session
/// in the login's default database, if the server gave one: if that is `master`, this takes one round trip and no second login.
pub async fn look_from_master(
    target: &Target,
    first: ServerFacts,
    refusal: SqlTrouble,
    default_session: Option<Session>,
    (patience, report): (Patience, &mut FactsReport<'_>),
) -> Option<(SessionDatabase, Connection)> {
    // A login that got its default database is known already, with its time.
    let login = first.login.seen().cloned().unwrap_or_else(unnamed_login);
    let is_accepted = errors::is_about_the_database(refusal.number);
    let mut facts = ServerFacts { login: Fact::Seen(login), ..first };
    if is_accepted {
        report(&facts);
    }
    let looked = match look_in_default_session(target, &facts, default_session).await {
        Some(looked) => Ok(looked),
        None => look_on_new_connection(target).await,
    };
    let kept = match looked {
        Ok((reply, mut connection)) => {
            facts.login = connection.facts.login.clone();
            read_common(&reply, &mut facts);
            let whole = measure_again(&mut connection.session, &mut facts, patience.far).await.is_ok();
            if let Fact::Seen(login) = &mut facts.login {
                // The user in master says nothing about the database.
                login.user = Untrusted::default();
            }
            let seen = absent_or_closed(&reply, refusal);
            if may_have_come_online(&seen)
                && let Some((whole, opened)) = open_once_more(target, patience).await
            {
                report(&opened.facts);
                return whole.then_some((SessionDatabase::Own, opened));
            }
            facts.database = Fact::Seen(seen);
            facts.groups = groups(&reply).into();
            facts.content = match facts.database.seen() {
                Some(DatabaseSeen::Absent) => Fact::Seen(Content::Empty),
                _ => Fact::Missing(Trouble::Unasked),
            };
            whole.then_some((SessionDatabase::Master, connection))
        }
        Err(_) if !is_accepted => {
            facts.login = Fact::Missing(Trouble::Sql(refusal));
            None
        }
        Err(trouble) => {
            // Only a server that answers leaves it unclear; a broken connection must be reported, and fixed.
            facts.database = match trouble {
                Trouble::Sql(_) => Fact::Seen(DatabaseSeen::Unclear { said: refusal }),
                _ => Fact::Missing(trouble.clone()),
            };
            mark_missing(&mut facts, &trouble);
            None
        }
    };
    report(&facts);
    kept
}

/// Whether the database is open to many by now, and was refused by an error that also means that it was not there yet.
fn may_have_come_online(seen: &DatabaseSeen) -> bool {
    let DatabaseSeen::Closed { state: Some(state), said } = seen else { return false };
    let number = said.number;
    let may_pass = [errors::CANNOT_OPEN_DATABASE, errors::USED_DEFAULT_DATABASE, errors::NO_SUCH_DATABASE, errors::UNMAPPED];
    state.state.as_str().eq_ignore_ascii_case("ONLINE")
        && state.single_user != Some(true)
        && state.restricted_user != Some(true)
        && may_pass.contains(&number)
}

/// Logs in to the database once more and surveys it, and tells whether the session is still in order; `None` if it is still refused.
async fn open_once_more(target: &Target, patience: Patience) -> Option<(bool, Connection)> {
    let mut silent = |_: &ServerFacts| {};
    let mut connection = connect(target, (target.database.as_str(), IfUnopened::Refuse), &mut silent).await.ok()?;
    let whole = survey(&mut connection, patience).await.ok()?;
    Some((whole, connection))
}

fn unnamed_login() -> ServerLogin {
    ServerLogin { login: Untrusted::default(), user: Untrusted::default(), took: Duration::ZERO }
}

fn mark_missing(facts: &mut ServerFacts, trouble: &Trouble) {
    facts.version = Fact::Missing(trouble.clone());
    facts.clock_ahead_ms = Fact::Missing(trouble.clone());
    facts.round_trip = Fact::Missing(trouble.clone());
    facts.rights = Fact::Missing(trouble.clone());
    facts.collation = Fact::Missing(trouble.clone());
    facts.content = Fact::Missing(Trouble::Unasked);
}

/// Looks on the session that the login gave, if that is in `master`. The login's default database may be another: the collation
/// would be that database's, and a lock in it would keep nobody out.
async fn look_in_default_session(
    target: &Target,
    facts: &ServerFacts,
    default_session: Option<Session>,
) -> Option<(Reply, Connection)> {
    let mut session = default_session?;
    let reply = send_from_master(&mut session, target).await.ok()?;
    let in_master = reply.row("identity").ok()?.raw("place")?.eq_ignore_ascii_case("master");
    in_master.then(|| (reply, Connection { session, facts: facts.clone(), database_error: None, turn: None }))
}

async fn look_on_new_connection(target: &Target) -> Result<(Reply, Connection), Trouble> {
    let mut silent = |_: &ServerFacts| {};
    match connect(target, ("master", IfUnopened::Refuse), &mut silent).await {
        Ok(mut connection) => send_from_master(&mut connection.session, target).await.map(|reply| (reply, connection)),
        Err(blocked) => Err(blocked.way_blocked().cloned().unwrap_or(Trouble::Unasked)),
    }
}

async fn send_from_master(session: &mut Session, target: &Target) -> Result<Reply, Trouble> {
    batch::ask(session, &master_question(), &[&target.database.as_str()], limits::READ).await
}

fn absent_or_closed(reply: &Reply, refusal: SqlTrouble) -> DatabaseSeen {
    match database(reply) {
        Ok(Some(state)) => DatabaseSeen::Closed { state: Some(state), said: refusal },
        Ok(None) if sees_every_database(reply) => DatabaseSeen::Absent,
        Ok(None) | Err(_) => DatabaseSeen::Unclear { said: refusal },
    }
}

/// Returns the server's version. `SERVERPROPERTY` may return an empty text for an unknown property.
fn version(reply: &Reply) -> Result<ServerVersion, Trouble> {
    let row = reply.row("identity")?;
    let number = row.text("number");
    let engine_edition = row.int("engine_edition");
    let major = number.as_str().split('.').next().and_then(|first| first.trim().parse().ok()).unwrap_or_default();
    Ok(ServerVersion {
        major,
        number,
        edition: row.text("edition"),
        engine_edition,
        server_name: row.text("server_name"),
        product: Product::recognise(engine_edition, &row.text("version")),
        amazon_rds: row.told("rds"),
    })
}

/// Returns the login; `took` is how long it took, known from before.
fn logged_in(reply: &Reply, took: Duration) -> Result<ServerLogin, Trouble> {
    let row = reply.row("identity")?;
    Ok(ServerLogin { login: row.text("login_name"), user: row.text("user_name"), took })
}

/// Style 126 of `CONVERT`: ISO 8601 with as many decimals as the type has. Some servers send a blank for the T.
const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]");

/// Returns how far the server's clock is ahead, in milliseconds.
///
/// The batch reads the clock at its begin and at its end. The time in between is not spent on the line, and the first reading was
/// half of the rest after the batch was sent.
fn clock(reply: &Reply) -> Result<i64, Trouble> {
    let begun = instant(reply, "clock")?;
    let spent = instant(reply, "clock_end").map_or(Duration::ZERO, |ended| Duration::try_from(ended - begun).unwrap_or_default());
    let ours = reply.sent_at + reply.took.saturating_sub(spent) / 2;
    Ok(i64::try_from((begun.assume_utc() - ours).whole_milliseconds()).unwrap_or(i64::MAX))
}

fn instant(reply: &Reply, part: &str) -> Result<PrimitiveDateTime, Trouble> {
    let row = reply.row(part)?;
    let text = row.raw("utc").unwrap_or_default();
    let unread = |_| Trouble::Io(Untrusted::new(&format!("the server's clock reads {text:?}")));
    PrimitiveDateTime::parse(&text.trim_end_matches('Z').replacen(' ', "T", 1), ISO).map_err(unread)
}

/// Returns the database's collation, judged by what it does rather than by its name, and the columns that differ from it.
fn collation(reply: &Reply) -> Result<Collation, Trouble> {
    let row = reply.row("collation")?;
    // If the columns cannot be listed, only they are missing; a login that may not see all of them has listed only some.
    let listed = reply.rows("odd_column");
    let sees = reply.row("rights").is_ok_and(|row| row.flag("view_definition"));
    let odd = listed.as_deref().unwrap_or_default();
    let column = |row: &ReplyRow| {
        let name = |name| row.raw(name).unwrap_or_default();
        Untrusted::new(&format!(
            "{}.{}.{} ({})",
            name("schema_name"),
            name("table_name"),
            name("column_name"),
            name("collation_name")
        ))
    };
    // From master it is the server's, for a database that is still to be created; else the catalogue's.
    let name = database_row(reply)?.map(|row| row.text("collation")).filter(|name| !name.is_empty());
    // Without the database's own collation no column differs from it.
    let is_complete = listed.is_ok() && sees && name.is_some();
    Ok(Collation {
        name: name.unwrap_or_else(|| row.text("name")),
        case_insensitive: row.flag("case_insensitive"),
        server: row.text("server"),
        odd_columns: odd.iter().map(column).collect(),
        odd_count: is_complete.then(|| odd.first().map_or(0, |row| row.count("how_many"))),
    })
}

/// Returns the database's state; `None` if the server shows no such database.
fn database(reply: &Reply) -> Result<Option<DatabaseState>, Trouble> {
    Ok(database_row(reply)?.map(|row| database_state(row, replication(reply).into())))
}

/// The batch compares names without case, since some servers fold them; of two that differ by case only, the exact one counts.
fn database_row(reply: &Reply) -> Result<Option<&ReplyRow>, Trouble> {
    let rows = reply.rows("database")?;
    Ok(rows.iter().find(|row| row.flag("exact")).or_else(|| rows.first()))
}

fn database_state(row: &ReplyRow, replication: Fact<Replication>) -> DatabaseState {
    let is = |column: &str, value: &str| row.raw(column).map(|text| text.eq_ignore_ascii_case(value));
    DatabaseState {
        name: row.text("name"),
        state: row.text("state"),
        read_only: any([row.told("read_only"), is("updateability", "READ_ONLY")]),
        single_user: is("user_access", "SINGLE_USER"),
        restricted_user: is("user_access", "RESTRICTED_USER"),
        compatibility: row.int("compatibility"),
        read_committed_snapshot: row.told("read_committed_snapshot"),
        auto_close: row.told("auto_close"),
        replication,
    }
}

/// Returns whether one of these is so: `Some(true)` if one was told to be, `None` if none was told at all.
fn any<const N: usize>(told: [Option<bool>; N]) -> Option<bool> {
    told.into_iter().flatten().reduce(|one, other| one || other)
}

/// Reads how the database is replicated. Mirroring, log shipping and groups come from views that other editions lack and other logins
/// may not read; what a view does not tell is unknown then. Replication itself, which is in `sys.databases`, must be in the reply.
fn replication(reply: &Reply) -> Result<Replication, Trouble> {
    let row = reply.rows("replication")?.first().ok_or(Trouble::Unasked)?;
    let counted = |part: &str| reply.row(part).ok().and_then(|row| row.told("how_many"));
    let kinds = ["published", "subscribed", "merge_published", "distributor"].map(|name| row.told(name));
    let groups = reply.rows("availability_group").unwrap_or_default();
    // A group without a listener has one row without a name.
    let listeners = reply.rows("listener").ok().filter(|rows| !rows.is_empty());
    let named =
        |rows: &[ReplyRow]| rows.iter().map(|row| row.text("name")).filter(|name| !name.is_empty()).collect::<Vec<Untrusted>>();
    Ok(Replication {
        replicated: any(kinds).filter(|is| *is || kinds.iter().all(Option::is_some)),
        mirrored: counted("mirroring"),
        log_shipping: counted("log_shipping"),
        availability_group: groups.first().map(|row| row.text("name")),
        listeners: listeners.map(named),
        in_availability_group: row.told("in_group"),
    })
}

/// Returns the login's rights in the database; of a reply from `master`, on the server only.
fn rights(reply: &Reply) -> Result<DatabaseRights, Trouble> {
    let row = reply.row("rights")?;
    Ok(DatabaseRights {
        create_database: row.told("create_database"),
        create_table: row.flag("create_table"),
        create_schema: row.flag("create_schema"),
        alter: row.flag("alter_database"),
        control: row.flag("control_database"),
        db_owner: row.flag("db_owner"),
        default_schema: row.text("default_schema"),
        view_definition: row.told("view_definition"),
        create_in_master: row.told("create_in_master"),
        dbmanager: row.told("dbmanager"),
        view_any_database: row.told("view_databases"),
    })
}

/// Returns the server's availability groups.
fn groups(reply: &Reply) -> Result<ServerGroups, Trouble> {
    let row = reply.row("groups")?;
    let listeners = reply.rows("group_listener");
    Ok(ServerGroups {
        enabled: row.told("enabled"),
        sees_listeners: listeners.is_ok() && row.flag("sees"),
        listeners: listeners.unwrap_or_default().iter().map(|row| row.text("name")).collect(),
    })
}

/// Returns whether the login sees every database in `sys.databases`, so that a missing row means a missing database. Read from `master`; a
/// login that may create databases sees them all.
fn sees_every_database(reply: &Reply) -> bool {
    let sees = ["view_databases", "create_database", "create_in_master", "dbmanager"];
    reply.row("rights").is_ok_and(|row| sees.iter().any(|right| row.flag(right)))
}

#[cfg(test)]
mod tests {
    use super::*;

    use time::macros::datetime;

    use crate::world::sqlserver::batch::tests::{reply, row};

    fn said(number: u32) -> SqlTrouble {
        SqlTrouble { number, state: 1, class: 11, text: Untrusted::new("Cannot open database.") }
    }

    #[test]
    fn absent_closed_and_unclear_are_told_apart() {
        let rights = |sees| [("part", "rights"), ("create_database", "#0"), ("view_databases", sees)];
        assert_eq!(absent_or_closed(&reply(&[&rights("#1")]), said(4060)), DatabaseSeen::Absent);
        assert_eq!(absent_or_closed(&reply(&[&rights("#0")]), said(4060)), DatabaseSeen::Unclear { said: said(4060) });
        let row = [("part", "database"), ("name", "Octopus"), ("state", "RESTORING"), ("exact", "#1")];
        let DatabaseSeen::Closed { state: Some(state), .. } = absent_or_closed(&reply(&[&row]), said(927)) else {
            panic!("closed")
        };
        assert_eq!(state.state.as_str(), "RESTORING");
    }

    #[test]
    fn the_shortest_measure_is_the_round_trip() {
        let shortest = |millis: [u64; 3]| super::shortest(millis.map(Duration::from_millis)).as_millis();
        assert_eq!((shortest([17, 3, 9]), shortest([3, 17, 9]), shortest([17, 9, 2]), shortest([17, 0, 0])), (3, 3, 2, 17));
    }

    #[test]
    fn a_batch_that_opens_a_connection_goes_out_in_one_flight() {
        // Ten segments of 1,460 bytes are a young connection's window. Two bytes for each character.
        for (question, limit) in [(survey_question(), 14_000), (master_question(), 14_000)] {
            let bytes = 2 * question.sql().encode_utf16().count();
            assert!(bytes < limit, "{bytes}");
        }
    }

    #[test]
    fn version_and_login_are_read_and_nulls_are_empty() {
        let reply = reply(&[&[
            ("part", "identity"),
            ("number", "16.0.4135.4"),
            ("edition", "Developer Edition (64-bit)"),
            ("engine_edition", "#3"),
            ("server_name", "-"),
            ("login_name", "octopus"),
            ("user_name", "dbo"),
        ]]);
        let version = version(&reply).expect("read");
        assert_eq!((version.major, version.engine_edition), (16, 3));
        assert!(version.server_name.is_empty());
        assert_eq!(logged_in(&reply, Duration::ZERO).expect("read").login.as_str(), "octopus");
        assert_eq!((version.product, version.amazon_rds), (None, None), "what was not told is unknown");
    }

    #[test]
    fn a_product_is_what_it_calls_itself() {
        let recognise = |edition, version| Product::recognise(edition, &Untrusted::new(version));
        let full = "Microsoft SQL Server 2022 (RTM-CU16) (KB5048033) - 16.0.4165.4 (X64)\n\tNov  6 2024 19:24:49 \n";
        assert_eq!(recognise(3, full), Some(Product::SqlServer));
        assert_eq!(recognise(5, "Microsoft SQL Azure (RTM) - 12.0.2000.8 \n\tOct  2 2024"), Some(Product::AzureSqlDatabase));
        assert_eq!(recognise(8, "Microsoft SQL Azure (RTM) - 12.0.2000.8"), Some(Product::ManagedInstance));
        assert_eq!(recognise(9, "Microsoft Azure SQL Edge Developer (RTM) - 15.0.2000"), Some(Product::AzureSqlEdge));
        assert_eq!(recognise(11, "Microsoft Azure SQL Data Warehouse - 10.0"), Some(Product::Synapse));
        assert_eq!(recognise(12, "Microsoft SQL Azure (RTM) - 12.0.2000.8"), Some(Product::FabricSqlDatabase));
        let babelfish = "Babelfish for PostgreSQL with SQL Server Compatibility - 12.0.2000.8\nOct  7 2024";
        assert_eq!(recognise(3, babelfish), Some(Product::Babelfish));
        let other = recognise(3, "octopus-setup practice server (not Microsoft SQL Server) - 16.0.4135.4");
        assert_eq!(other, Some(Product::Other(Untrusted::new("octopus-setup practice server (not Microsoft SQL Server)"))));
        assert_eq!(recognise(3, ""), None);
    }

    fn clock_reply(begun: &str, ended: &str, took: u64) -> Reply {
        let rows = vec![row(&[("part", "clock"), ("utc", begun)]), row(&[("part", "clock_end"), ("utc", ended)])];
        Reply::from_rows(rows, None, datetime!(2026-11-18 12:00 UTC), Duration::from_millis(took))
    }

    #[test]
    fn the_servers_own_time_moves_the_clock_only_and_hides_no_far_line() {
        let reply = clock_reply("2026-11-18T12:00:05.0500000", "2026-11-18T12:00:05.2500000", 300);
        assert_eq!(clock(&reply), Ok(5_000), "half of what the server did not spend itself");
        let mut facts = ServerFacts::default();
        read_common(&reply, &mut facts);
        assert_eq!(facts.round_trip, Fact::Seen(Duration::from_millis(300)));
    }

    #[test]
    fn the_clock_may_be_behind_and_without_decimals() {
        assert_eq!(clock(&clock_reply("2026-11-18T11:59:00", "2026-11-18T11:59:00", 0)), Ok(-60_000));
        assert_eq!(clock(&clock_reply("2026-11-18 11:59:00.5", "2026-11-18 11:59:00.5", 0)), Ok(-59_500), "a blank for the T");
    }

    #[test]
    fn a_clock_that_cannot_be_read_is_missing() {
        assert!(clock(&clock_reply("soon", "later", 10)).is_err());
    }

    #[test]
    fn odd_columns_are_named_in_full() {
        let odd = [
            ("part", "odd_column"),
            ("schema_name", "dbo"),
            ("table_name", "Event"),
            ("column_name", "Name"),
            ("collation_name", "Latin1_General_BIN2"),
            ("how_many", "#37"),
        ];
        let row = [("part", "database"), ("exact", "#1"), ("collation", "Latin1_General_CS_AS")];
        let base = [("part", "collation"), ("case_insensitive", "#0"), ("server", "X")];
        let rights = [("part", "rights"), ("view_definition", "#1")];
        let collation = collation(&reply(&[&row, &base, &odd, &rights])).expect("read");
        assert!(!collation.case_insensitive);
        assert_eq!(collation.name.as_str(), "Latin1_General_CS_AS");
        assert_eq!(collation.odd_columns, [Untrusted::new("dbo.Event.Name (Latin1_General_BIN2)")]);
        assert_eq!(collation.odd_count, Some(37));
    }

    #[test]
    fn columns_that_were_not_all_seen_are_not_none() {
        let database = [("part", "database"), ("exact", "#1"), ("collation", "Latin1_General_CI_AS")];
        let base = [("part", "collation"), ("case_insensitive", "#1"), ("server", "X")];
        let rights = |sees| [("part", "rights"), ("view_definition", sees)];
        let count = |rows: &[&[(&str, &str)]]| collation(&reply(rows)).expect("read").odd_count;
        assert_eq!(count(&[&database, &base, &rights("#1")]), Some(0));
        for hidden in ["#0", "-"] {
            assert_eq!(count(&[&database, &base, &rights(hidden)]), None, "{hidden}");
        }
        assert_eq!(count(&[&database, &base]), None);
        assert_eq!(count(&[&base, &rights("#1")]), None, "there was nothing to compare them with");
        let failed = [("part", "trouble"), ("of_part", "odd_column"), ("number", "#208"), ("message", "no")];
        assert_eq!(count(&[&database, &base, &rights("#1"), &failed]), None);
    }

    const ROW: &[(&str, &str)] = &[
        ("part", "database"),
        ("name", "Octopus"),
        ("state", "ONLINE"),
        ("read_only", "#0"),
        ("user_access", "MULTI_USER"),
        ("compatibility", "#160"),
        ("read_committed_snapshot", "#1"),
        ("auto_close", "#0"),
        ("updateability", "READ_WRITE"),
        ("exact", "#1"),
    ];

    #[test]
    fn an_ordinary_database_has_nothing_special() {
        let mirroring = [("part", "mirroring"), ("how_many", "#0")];
        let log_shipping = [("part", "log_shipping"), ("how_many", "#0")];
        let state = database(&reply(&[ROW, NOT_REPLICATED, &mirroring, &log_shipping])).expect("read").expect("there");
        assert_eq!((state.read_only, state.single_user, state.restricted_user), (Some(false), Some(false), Some(false)));
        assert_eq!((state.read_committed_snapshot, state.auto_close), (Some(true), Some(false)));
        assert_eq!(state.compatibility, 160);
        let plain = Replication {
            replicated: Some(false),
            mirrored: Some(false),
            log_shipping: Some(false),
            in_availability_group: Some(false),
            ..Replication::default()
        };
        assert_eq!(state.replication, Fact::Seen(plain));
    }

    const NOT_REPLICATED: &[(&str, &str)] = &[
        ("part", "replication"),
        ("published", "#0"),
        ("subscribed", "#0"),
        ("merge_published", "#0"),
        ("distributor", "#0"),
        ("in_group", "#0"),
    ];

    #[test]
    fn what_a_view_does_not_tell_is_unknown() {
        let failed = |part| [("part", "trouble"), ("of_part", part), ("number", "#208"), ("message", "no")];
        let replication = |rows: &[&[(&str, &str)]]| super::replication(&reply(rows)).expect("read");
        let nothing = replication(&[&[("part", "replication"), ("published", "-"), ("subscribed", "#0"), ("in_group", "-")]]);
        assert_eq!(nothing, Replication::default());
        for part in ["mirroring", "log_shipping"] {
            let unread = [&failed(part)[..], &[("part", part), ("how_many", "-")]];
            for unread in unread {
                let seen = replication(&[NOT_REPLICATED, unread]);
                assert_eq!((seen.mirrored, seen.log_shipping, seen.replicated), (None, None, Some(false)), "{unread:?}");
            }
        }
        let group = [("part", "availability_group"), ("name", "ag1")];
        assert_eq!(replication(&[NOT_REPLICATED, &group, &failed("listener")]).listeners, None);
        assert_eq!(replication(&[NOT_REPLICATED, &group]).listeners, None, "a view that the server lacks");
        assert_eq!(replication(&[NOT_REPLICATED, &group, &[("part", "listener"), ("name", "-")]]).listeners, Some(Vec::new()));
    }

    #[test]
    fn a_state_that_was_not_told_is_unknown() {
        let row = [
            ("part", "database"),
            ("name", "Octopus"),
            ("state", "-"),
            ("exact", "#1"),
            ("read_only", "-"),
            ("user_access", "-"),
        ];
        let state = database(&reply(&[&row])).expect("read").expect("there");
        assert_eq!((state.read_only, state.single_user, state.restricted_user), (None, None, None));
        assert_eq!((state.read_committed_snapshot, state.auto_close), (None, None));
        assert!(state.state.is_empty() && state.compatibility == 0);
    }

    #[test]
    fn a_secondary_is_read_only_by_its_updateability() {
        let row: Vec<_> =
            ROW.iter().map(|(name, value)| (*name, if *name == "updateability" { "READ_ONLY" } else { *value })).collect();
        assert_eq!(database(&reply(&[&row])).expect("read").expect("there").read_only, Some(true));
    }

    #[test]
    fn groups_listeners_and_mirroring_are_told() {
        let listener = |name| [("part", "listener"), ("name", name)];
        let reply = reply(&[
            ROW,
            &[("part", "replication"), ("merge_published", "#1")],
            &[("part", "mirroring"), ("how_many", "#1")],
            &[("part", "availability_group"), ("name", "ag1")],
            &listener("sql-ag"),
            &listener("sql-ag2"),
        ]);
        let replication = database(&reply).expect("read").expect("there").replication;
        let replication = replication.seen().expect("seen");
        assert_eq!((replication.replicated, replication.mirrored, replication.log_shipping), (Some(true), Some(true), None));
        assert_eq!(replication.availability_group, Some(Untrusted::new("ag1")));
        assert_eq!(replication.listeners.as_ref().map(Vec::len), Some(2));
    }

    #[test]
    fn the_exact_name_wins_and_none_is_none() {
        let other = [("part", "database"), ("name", "OCTOPUS"), ("exact", "#0")];
        assert_eq!(database(&reply(&[&other, ROW])).expect("read").expect("there").name.as_str(), "Octopus");
        assert_eq!(database(&reply(&[])), Ok(None));
    }

    #[test]
    fn what_was_not_asked_is_not_granted() {
        let told = |create| rights(&reply(&[&[("part", "rights"), ("create_database", create)]])).expect("read");
        let rights = told("#1");
        assert!(rights.create_database == Some(true) && !rights.create_table && !rights.control);
        assert_eq!((told("#0").create_database, told("-").create_database), (Some(false), None));
    }

    #[test]
    fn listeners_that_a_login_may_not_see_are_not_absent() {
        let told = |enabled, sees| [("part", "groups"), ("enabled", enabled), ("sees", sees)];
        let listener = [("part", "group_listener"), ("name", "sql-ag")];
        let seen = groups(&reply(&[&told("#1", "#1"), &listener])).expect("read");
        assert_eq!(seen, ServerGroups { enabled: Some(true), listeners: vec!["sql-ag".into()], sees_listeners: true });
        for hidden in ["#0", "-"] {
            assert!(!groups(&reply(&[&told("#1", hidden)])).expect("read").sees_listeners, "{hidden}");
        }
        let failed = [("part", "trouble"), ("of_part", "group_listener"), ("number", "#208"), ("message", "no")];
        assert!(!groups(&reply(&[&told("-", "#1"), &failed])).expect("read").sees_listeners);
        assert!(groups(&reply(&[])).is_err());
    }

    #[test]
    fn a_login_that_sees_nothing_proves_nothing() {
        let blind = reply(&[&[("part", "rights"), ("create_database", "#0"), ("view_databases", "#0")]]);
        assert!(!sees_every_database(&blind));
        let creator = reply(&[&[("part", "rights"), ("create_database", "#1"), ("view_databases", "#0")]]);
        assert!(sees_every_database(&creator));
        let in_azure = reply(&[&[("part", "rights"), ("create_database", "#0"), ("view_databases", "-"), ("dbmanager", "#1")]]);
        assert!(sees_every_database(&in_azure));
        let silent = reply(&[&[("part", "rights"), ("create_database", "#0"), ("view_databases", "-")]]);
        assert!(!sees_every_database(&silent), "what the server does not tell is unknown");
        assert!(!sees_every_database(&reply(&[])));
    }
}
