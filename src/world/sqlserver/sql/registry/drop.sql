-- Drops the registry inside the transaction of lock.sql, tells whether it was made beside the tables of Octopus Server and
-- how many nodes it had.
-- Sent by: SqlServer::undo_initialise.
-- Needs:   ALTER on the schema octopus_setup (db_owner, or CONTROL).
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the transaction is rolled back, the registry stays, and undo fails with the server's error.
IF OBJECT_ID(N'octopus_setup.history', N'U') IS NOT NULL AND OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  EXEC(N'SELECT N''origin'' AS part,
    (SELECT COUNT(*) FROM octopus_setup.history WHERE what = N''adopted'') AS adopted,
    (SELECT COUNT(*) FROM octopus_setup.node) AS nodes');

-- Only what tables.sql creates. A table that somebody else put into the schema makes DROP SCHEMA fail, and the transaction is
-- rolled back.
IF OBJECT_ID(N'octopus_setup.licence', N'U') IS NOT NULL DROP TABLE octopus_setup.licence;
IF OBJECT_ID(N'octopus_setup.history', N'U') IS NOT NULL DROP TABLE octopus_setup.history;
IF OBJECT_ID(N'octopus_setup.canary', N'U') IS NOT NULL DROP TABLE octopus_setup.canary;
IF OBJECT_ID(N'octopus_setup.shared_storage', N'U') IS NOT NULL DROP TABLE octopus_setup.shared_storage;
IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL DROP TABLE octopus_setup.node;
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL DROP TABLE octopus_setup.cluster;
IF OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL DROP TABLE octopus_setup.version;
IF SCHEMA_ID(N'octopus_setup') IS NOT NULL EXEC(N'DROP SCHEMA octopus_setup');
