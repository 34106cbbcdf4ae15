//! What learners' scripts and client programs send, as SQL Server answers it.

use practice_server::{Parameter, Value};

use crate::bench::{Bench, call, reply_text, run, steps};

fn check(cases: &[(&str, &str)]) {
    let (_bench, mut session) = Bench::with_database();
    steps(&mut session, cases);
}

#[test]
fn the_clock_and_its_arithmetic() {
    check(&[
        ("SELECT CASE WHEN ABS(DATEDIFF(second, CURRENT_TIMESTAMP, GETDATE())) < 60 THEN 1 ELSE 0 END", "1"),
        ("SELECT DATEDIFF(hour, GETDATE() - 1, GETDATE()), DATEDIFF(hour, GETDATE(), GETDATE() + 0.5)", "24|12"),
        ("SELECT CAST('2026-01-02T12:00:00' AS datetime) - 1.5", "2026-01-01 0:00:00.0"),
        ("SELECT CONVERT(varchar(30), 1 + CAST('2026-01-02T12:00:00' AS datetime), 126)", "2026-01-03T12:00:00"),
        ("SELECT CAST(GETDATE() AS date) - 1", "!206 Operand type clash: date is incompatible with int"),
        ("SELECT SYSUTCDATETIME() - 1", "!206 Operand type clash: datetime2 is incompatible with int"),
        ("SELECT GETDATE() * 2", "!8117 Operand data type datetime is invalid for multiply operator."),
    ]);
}

#[test]
fn a_turkish_database_has_two_letters_i() {
    let (_bench, mut session) = Bench::with_database();
    steps(
        &mut session,
        &[
            ("CREATE DATABASE t COLLATE Turkish_CI_AS; USE t", ""),
            ("SELECT UPPER(N'webi'), LOWER(N'WEBI'), LOWER(N'WEBI' COLLATE Latin1_General_CI_AS)", "WEBİ|webı|webi"),
            ("CREATE TABLE T (name nvarchar(9) PRIMARY KEY); INSERT T VALUES (N'webi'), (N'WEBI')", ""),
            ("INSERT T VALUES (N'WEBİ')", "!2627 Violation of PRIMARY KEY constraint…"),
            ("SELECT COUNT(*) FROM T WHERE name = N'WEBI'", "1"),
            ("SELECT COUNT(*) FROM T WHERE name COLLATE Latin1_General_CI_AS = N'WEBI'", "2"),
            (
                "CREATE TABLE C (a nvarchar(9) COLLATE Latin1_General_CI_AS); ALTER TABLE C ALTER COLUMN a nvarchar(9) COLLATE DATABASE_DEFAULT NOT NULL",
                "",
            ),
            ("SELECT collation_name, is_nullable FROM sys.columns WHERE object_id = OBJECT_ID(N'C')", "Turkish_CI_AS|0"),
        ],
    );
}

#[test]
fn pages_by_variables() {
    check(&[
        ("CREATE TABLE T (a int); INSERT T VALUES (1), (2), (3), (4)", ""),
        ("DECLARE @a int = 1, @b int = 2; SELECT a FROM T ORDER BY a OFFSET @a ROWS FETCH NEXT @b ROWS ONLY", "2; 3"),
        ("EXEC sp_executesql N'SELECT a FROM T ORDER BY a OFFSET @a ROWS FETCH FIRST @b ROW ONLY', N'@a int, @b int', 3, 1", "4"),
    ]);
}

#[test]
fn compound_assignments() {
    check(&[
        ("DECLARE @i int = 5; SET @i += 2 * 3; SET @i -= 1; SET @i *= 2; SET @i /= 3; SET @i %= 5; SELECT @i", "1"),
        ("DECLARE @i int = 6; SET @i &= 3; SET @i |= 8; SET @i ^= 1; SELECT @i", "11"),
        ("DECLARE @s nvarchar(10) = N'a'; SET @s += N'b'; SELECT @s", "ab"),
        ("CREATE TABLE T (a int); INSERT T VALUES (1); UPDATE T SET a += 4; SELECT a FROM T", "5"),
    ]);
}

#[test]
fn a_column_may_be_called_precision() {
    check(&[
        ("CREATE TABLE T (precision int, scale int); INSERT T (precision) VALUES (3); SELECT T.precision FROM T", "3"),
        ("SELECT name, precision FROM sys.columns WHERE object_id = OBJECT_ID('T') AND column_id = 1", "precision|10"),
        ("SELECT COUNT(*) FROM sys.all_columns WHERE object_id = OBJECT_ID('T') AND precision = 10", "2"),
    ]);
}

#[test]
fn a_recursion_ends_after_a_hundred_levels() {
    let levels = |last: u32, option: &str| {
        format!("WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT MAX(i) FROM n{option}")
    };
    let exhausted = |limit: u32| {
        format!("!530 The statement terminated. The maximum recursion {limit} has been exhausted before statement completion.")
    };
    let (_bench, mut session) = Bench::with_database();
    for (last, option, expected) in [
        (101, "", "101".to_owned()),
        (102, "", exhausted(100)),
        (7, " OPTION (MAXRECURSION 5)", exhausted(5)),
        (6, " OPTION (MAXRECURSION 5)", "6".to_owned()),
        (300, " OPTION (MAXRECURSION 0)", "300".to_owned()),
    ] {
        assert_eq!(run(&mut session, &levels(last, option)), expected, "{last}{option}");
    }
    steps(
        &mut session,
        &[(
            "WITH t AS (SELECT 1 AS i, CAST(N'a' AS nvarchar(20)) AS p UNION ALL SELECT o.i + 1, \
             CAST(o.p + N'a' AS nvarchar(20)) FROM t AS o \
             JOIN (SELECT 3 AS m) AS x ON o.i < x.m) SELECT i, p FROM t ORDER BY i",
            "1|a; 2|aa; 3|aaa",
        )],
    );
}

#[test]
fn an_identity_is_not_given_back_by_a_rollback() {
    let (bench, mut session) = Bench::with_database();
    steps(
        &mut session,
        &[
            ("CREATE TABLE T (Id int IDENTITY(10, 5), a int UNIQUE); INSERT T VALUES (1)", ""),
            ("BEGIN TRAN; INSERT T VALUES (2); ROLLBACK; INSERT T VALUES (3); SELECT MAX(Id), SCOPE_IDENTITY() FROM T", "20|20"),
            ("INSERT T VALUES (3)", "!2627 Violation…"),
            ("INSERT T VALUES (4); SELECT MAX(Id) FROM T", "30"),
        ],
    );
    let mut other = bench.session("sa", "d");
    steps(&mut other, &[("INSERT T OUTPUT inserted.Id VALUES (5)", "35")]);
    steps(&mut session, &[("TRUNCATE TABLE T; INSERT T OUTPUT inserted.Id VALUES (1)", "10")]);
}

#[test]
fn what_is_missing_is_called_not_supported() {
    check(&[
        ("SELECT * FROM sys.dm_os_wait_stats", "!40510 The view sys.dm_os_wait_stats is not supported by the practice server."),
        ("SELECT * FROM msdb.dbo.sysjobs", "!40510 The table msdb.dbo.sysjobs is not supported by the practice server."),
        (
            "SELECT * FROM INFORMATION_SCHEMA.ROUTINES",
            "!40510 The view INFORMATION_SCHEMA.ROUTINES is not supported by the practice server.",
        ),
        ("SELECT * FROM sysobjects", "!40510 The view sysobjects is not supported by the practice server."),
        ("SELECT * FROM dbo.Nothing", "!208 Invalid object name 'dbo.Nothing'."),
        (
            "SELECT is_ledger_on FROM sys.databases",
            "!40510 The column is_ledger_on of sys.databases is not supported by the practice server.",
        ),
        ("SELECT d.nope FROM sys.databases AS d", "!40510 The column nope of sys.databases is not supported…"),
        ("SELECT t.nope FROM (SELECT name FROM sys.databases) AS t", "!207 Invalid column name 'nope'."),
        ("SELECT sys.fn_hadr_is_primary_replica(N'x')", "!40510 The function sys.fn_hadr_is_primary_replica is not supported…"),
        ("EXEC sp_who2", "!40510 The procedure sp_who2 is not supported by the practice server."),
        ("EXEC master.sys.xp_msver", "!40510 The procedure master.sys.xp_msver is not supported by the practice server."),
        ("EXEC dbo.Nothing", "!2812 Could not find stored procedure 'dbo.Nothing'."),
        ("SELECT FORMAT(1, 'N')", "!40510 The function FORMAT is not supported by the practice server."),
        ("SELECT TRY_PARSE('1' AS int)", "!40510 …"),
        ("SELECT PERCENTILE_CONT(1)", "!40510 The function PERCENTILE_CONT is not supported by the practice server."),
        ("SELECT NoSuchThing(1)", "!195 'NoSuchThing' is not a recognized built-in function name."),
        ("SELECT @@CPU_BUSY", "!40510 @@CPU_BUSY is not supported by the practice server."),
        ("CREATE TABLE T (a xml)", "!40510 The type xml is not supported by the practice server."),
        ("CREATE TABLE #t (a int)", "!40510 A temporary table is not supported by the practice server."),
        ("SELECT * INTO T2 FROM sys.tables", "!40510 SELECT … INTO is not supported by the practice server."),
        ("DECLARE @t TABLE (a int)", "!40510 A table variable is not supported by the practice server."),
        ("CREATE VIEW v AS SELECT 1 AS a", "!40510 CREATE VIEW is not supported by the practice server."),
        ("CREATE OR ALTER PROCEDURE p AS SELECT 1", "!40510 CREATE OR ALTER PROCEDURE is not supported by the practice server."),
        ("DROP PROCEDURE IF EXISTS p", "!40510 DROP PROCEDURE is not supported by the practice server."),
        ("SET STATISTICS IO ON", "!40510 SET STATISTICS is not supported by the practice server."),
        ("SELECT 1 FOR JSON PATH", "!40510 FOR JSON is not supported by the practice server."),
        ("SELECT a FROM OPENJSON(N'[]') AS j", "!40510 The table function OPENJSON is not supported by the practice server."),
        ("SELECT SUM(1) OVER (ORDER BY (SELECT 1) ROWS UNBOUNDED PRECEDING)", "!40510 A window frame is not supported…"),
        ("SELECT TOP (1) PERCENT 1", "!40510 …"),
        ("IF 1 = 0 GOTO x", "!40510 The statement GOTO is not supported by the practice server."),
        ("SELECT NEXT VALUE FOR s", "!40510 NEXT VALUE FOR is not supported by the practice server."),
    ]);
}

#[test]
fn as_many_terms_as_a_script_needs_and_no_more() {
    let chain = |terms: usize, head: &str, term: &str| format!("{head}{}", term.repeat(terms));
    let (_bench, mut session) = Bench::with_database();
    run(&mut session, "CREATE TABLE T (a int); INSERT T VALUES (1)");
    assert_eq!(run(&mut session, &chain(400, "SELECT 1", "+1")), "401");
    assert_eq!(run(&mut session, &chain(400, "SELECT COUNT(*) FROM T WHERE a = 1", " OR a = 2")), "1");
    let list = |count: usize| (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    assert_eq!(run(&mut session, &format!("SELECT COUNT(*) FROM T WHERE a IN ({})", list(3000))), "1");
    for long in [
        chain(50_000, "SELECT 1", "+1"),
        chain(50_000, "SELECT 1", "-a"),
        chain(50_000, "SELECT 1 WHERE 1 = 1", " OR 1 = 1"),
        chain(50_000, "SELECT 1 WHERE 1 = 1", " AND 1 = 1"),
        chain(50_000, "SELECT N'a'", " COLLATE Latin1_General_CI_AS"),
        chain(50_000, "SELECT 1", " UNION ALL SELECT 1"),
        chain(50_000, "SELECT 1", " UNION ALL SELECT 1, 2"),
        chain(50_000, "SELECT 1 WHERE 1", " IS NULL"),
        chain(50_000, "SELECT ", "-+~"),
        chain(50_000, "SELECT 1 WHERE ", "NOT "),
        chain(50_000, "SELECT ", "("),
        chain(50_000, "SELECT ", "CASE WHEN 1 = 1 THEN "),
        chain(50_000, "SELECT 1", ".a"),
        chain(50_000, "SELECT a", ".a"),
        chain(50_000, "SELECT a", "[1]"),
        chain(50_000, "SELECT 1 FROM T", " JOIN T ON 1 = 1"),
        chain(50_000, "SELECT 1 FROM T", " CROSS JOIN T"),
        chain(50_000, "SELECT 1 FROM ", "(SELECT 1 FROM "),
        chain(50_000, "", "BEGIN "),
        chain(50_000, "", "IF 1 = 1 "),
        chain(50_000, "IF 1 = 1 SELECT 1", " ELSE IF 1 = 1 SELECT 1"),
    ] {
        let answer = run(&mut session, &long);
        assert!(
            ["!191 ", "!102 ", "!156 ", "!1013 ", "!107 ", "!207 ", "!40510 "].iter().any(|start| answer.starts_with(start)),
            "{long:.80}: {answer:.300}"
        );
        assert!(!answer.contains("could not run"), "{answer:.300}");
    }
    assert!(run(&mut session, &chain(50_000, "SELECT 1", "+1")).starts_with("!191 "));
    assert!(run(&mut session, &chain(50_000, "SELECT 1 WHERE 1 = 1", " OR 1 = 1")).starts_with("!191 "));
    assert_eq!(run(&mut session, "SELECT 7"), "7");
}

#[test]
fn no_fault_of_the_inside_is_shown() {
    let (_bench, mut session) = Bench::with_database();
    run(&mut session, "CREATE TABLE T (a int, b nvarchar(max)); INSERT T VALUES (1, N'x')");
    let unions = (0..600).map(|_| "SELECT 1").collect::<Vec<_>>().join(" UNION SELECT 1 UNION ");
    let columns = (0..3000).map(|at| format!("{at} AS c{at}")).collect::<Vec<_>>().join(", ");
    for text in [
        unions,
        format!("SELECT {columns}"),
        "SELECT REPLICATE(CAST(N'x' AS nvarchar(max)), 2147483647)".to_owned(),
        format!("SELECT CONCAT({})", vec!["a"; 200].join(", ") + ", b FROM T"),
        format!("SELECT COALESCE({}) FROM T", vec!["a"; 2500].join(", ")),
        "WITH a AS (SELECT 1 AS x UNION ALL SELECT COUNT(*) FROM a) SELECT * FROM a".to_owned(),
        "WITH a AS (SELECT 1 AS x UNION ALL SELECT x FROM a AS l LEFT JOIN a AS r ON 1 = 1) SELECT * FROM a".to_owned(),
        "SELECT (SELECT a, b FROM T)".to_owned(),
        "SELECT SUM(a) OVER (PARTITION BY SUM(a)) FROM T".to_owned(),
        "SELECT a FROM T GROUP BY a ORDER BY SUM(a)".to_owned(),
        "SELECT MAX(MAX(a)) FROM T".to_owned(),
        "SELECT ROW_NUMBER() OVER (ORDER BY a) FROM T WHERE ROW_NUMBER() OVER (ORDER BY a) = 1".to_owned(),
        "UPDATE T SET a = ROW_NUMBER() OVER (ORDER BY a)".to_owned(),
        "SELECT a FROM T WHERE STRING_AGG(b, N',') = N'x'".to_owned(),
        "SELECT TOP (-1) a FROM T".to_owned(),
        "SELECT a FROM T ORDER BY a OFFSET -1 ROWS".to_owned(),
        "SELECT a FROM T ORDER BY a OFFSET 0 ROWS FETCH NEXT 0 ROWS ONLY".to_owned(),
    ] {
        let answer = run(&mut session, &text);
        for inside in ["sqlite", "SQLite", "syntax error", "could not run", "fault", "no such", "misuse", "near \"", "failed at"]
        {
            assert!(!answer.contains(inside), "{text:.120}\n   {answer:.300}");
        }
    }
}

#[test]
fn what_drivers_send_when_they_connect() {
    let (_bench, mut session) = Bench::with_database();
    steps(
        &mut session,
        &[
            // pymssql
            (
                "SET ARITHABORT ON;SET CONCAT_NULL_YIELDS_NULL ON;SET ANSI_NULLS ON;SET ANSI_NULL_DFLT_ON ON;SET ANSI_PADDING ON;\
                 SET ANSI_WARNINGS ON;SET ANSI_NULL_DFLT_ON ON;SET CURSOR_CLOSE_ON_COMMIT ON;SET QUOTED_IDENTIFIER ON;\
                 SET TEXTSIZE 2147483647;",
                "",
            ),
            // FreeTDS' ODBC driver
            ("SET CURSOR_CLOSE_ON_COMMIT OFF SET IMPLICIT_TRANSACTIONS OFF", ""),
        ],
    );
    let kind = |kind: i64| vec![Parameter { name: String::new(), kind: None, value: Value::Int(kind), output: false }];
    let row = |session: &mut _, number| reply_text(&call(session, "sp_datatype_info_100", &kind(number)));
    // SQL_TYPE_TIMESTAMP, SQL_WVARCHAR and SQL_SS_TIME2: precision, literals, scale.
    assert!(row(&mut session, 93).starts_with("datetime2|93|27|'|'|scale|1|0|3|"), "{}", row(&mut session, 93));
    assert!(row(&mut session, -9).starts_with("nvarchar|-9|4000|N'|'|max length|1|0|3|"), "{}", row(&mut session, -9));
    assert!(row(&mut session, 0).contains("uniqueidentifier|-11|36|'|'|"), "{}", row(&mut session, 0));
}
