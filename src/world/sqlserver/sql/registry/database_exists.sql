-- Tells in master whether the database @P1 exists.
-- Sent by: undo.rs, where the database could not be opened.
-- Needs:   CONNECT to master; DB_ID shows existing databases to every login.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
SELECT N'there' AS part, CASE WHEN DB_ID(@P1) IS NULL THEN 0 ELSE 1 END AS there
