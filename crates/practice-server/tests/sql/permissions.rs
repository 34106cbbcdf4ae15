//! Who may what.

use crate::bench::{Bench, run, steps};

#[test]
fn a_login_without_rights() {
    let (bench, mut sa) = Bench::with_database();
    assert_eq!(run(&mut sa, "CREATE TABLE dbo.T (a int); INSERT T VALUES (1)"), "");
    let mut plain = bench.session("plain", "");
    steps(
        &mut plain,
        &[
            ("CREATE DATABASE x", "!262 CREATE DATABASE permission denied in database 'master'."),
            (
                "USE d",
                "!916 The server principal \"plain\" is not able to access the database \"d\" under the current security context.",
            ),
            (
                "SELECT HAS_DBACCESS('d'), HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE'), IS_SRVROLEMEMBER('sysadmin')",
                "0|0|0",
            ),
            ("CREATE LOGIN z WITH PASSWORD = 'x'", "!15247 User does not have permission to perform this action."),
            ("SELECT COUNT(*) FROM sys.databases WHERE name = 'd'", "1"),
            ("SELECT USER_NAME()", "guest"),
            ("SELECT * FROM d.dbo.T", "!916 The server principal…"),
        ],
    );
    assert_eq!(run(&mut sa, "CREATE USER plain FOR LOGIN plain"), "");
    steps(
        &mut plain,
        &[
            (
                "USE d; SELECT USER_NAME(), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE TABLE'), IS_ROLEMEMBER('db_owner')",
                "plain|0|0",
            ),
            ("SELECT * FROM dbo.T", "!229 The SELECT permission was denied on the object 'T', database 'd', schema 'dbo'."),
            ("SELECT OBJECT_ID('dbo.T'), (SELECT COUNT(*) FROM sys.tables)", "NULL|0"),
            ("CREATE TABLE X (a int)", "!262 CREATE TABLE permission denied in database 'd'."),
            ("CREATE SCHEMA x", "!262 CREATE SCHEMA permission denied in database 'd'."),
            ("DROP TABLE dbo.T", "!3701 Cannot drop the table 'dbo.T'…"),
            (
                "ALTER ROLE db_owner ADD MEMBER plain",
                "!15151 Cannot alter the role 'db_owner', because it does not exist or you do not have permission.",
            ),
            (
                "GRANT SELECT ON dbo.T TO plain",
                "!15151 Cannot find the object 'T', because it does not exist or you do not have permission.",
            ),
        ],
    );
    steps(&mut sa, &[("GRANT SELECT ON OBJECT::dbo.T TO plain; GRANT CREATE TABLE TO plain", "")]);
    steps(
        &mut plain,
        &[
            (
                "SELECT a FROM T; SELECT HAS_PERMS_BY_NAME('dbo.T', 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME('dbo.T', 'OBJECT', 'INSERT')",
                "1 / 1|0",
            ),
            ("INSERT T VALUES (2)", "!229 The INSERT permission was denied on the object 'T', database 'd', schema 'dbo'."),
            (
                "CREATE TABLE X (a int)",
                "!2760 The specified schema name \"dbo\" either does not exist or you do not have permission to use it.",
            ),
        ],
    );
    steps(&mut sa, &[("DENY SELECT ON dbo.T TO plain", ""), ("ALTER ROLE db_datareader ADD MEMBER plain", "")]);
    assert_eq!(run(&mut plain, "SELECT a FROM T").split(' ').next(), Some("!229"));
    steps(&mut sa, &[("REVOKE SELECT ON dbo.T FROM plain; ALTER ROLE db_datawriter ADD MEMBER plain", "")]);
    steps(&mut plain, &[("INSERT T VALUES (3); SELECT COUNT(*) FROM T", "2")]);
    steps(&mut sa, &[("ALTER ROLE db_owner ADD MEMBER plain", "")]);
    steps(
        &mut plain,
        &[
            (
                "SELECT IS_ROLEMEMBER('db_owner'), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CONTROL'), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'ALTER')",
                "1|1|1",
            ),
            ("EXEC(N'CREATE SCHEMA mine'); CREATE TABLE mine.T (a int); DROP TABLE mine.T; DROP SCHEMA mine", ""),
        ],
    );
}

#[test]
fn a_creator_owns_what_it_creates() {
    let bench = Bench::new();
    let mut creator = bench.session("creator", "");
    steps(
        &mut creator,
        &[
            ("SELECT HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE'), IS_SRVROLEMEMBER('dbcreator')", "1|1"),
            ("CREATE DATABASE mine; USE mine; SELECT USER_NAME(), IS_ROLEMEMBER('db_owner')", "dbo|1"),
            ("CREATE TABLE T (a int); SELECT SUSER_SNAME(owner_sid) FROM sys.databases WHERE name = 'mine'", "creator"),
        ],
    );
    let mut sa = bench.session("sa", "");
    steps(
        &mut sa,
        &[(
            "ALTER AUTHORIZATION ON DATABASE::mine TO sa; SELECT SUSER_SNAME(owner_sid) FROM sys.databases WHERE name = 'mine'",
            "sa",
        )],
    );
    assert!(run(&mut creator, "SELECT 1 FROM T").starts_with("!916"));
}

#[test]
fn logging_in() {
    let (bench, mut sa) = Bench::with_database();
    let failed = |user: &str, database: &str| {
        let errors = bench.try_session(user, database).err().unwrap_or_default();
        errors.iter().map(|error| error.number).collect::<Vec<_>>()
    };
    assert_eq!(failed("nobody", ""), [18456]);
    assert_eq!(failed("plain", "missing"), [4060, 18456]);
    assert_eq!(failed("plain", "d"), [4060, 18456]);
    assert_eq!(failed("SA", "D"), Vec::<i32>::new());
    steps(
        &mut sa,
        &[
            ("CREATE LOGIN node WITH PASSWORD = 'pw', DEFAULT_DATABASE = d; CREATE USER node FOR LOGIN node", ""),
            ("CREATE LOGIN node WITH PASSWORD = 'pw'", "!15025 The server principal 'node' already exists."),
            ("CREATE USER two FOR LOGIN missing", "!15007 'missing' is not a valid login or you do not have permission."),
        ],
    );
    assert_eq!(bench.session("node", "").database(), "d");
    steps(&mut sa, &[("ALTER LOGIN node DISABLE", "")]);
    assert_eq!(failed("node", ""), [18470]);
    steps(&mut sa, &[("ALTER LOGIN node ENABLE; ALTER LOGIN node WITH PASSWORD = 'other'", "")]);
    assert_eq!(failed("node", ""), [18456]);
    steps(
        &mut sa,
        &[
            ("DROP USER node; DROP LOGIN node", ""),
            ("DROP LOGIN node", "!15151 Cannot drop the login 'node', because it does not exist or you do not have permission."),
        ],
    );
}

#[test]
fn a_database_for_one() {
    let (bench, mut sa) = Bench::with_database();
    steps(&mut sa, &[("ALTER DATABASE d SET SINGLE_USER WITH ROLLBACK IMMEDIATE", "")]);
    let errors = bench.try_session("sa", "d").err().unwrap_or_default();
    assert_eq!(errors.first().map(|error| error.number), Some(4060));
    let mut other = bench.session("sa", "");
    assert_eq!(run(&mut other, "USE d"), "!924 Database 'd' is already open and can only have one user at a time.");
}

#[test]
fn a_database_for_one_is_opened_again_only_when_that_one_has_left() {
    let (bench, mut sa) = Bench::with_database();
    steps(&mut sa, &[("ALTER DATABASE d SET SINGLE_USER", "")]);
    let mut other = bench.session("sa", "");
    let refused = run(&mut other, "ALTER DATABASE d SET MULTI_USER");
    assert!(refused.starts_with("!5064 "), "{refused}");
    drop(sa);
    steps(&mut other, &[("ALTER DATABASE d SET MULTI_USER; USE d", "")]);
}

#[test]
fn a_collation_is_changed_while_nobody_is_in_and_nothing_is_there() {
    let (bench, sa) = Bench::with_database();
    let mut other = bench.session("sa", "");
    let refused = run(&mut other, "ALTER DATABASE d COLLATE Latin1_General_CS_AS");
    assert!(refused.starts_with("!5070 "), "{refused}");
    drop(sa);
    steps(
        &mut other,
        &[
            ("ALTER DATABASE d COLLATE Nope_CI_AS", "!448 Invalid collation 'Nope_CI_AS'."),
            ("ALTER DATABASE d COLLATE Latin1_General_CS_AS; USE d; SELECT IIF(N'a' = N'A', 1, 0)", "0"),
            ("SELECT collation_name FROM sys.databases WHERE name = N'd'", "Latin1_General_CS_AS"),
            ("CREATE TABLE T (a nvarchar(5)); USE master", ""),
        ],
    );
    let refused = run(&mut other, "ALTER DATABASE d COLLATE Latin1_General_CI_AS");
    assert!(refused.starts_with("!40510 "), "{refused}");
}

#[test]
fn a_users_schema_and_what_a_login_sees() {
    let (bench, mut sa) = Bench::with_database();
    steps(
        &mut sa,
        &[
            ("CREATE USER plain FOR LOGIN plain; ALTER USER plain WITH DEFAULT_SCHEMA = sales", ""),
            ("SELECT default_schema_name FROM sys.database_principals WHERE name = N'plain'", "sales"),
            (
                "ALTER USER nobody WITH DEFAULT_SCHEMA = dbo",
                "!15151 Cannot alter the user 'nobody', because it does not exist or you do not have permission.",
            ),
            ("USE master; DENY VIEW ANY DATABASE TO plain", ""),
        ],
    );
    let mut plain = bench.session("plain", "");
    let list = "SELECT name FROM sys.databases ORDER BY name";
    assert_eq!(run(&mut plain, list), "master; tempdb");
    assert_eq!(run(&mut plain, &format!("USE d; {list}")), "d; master; tempdb");
}
