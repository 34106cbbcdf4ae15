//! Statements and what SQL Server answers to them, by subject.

use crate::bench::{Bench, steps};

fn check(cases: &[(&str, &str)]) {
    let (_bench, mut session) = Bench::with_database();
    steps(&mut session, cases);
}

#[test]
fn expressions() {
    check(&[
        ("SELECT 1", "1"),
        ("SELECT 1 SELECT 2", "1 / 2"),
        ("SELECT 7/2, 7%2, 7.0/2, -7/2", "3|1|3.500000|-3"),
        ("SELECT 1/0", "!8134 Divide by zero error encountered."),
        ("SELECT 2147483647 + 1", "!8115 Arithmetic overflow error converting expression to data type int."),
        ("SELECT 'a' + N'b' + CAST(1 AS nvarchar(5))", "ab1"),
        ("SELECT 1 + '2'", "3"),
        ("SELECT 1 + 'x'", "!245 Conversion failed when converting the varchar value 'x' to data type int."),
        ("SELECT CASE WHEN 1 = 1 THEN 'y' ELSE 'no' END", "y"),
        ("SELECT CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"),
        ("SELECT NULL", "NULL"),
        ("SELECT ISNULL(NULL, 5), COALESCE(NULL, NULL, 'x'), NULLIF(1, 1), IIF(2 > 1, 'a', 'b')", "5|x|NULL|a"),
        ("SELECT 0x0AfF, 1.50, 1e3, ~5, 6 & 3, 6 | 3, 6 ^ 3", "0x0AFF|1.50|1000|-6|2|7|5"),
        ("SELECT 1.10 + 2.205, 1.5 * 2", "3.305|3.0"),
        ("SELECT CAST(1.55 AS decimal(5,1)), CAST(2.5 AS int), CAST('12' AS bigint)", "1.6|2|12"),
        ("SELECT 1 = 1", "!102 Incorrect syntax near '='."),
        (
            "SELECT 1 WHERE 1",
            "!4145 An expression of non-boolean type specified in a context where a condition is expected, near '1'.",
        ),
        ("IF N'a' = N'A ' SELECT 1 ELSE SELECT 0", "1"),
        ("SELECT IIF(N'a' COLLATE Latin1_General_CS_AS = N'A', 1, 0)", "0"),
        ("SELECT CASE WHEN N'a' COLLATE DATABASE_DEFAULT = N'A' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END", "1"),
        ("SELECT N'a' COLLATE Nonsense_CI_AS", "!448 Invalid collation 'Nonsense_CI_AS'."),
        (
            "SELECT 1 WHERE N'a' COLLATE Latin1_General_CI_AS = N'a' COLLATE Latin1_General_CS_AS",
            "!468 Cannot resolve the collation conflict between…",
        ),
        ("SELECT IIF('node7' LIKE 'NODE[0-9]', 1, 0), IIF('a_b' LIKE 'a!_b' ESCAPE '!', 1, 0)", "1|1"),
        ("SELECT IIF(2 IN (1, 2), 1, 0), IIF(3 BETWEEN 1 AND 2, 1, 0), IIF(NULL IN (1), 1, 0)", "1|0|0"),
        ("SELECT IIF(1 NOT IN (2, NULL), 1, 0)", "0"),
        ("SELECT IIF(EXISTS (SELECT 1 WHERE 1 = 0), 1, 0)", "0"),
        ("SELECT (SELECT 5)", "5"),
        ("SELECT (SELECT 1 UNION ALL SELECT 2)", "!512 Subquery returned more than 1 value…"),
        ("SELECT @x", "!137 Must declare the scalar variable \"@x\"."),
        ("SELECT nope(1)", "!195 'nope' is not a recognized built-in function name."),
        ("SELECT ROUND(1.5, 0)", "!40510 The function ROUND is not supported by the practice server."),
    ]);
}

#[test]
fn texts() {
    check(&[
        ("SELECT LEN('ab  '), DATALENGTH(N'ab '), DATALENGTH('ab')", "2|6|2"),
        ("SELECT LEFT('abc', 2), RIGHT('abc', 2), SUBSTRING('abcdef', 2, 3), SUBSTRING('abc', 0, 2)", "ab|bc|bcd|a"),
        ("SELECT UPPER('aB'), LOWER('aB'), LTRIM('  a '), RTRIM(' a  '), TRIM('  a  ')", "AB|ab|a | a|a"),
        ("SELECT REPLACE('aXa', 'x', 'y'), CHARINDEX('B', 'abc'), CHARINDEX('a', 'aba', 2)", "aya|2|3"),
        ("SELECT CONCAT('a', NULL, 1), QUOTENAME('a]b'), QUOTENAME('a', '\"')", "a1|[a]]b]|\"a\""),
        ("SELECT LEFT('abc', -1)", "!537 Invalid length parameter passed to the LEFT or SUBSTRING function."),
        ("SELECT CAST('abcdef' AS nvarchar(3)), CONVERT(char(3), 'a') + '|'", "abc|a  |"),
        (
            "SELECT CONVERT(varchar(10), 0x414243), CONVERT(varchar(10), 0x4142, 1), CONVERT(varbinary(4), '0x4142', 1)",
            "ABC|0x4142|0x4142",
        ),
        ("SELECT CONVERT(varbinary(8), N'ab')", "0x61006200"),
        ("SELECT TRY_CAST('x' AS int), TRY_CONVERT(datetime2, 'x')", "NULL|NULL"),
        (
            "SELECT CAST('x' AS uniqueidentifier)",
            "!8169 Conversion failed when converting from a character string to uniqueidentifier.",
        ),
        ("SELECT CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)", "6F9619FF8B86D011B42D00C04FC964FF"),
        ("SELECT LEN(CAST(NEWID() AS varchar(36)))", "36"),
        ("SELECT STRING_AGG(v, ',') WITHIN GROUP (ORDER BY v DESC) FROM (VALUES ('a'), ('c'), ('b')) AS t(v)", "c,b,a"),
        ("SELECT HASHBYTES('SHA2_256', 'abc')", "0xBA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"),
        ("SELECT N'it''s'", "it's"),
        ("SELECT 'unclosed", "!105 Unclosed quotation mark…"),
    ]);
}

#[test]
fn dates() {
    check(&[
        ("SELECT CAST('2026-02-03 04:05:06.1234567' AS datetime2(3))", "2026-02-03 4:05:06.123"),
        ("SELECT CONVERT(nvarchar(30), CAST('2026-02-03 04:05:06.12' AS datetime2(3)), 126)", "2026-02-03T04:05:06.120"),
        ("SELECT CONVERT(nvarchar(30), CAST('2026-02-03T04:05:06' AS datetime2(0)), 121)", "2026-02-03 04:05:06"),
        ("SELECT CONVERT(nvarchar(40), CAST('2026-02-03T04:05:06+02:00' AS datetimeoffset(0)), 127)", "2026-02-03T02:05:06Z"),
        ("SELECT DATEADD(month, 1, CAST('2026-01-31' AS date))", "2026-02-28"),
        ("SELECT DATEADD(second, 90, CAST('2026-01-01' AS datetime2(0)))", "2026-01-01 0:01:30.0"),
        ("SELECT DATEDIFF(day, '2026-01-01', '2026-02-01'), DATEDIFF(year, '2025-12-31', '2026-01-01')", "31|1"),
        ("SELECT DATEDIFF_BIG(millisecond, '2020-01-01', '2026-01-01')", "189388800000"),
        ("SELECT DATEDIFF(millisecond, '2020-01-01', '2026-01-01')", "!535 The datediff function resulted in an overflow…"),
        ("SELECT YEAR('2026-03-04'), MONTH('2026-03-04'), DATEPART(hour, '2026-03-04 05:06')", "2026|3|5"),
        (
            "SELECT CAST('yesterday' AS datetime2)",
            "!241 Conversion failed when converting date and/or time from character string.",
        ),
        ("SELECT IIF(DATEDIFF(second, SYSUTCDATETIME(), GETUTCDATE()) BETWEEN -1 AND 1, 1, 0)", "1"),
        ("SELECT DATEADD(fortnight, 1, GETDATE())", "!155 'fortnight' is not a recognized dateadd option."),
        ("SELECT DATEADD(year, 9000, SYSUTCDATETIME())", "!517 Adding a value…"),
    ]);
}

#[test]
fn tables_and_rows() {
    check(&[
        (
            "CREATE TABLE dbo.T (Id int IDENTITY(1,1) NOT NULL CONSTRAINT PK_T PRIMARY KEY CLUSTERED, Name nvarchar(10) NOT NULL \
             CONSTRAINT UQ_T_Name UNIQUE, At datetime2(3) NOT NULL CONSTRAINT DF_T_At DEFAULT SYSUTCDATETIME(), Note nvarchar(max) NULL)",
            "",
        ),
        ("INSERT INTO dbo.T (Name) OUTPUT inserted.Id, inserted.Name VALUES (N'one'), (N'two')", "1|one; 2|two"),
        ("SELECT @@ROWCOUNT, SCOPE_IDENTITY(), @@IDENTITY", "2|2|2"),
        (
            "INSERT T (Name) VALUES (N'ONE')",
            "!2627 Violation of UNIQUE KEY constraint 'UQ_T_Name'. Cannot insert duplicate key in object 'dbo.T'. The duplicate key value is (ONE).",
        ),
        (
            "INSERT T (Name) VALUES (NULL)",
            "!515 Cannot insert the value NULL into column 'Name', table 'd.dbo.T'; column does not allow nulls. INSERT fails.",
        ),
        (
            "INSERT T (Name) VALUES (N'longer than ten')",
            "!2628 String or binary data would be truncated in table 'd.dbo.T', column 'Name'. Truncated value: 'longer tha'.",
        ),
        (
            "INSERT T (Id, Name) VALUES (9, N'x')",
            "!544 Cannot insert explicit value for identity column in table 'T' when IDENTITY_INSERT is set to OFF.",
        ),
        (
            "SET IDENTITY_INSERT dbo.T ON; INSERT T (Id, Name) VALUES (9, N'nine'); SET IDENTITY_INSERT dbo.T OFF; INSERT T (Name) VALUES ('ten'); SELECT MAX(Id) FROM T",
            "10",
        ),
        ("SELECT Name FROM T WHERE name = 'TWO'", "two"),
        ("SELECT Nope FROM T", "!207 Invalid column name 'Nope'."),
        ("SELECT x.Id FROM T", "!4104 The multi-part identifier \"x.Id\" could not be bound."),
        ("SELECT * FROM dbo.Missing", "!208 Invalid object name 'dbo.Missing'."),
        ("UPDATE T SET Name = N'TWO!' OUTPUT deleted.Name, inserted.Name WHERE Id = 2", "two|TWO!"),
        ("UPDATE t SET t.Note = N'n' FROM dbo.T AS t WHERE t.Id > 1; SELECT COUNT(*) FROM T WHERE Note = 'n'", "3"),
        ("UPDATE T SET Id = 5", "!8102 Cannot update identity column 'Id'."),
        ("UPDATE TOP (1) T SET Note = NULL", ""),
        ("DELETE T OUTPUT deleted.Id WHERE Id = 9", "9"),
        ("DELETE FROM T WHERE Id = 10; SELECT @@ROWCOUNT", "1"),
        (
            "INSERT INTO T (Name) SELECT N'three' WHERE NOT EXISTS (SELECT * FROM T WITH (UPDLOCK, HOLDLOCK) WHERE Name = N'three'); SELECT @@ROWCOUNT",
            "1",
        ),
        (
            "INSERT INTO T (Name) SELECT N'three' WHERE NOT EXISTS (SELECT * FROM T WITH (UPDLOCK, HOLDLOCK) WHERE Name = N'three'); SELECT @@ROWCOUNT",
            "0",
        ),
        ("INSERT T VALUES (N'a')", "!213 Column name or number of supplied values does not match table definition."),
        ("INSERT T (Name, Note) VALUES (N'a')", "!109 There are more columns…"),
        ("INSERT T (Name) VALUES (N'a', 1)", "!110 There are fewer columns…"),
        ("CREATE TABLE dbo.T (a int)", "!2714 There is already an object named 'T' in the database."),
        (
            "CREATE TABLE nope.T (a int)",
            "!2760 The specified schema name \"nope\" either does not exist or you do not have permission to use it.",
        ),
        ("TRUNCATE TABLE T; INSERT T (Name) VALUES ('z'); SELECT Id FROM T", "1"),
        ("DROP TABLE dbo.T; SELECT OBJECT_ID(N'dbo.T', N'U')", "NULL"),
        ("DROP TABLE dbo.T", "!3701 Cannot drop the table 'dbo.T', because it does not exist or you do not have permission."),
        ("DROP TABLE IF EXISTS dbo.T", ""),
    ]);
}

#[test]
fn constraints() {
    check(&[
        ("CREATE TABLE P (Id int NOT NULL PRIMARY KEY, One int NOT NULL CONSTRAINT CK_One CHECK (One = 1))", ""),
        ("CREATE TABLE C (Id int PRIMARY KEY, Pid int NULL CONSTRAINT FK_C_P REFERENCES P (Id) ON DELETE CASCADE)", ""),
        (
            "INSERT P VALUES (1, 2)",
            "!547 The INSERT statement conflicted with the CHECK constraint \"CK_One\". The conflict occurred in database \"d\", table \"dbo.P\", column 'One'.",
        ),
        ("INSERT P VALUES (1, 1); INSERT C VALUES (1, 1), (2, NULL)", ""),
        (
            "INSERT C VALUES (3, 7)",
            "!547 The INSERT statement conflicted with the FOREIGN KEY constraint \"FK_C_P\". The conflict occurred in database \"d\", table \"dbo.P\", column 'Id'.",
        ),
        ("SELECT COUNT(*) FROM C", "2"),
        ("DELETE P; SELECT COUNT(*) FROM C", "1"),
        ("DROP TABLE P", "!3726 Could not drop object 'P' because it is referenced by a FOREIGN KEY constraint."),
        ("ALTER TABLE C DROP CONSTRAINT FK_C_P; DROP TABLE P", ""),
        ("ALTER TABLE C ADD Word nvarchar(5) NOT NULL CONSTRAINT DF_W DEFAULT N'w', More int NULL; ", ""),
        ("SELECT Word, More FROM C", "w|NULL"),
        ("ALTER TABLE C ADD Bad int NOT NULL", "!4901 ALTER TABLE only allows columns…"),
        (
            "ALTER TABLE C ADD CONSTRAINT UQ_More UNIQUE (More); INSERT C (Id) VALUES (8)",
            "!2627 Violation of UNIQUE KEY constraint 'UQ_More'. Cannot insert duplicate key in object 'dbo.C'. The duplicate key value is (<NULL>).",
        ),
        (
            "CREATE UNIQUE NONCLUSTERED INDEX IX_W ON C (Word); INSERT C (Id, More) VALUES (8, 1)",
            "!2601 Cannot insert duplicate key row in object 'dbo.C' with unique index 'IX_W'. The duplicate key value is (w).",
        ),
        ("ALTER TABLE C DROP COLUMN Word", "!5074 The index 'IX_W' is dependent on column 'Word'."),
        ("DROP INDEX IX_W ON C; ALTER TABLE C DROP CONSTRAINT DF_W; ALTER TABLE C DROP COLUMN Word", ""),
        (
            "ALTER TABLE C ALTER COLUMN Pid nvarchar(20) NULL; SELECT name, max_length FROM sys.columns WHERE object_id = OBJECT_ID('C') AND name = 'Pid'",
            "Pid|40",
        ),
        (
            "CREATE TABLE S (a nvarchar(5) COLLATE Latin1_General_CS_AS PRIMARY KEY); INSERT S VALUES ('a'), ('A'); SELECT COUNT(*) FROM S",
            "2",
        ),
        ("ALTER TABLE Gone ADD x int", "!4902 Cannot find the object \"Gone\"…"),
    ]);
}

#[test]
fn queries() {
    check(&[
        (
            "CREATE TABLE A (Id int, G nvarchar(5), V int); INSERT A VALUES (1, 'x', 10), (2, 'X', 20), (3, 'y', 5), (4, NULL, NULL)",
            "",
        ),
        ("SELECT TOP (2) Id FROM A ORDER BY Id DESC", "4; 3"),
        ("SELECT Id FROM A ORDER BY Id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", "2; 3"),
        (
            "SELECT LOWER(G), COUNT(*) AS n, SUM(V) s, AVG(V), MIN(V), MAX(V) FROM A WHERE G IS NOT NULL GROUP BY G ORDER BY n DESC",
            "x|2|30|15|10|20; y|1|5|5|5|5",
        ),
        ("SELECT G, V FROM A GROUP BY G", "!8120 Column 'dbo.A.V' is invalid in the select list…"),
        ("SELECT LOWER(G) FROM A GROUP BY G HAVING COUNT(*) > 1", "x"),
        ("SELECT COUNT(DISTINCT G), COUNT(V), COUNT(*), COUNT_BIG(*) FROM A", "2|3|4|4"),
        ("SELECT COUNT(*) FROM (SELECT DISTINCT G FROM A WHERE G = 'x') t", "1"),
        ("SELECT a.Id, b.Id FROM A a JOIN A AS b ON a.G = b.G AND a.Id < b.Id", "1|2"),
        ("SELECT a.Id, b.Id FROM A a LEFT JOIN A b ON b.Id = a.Id + 3 ORDER BY a.Id", "1|4; 2|NULL; 3|NULL; 4|NULL"),
        ("SELECT Id FROM A a WHERE V = (SELECT MAX(V) FROM A b WHERE b.G = a.G) ORDER BY 1", "2; 3"),
        ("SELECT Id FROM A WHERE Id IN (SELECT Id + 1 FROM A) ORDER BY Id", "2; 3; 4"),
        ("SELECT Id FROM A WHERE Id NOT IN (SELECT V FROM A)", "(none)"),
        ("WITH c AS (SELECT Id FROM A WHERE Id < 3), d (n) AS (SELECT COUNT(*) FROM c) SELECT n FROM d", "2"),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT SUM(n) FROM r", "10"),
        ("SELECT 1 AS a UNION SELECT 1 UNION ALL SELECT 2 ORDER BY a DESC", "2; 1"),
        ("SELECT COUNT(*) FROM (SELECT 'a' AS c UNION SELECT 'A') t", "1"),
        ("SELECT 1 EXCEPT SELECT 1", "(none)"),
        ("SELECT 1, 2 UNION SELECT 1", "!205 All queries combined…"),
        ("SELECT Id, ROW_NUMBER() OVER (ORDER BY V DESC) r FROM A ORDER BY Id", "1|2; 2|1; 3|3; 4|4"),
        ("SELECT x.n FROM (SELECT Id AS n FROM A) x WHERE x.n = 3", "3"),
        ("SELECT Id FROM A, (SELECT 1 AS one) o WHERE Id = one", "1"),
        ("SELECT Id FROM A JOIN A ON 1 = 1", "!1013 The objects \"A\" and \"A\"…"),
        ("SELECT Id FROM A a JOIN A b ON a.Id = b.Id", "!209 Ambiguous column name 'Id'."),
        ("SELECT Id FROM A WITH (READPAST)", "!40510 The table hint READPAST is not supported by the practice server."),
        ("SELECT COUNT(*) FROM A WITH (NOLOCK)", "4"),
        ("SELECT COUNT(*) FROM d.dbo.A", "4"),
        ("USE master; SELECT COUNT(*) FROM d.dbo.A; SELECT name FROM d.sys.tables; USE d", "4 / A"),
        ("SELECT * INTO B FROM A", "!40510 SELECT … INTO is not supported by the practice server."),
        (
            "SELECT TOP (1) WITH TIES Id FROM A ORDER BY Id",
            "!40510 TOP … PERCENT and WITH TIES is not supported by the practice server.",
        ),
        ("SELECT a.* FROM A a WHERE Id = 3", "3|y|5"),
        ("SELECT MAX(Id) FROM A WHERE MAX(Id) = 1", "!147 An aggregate may not appear in the WHERE clause…"),
        (
            "MERGE A USING A AS s ON 1 = 1 WHEN MATCHED THEN DELETE",
            "!40510 The statement MERGE is not supported by the practice server.",
        ),
    ]);
}

#[test]
fn control_flow() {
    check(&[
        ("DECLARE @a int = 1, @b nvarchar(10) SET @b = N'x' SELECT @a, @b", "1|x"),
        ("DECLARE @n int = 0 WHILE @n < 3 BEGIN SET @n = @n + 1 IF @n = 2 CONTINUE PRINT @n END", "~1 / ~3"),
        ("DECLARE @n int SELECT @n = COUNT(*) FROM sys.schemas WHERE name = 'dbo' SELECT @n", "1"),
        ("DECLARE @s varchar(3) = 'abcdef' SELECT @s", "abc"),
        ("IF 1 = 0 SELECT 'a' ELSE IF 1 = 1 SELECT 'b' ELSE SELECT 'c'", "b"),
        ("SELECT 1 RETURN SELECT 2", "1"),
        ("BEGIN SELECT 1 END", "1"),
        ("BEGIN END", "!156 Incorrect syntax near the keyword 'END'."),
        ("SELEC 1", "!2812 Could not find stored procedure 'SELEC'."),
        ("SELECT 1 +", "!102 Incorrect syntax near '+'."),
        ("SELECT * FROM WHERE", "!156 Incorrect syntax near the keyword 'WHERE'."),
        ("PRINT 1 SELEC 2", "!102 Incorrect syntax near 'SELEC'."),
        ("DECLARE @a int DECLARE @a int", "!134 The variable name '@a' has already been declared…"),
        ("EXEC(N'SELECT 1'); EXEC ('SEL' + 'ECT 2')", "1 / 2"),
        ("EXEC sp_executesql N'SELECT @a + @b', N'@a int, @b int', @a = 1, @b = 2", "3"),
        ("DECLARE @o int EXEC sp_executesql N'SET @x = 7', N'@x int OUTPUT', @x = @o OUTPUT SELECT @o", "7"),
        ("EXEC sp_executesql N'SELECT @a', N'@a int'", "!8178 The parameterized query…"),
        ("EXEC nope", "!2812 Could not find stored procedure 'nope'."),
        ("THROW 51000, 'mine', 3", "!51000 mine"),
        ("RAISERROR('a %s %d', 16, 1, 'b', 5); SELECT 1", "!50000 a b 5 / 1"),
        ("RAISERROR('low', 10, 1)", "~low"),
        ("PRINT 'hello' + ' ' + N'you'", "~hello you"),
        ("SELECT 1 GOTO x", "!40510 The statement GOTO is not supported by the practice server."),
        ("WAITFOR DELAY '00:00:00.001'", ""),
        ("SET LANGUAGE German", "!40510 A language other than us_english is not supported by the practice server."),
        (
            "SET NOCOUNT ON SET XACT_ABORT OFF SET QUOTED_IDENTIFIER ON SET ANSI_NULLS, ANSI_PADDING ON SET LOCK_TIMEOUT 5 SET TEXTSIZE 2147483647 \
             SET DATEFORMAT mdy SET ARITHABORT ON SET CONCAT_NULL_YIELDS_NULL ON SET ROWCOUNT 0 SET TRANSACTION ISOLATION LEVEL READ COMMITTED \
             SET IMPLICIT_TRANSACTIONS OFF SET CURSOR_CLOSE_ON_COMMIT OFF SELECT @@LOCK_TIMEOUT",
            "5",
        ),
        ("SET ARITHABORT OFF", "!40510 SET ARITHABORT OFF is not supported by the practice server."),
        ("SET QUOTED_IDENTIFIER OFF", ""),
        ("SELECT \"text\"", "text"),
    ]);
}

#[test]
fn errors_and_try() {
    check(&[
        ("SET NOCOUNT ON", ""),
        (
            "BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_SEVERITY(), ERROR_STATE(), ERROR_LINE() END CATCH",
            "(none) / 8134|Divide by zero error encountered.|16|1|1",
        ),
        ("BEGIN TRY EXEC(N'SELECT * FROM dbo.Nope') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH SELECT 'on'", "208 / on"),
        (
            "BEGIN TRY SELECT * FROM dbo.Nope END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH SELECT 'on'",
            "!208 Invalid object name 'dbo.Nope'.",
        ),
        ("BEGIN TRY EXEC(N'SELECT nope FROM (SELECT 1 AS a) AS t') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", "207"),
        ("BEGIN TRY EXEC(N'SELEC') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", "2812"),
        ("BEGIN TRY EXEC(N'MERGE x') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH", "40510"),
        ("SELECT 1; SELECT nope FROM (SELECT 1 AS a) AS t", "!207 Invalid column name 'nope'."),
        ("SELECT 1; SELECT * FROM nope; SELECT 2", "1 / !208 Invalid object name 'nope'."),
        ("SELECT 1/0; SELECT 'next', @@ERROR", "!8134 Divide by zero error encountered. / next|8134"),
        (
            "SELECT CAST('x' AS int); SELECT 'never'",
            "!245 Conversion failed when converting the varchar value 'x' to data type int.",
        ),
        ("EXEC(N'SELECT * FROM nope'); SELECT 'next'", "!208 Invalid object name 'nope'. / next"),
        ("BEGIN TRY THROW 50001, 'a', 1 END TRY BEGIN CATCH THROW END CATCH SELECT 'never'", "!50001 a"),
        (
            "BEGIN TRY BEGIN TRY THROW 50001, 'a', 1 END TRY BEGIN CATCH THROW 50002, 'b', 1 END CATCH END TRY BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH SELECT ERROR_NUMBER()",
            "b / NULL",
        ),
        (
            "CREATE TABLE T (a int PRIMARY KEY); SET XACT_ABORT ON; BEGIN TRAN; INSERT T VALUES (1); INSERT T VALUES (1); SELECT 'never'",
            "!2627 Violation…",
        ),
        ("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM T)", "0|0"),
        (
            "BEGIN TRAN; BEGIN TRY INSERT T VALUES (1), (1) END TRY BEGIN CATCH SELECT XACT_STATE(), @@TRANCOUNT; ROLLBACK END CATCH SELECT @@TRANCOUNT",
            "-1|1 / 0",
        ),
        (
            "SET XACT_ABORT OFF; BEGIN TRAN; BEGIN TRY INSERT T VALUES (1), (1) END TRY BEGIN CATCH SELECT XACT_STATE() END CATCH COMMIT; SELECT COUNT(*) FROM T",
            "1 / 0",
        ),
        (
            "SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY INSERT T VALUES (1), (1) END TRY BEGIN CATCH INSERT T VALUES (3) END CATCH",
            "!3930 The current transaction cannot be committed…",
        ),
    ]);
}

#[test]
fn transactions() {
    check(&[
        ("SET NOCOUNT ON; CREATE TABLE T (a int)", ""),
        ("BEGIN TRAN BEGIN TRAN SELECT @@TRANCOUNT COMMIT SELECT @@TRANCOUNT ROLLBACK SELECT @@TRANCOUNT", "2 / 1 / 0"),
        ("COMMIT", "!3902 The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
        ("ROLLBACK TRANSACTION", "!3903 The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
        ("BEGIN TRAN INSERT T VALUES (1) SAVE TRAN s INSERT T VALUES (2) ROLLBACK TRAN s COMMIT SELECT a FROM T", "1"),
        (
            "BEGIN TRAN EXEC(N'CREATE SCHEMA app') EXEC(N'CREATE TABLE app.X (a int)') SELECT SCHEMA_NAME(SCHEMA_ID('app')) ROLLBACK SELECT SCHEMA_ID('app'), OBJECT_ID('app.X')",
            "app / NULL|NULL",
        ),
        ("BEGIN TRAN; CREATE DATABASE z", "!226 CREATE DATABASE statement not allowed within multi-statement transaction."),
        ("SELECT @@TRANCOUNT; ROLLBACK", "1"),
        (
            "SET IMPLICIT_TRANSACTIONS ON; INSERT T VALUES (5); SELECT @@TRANCOUNT; ROLLBACK; SET IMPLICIT_TRANSACTIONS OFF; SELECT COUNT(*) FROM T",
            "1 / 1",
        ),
    ]);
}

#[test]
fn databases() {
    check(&[
        ("CREATE DATABASE d", "!1801 Database 'd' already exists. Choose a different database name."),
        ("CREATE DATABASE e COLLATE Nope_CI_AS", "!448 Invalid collation 'Nope_CI_AS'."),
        (
            "CREATE DATABASE e COLLATE Latin1_General_CS_AS; SELECT collation_name, state_desc, user_access_desc, compatibility_level FROM sys.databases WHERE name = N'e'",
            "Latin1_General_CS_AS|ONLINE|MULTI_USER|160",
        ),
        ("USE nope", "!911 Database 'nope' does not exist. Make sure that the name is entered correctly."),
        (
            "USE e; CREATE TABLE T (a int); CREATE TABLE t (a int); SELECT IIF(N'a' = N'A', 1, 0); SELECT DB_NAME(), DB_ID('d'), DB_NAME(1)",
            "0 / e|5|master",
        ),
        (
            "USE d; ALTER DATABASE e SET READ_ONLY; USE e; INSERT T VALUES (1)",
            "!3906 Failed to update database \"e\" because the database is read-only.",
        ),
        ("USE d; SELECT CAST(DATABASEPROPERTYEX(N'e', 'Updateability') AS nvarchar(20))", "READ_ONLY"),
        (
            "ALTER DATABASE e SET READ_WRITE; ALTER DATABASE e SET OFFLINE; USE e",
            "!942 Database 'e' cannot be opened because it is offline.",
        ),
        (
            "ALTER DATABASE e SET ONLINE; ALTER DATABASE e SET READ_COMMITTED_SNAPSHOT ON; ALTER DATABASE e SET COMPATIBILITY_LEVEL = 130; SELECT is_read_committed_snapshot_on, compatibility_level FROM sys.databases WHERE name = 'e'",
            "1|130",
        ),
        ("DROP DATABASE d", "!3702 Cannot drop database \"d\" because it is currently in use."),
        ("DROP DATABASE e; SELECT DB_ID('e')", "NULL"),
        ("DROP DATABASE e", "!3701 Cannot drop the database 'e', because it does not exist or you do not have permission."),
        ("DROP DATABASE master", "!3708 Cannot drop the database 'master' because it is a system database."),
        (
            "ALTER DATABASE d SET PAGE_VERIFY CHECKSUM",
            "!40510 ALTER DATABASE … SET PAGE_VERIFY is not supported by the practice server.",
        ),
    ]);
}

#[test]
fn properties_and_views() {
    check(&[
        (
            "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('EngineEdition') AS int), SERVERPROPERTY('nope')",
            "16.0.4135.4|3|NULL",
        ),
        ("SELECT IIF(@@VERSION LIKE '%practice server%', 1, 0), @@SERVERNAME, @@TRANCOUNT", "1|PRACTICE|0"),
        (
            "SELECT SUSER_SNAME(), USER_NAME(), SCHEMA_NAME(), SYSTEM_USER, ORIGINAL_LOGIN(), CURRENT_USER, HOST_NAME(), APP_NAME()",
            "sa|dbo|dbo|sa|sa|dbo|host|test",
        ),
        (
            "SELECT IS_SRVROLEMEMBER('sysadmin'), IS_ROLEMEMBER('db_owner'), IS_MEMBER('db_owner'), HAS_DBACCESS('d'), HAS_DBACCESS('nope')",
            "1|1|1|1|NULL",
        ),
        ("CREATE TABLE dbo.T (Id int NOT NULL CONSTRAINT PK_T PRIMARY KEY, W nvarchar(7) COLLATE Latin1_General_BIN2 NULL)", ""),
        (
            "SELECT t.name, c.name, c.collation_name FROM sys.columns c JOIN sys.tables t ON t.object_id=c.object_id WHERE t.is_ms_shipped=0 AND c.collation_name <> (SELECT collation_name FROM sys.databases WHERE name=DB_NAME())",
            "T|W|Latin1_General_BIN2",
        ),
        (
            "SELECT (SELECT COUNT(*) FROM sys.tables WHERE is_ms_shipped=0) n, OBJECT_ID(N'dbo.SchemaVersions',N'U') sv, OBJECT_NAME(OBJECT_ID(N'[dbo].[T]'))",
            "1|NULL|T",
        ),
        ("SELECT name, type FROM sys.objects WHERE parent_object_id = OBJECT_ID('T')", "PK_T|PK"),
        ("SELECT COL_LENGTH('dbo.T', 'W'), COL_LENGTH('dbo.T', 'x'), COL_LENGTH('sys.databases', 'is_read_only')", "14|NULL|1"),
        (
            "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS ORDER BY ORDINAL_POSITION",
            "dbo|T|Id|int|NO|NULL; dbo|T|W|nvarchar|YES|7",
        ),
        (
            "SELECT mirroring_role_desc FROM sys.database_mirroring WHERE database_id=DB_ID() AND mirroring_guid IS NOT NULL",
            "(none)",
        ),
        ("SELECT name FROM sys.availability_groups", "(none)"),
        ("SELECT encrypt_option, net_transport FROM sys.dm_exec_connections WHERE session_id = @@SPID", "FALSE|TCP"),
        ("SELECT login_name, host_name FROM sys.dm_exec_sessions WHERE session_id = @@SPID", "sa|host"),
        ("SELECT name FROM sys.database_principals WHERE type = 'R' AND principal_id = 16384", "db_owner"),
        ("SELECT s.name FROM sys.schemas s WHERE s.schema_id = SCHEMA_ID(N'dbo')", "dbo"),
        ("SELECT * FROM sys.dm_os_sys_info", "!40510 The view sys.dm_os_sys_info is not supported by the practice server."),
        ("SELECT name, is_primary_key, type_desc FROM sys.indexes WHERE object_id = OBJECT_ID('T')", "PK_T|1|CLUSTERED"),
        ("SELECT TYPE_NAME(system_type_id) FROM sys.columns WHERE name = 'W'", "nvarchar"),
    ]);
}
