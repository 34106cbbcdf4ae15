-- Takes the lock of create_database.sql in master by itself, and tells whether the database @P1 exists by now.
-- Sent by: SqlServer::create_database, where a server refused create_database.sql.
-- Needs:   CONNECT to master.
-- Runs on: SQL Server 2016 and later, Babelfish 4.3. sp_getapplock in Azure SQL's master is untried.
-- Refused: CREATE DATABASE is sent without the lock; the server's own "already exists" decides.
SET NOCOUNT ON;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'octopus_setup database', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 60000;
SELECT N'lock' AS part, @granted AS granted, CASE WHEN DB_ID(@P1) IS NULL THEN 0 ELSE 1 END AS there;
