-- Tells in master whether the database @P1 exists: 1, 0, or NULL where the login may not see that.
-- Sent by: SqlServer::undo_initialise and drop_database, where the database could not be opened.
-- Needs:   CONNECT to master; VIEW ANY DATABASE, or the right to create databases, to tell "absent" from "not visible", as
--          from_master.sql does.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: undo fails with the server's error, and drops nothing.
SELECT N'there' AS part, CASE
  WHEN DB_ID(@P1) IS NOT NULL THEN 1
  WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DATABASE') = 1 THEN 0
  WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') = 1 THEN 0
  WHEN HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE DATABASE') = 1 THEN 0
  WHEN IS_ROLEMEMBER('dbmanager') = 1 THEN 0
END AS there
