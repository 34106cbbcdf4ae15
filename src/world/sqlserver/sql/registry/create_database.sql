-- Creates the database @P1 in master, unless it exists, under the lock that makes two wizards take turns. One round trip.
-- Sent by: SqlServer::create_database.
-- Needs:   CREATE ANY DATABASE (dbcreator); in Azure SQL dbmanager.
-- Runs on: SQL Server 2016 and later. Babelfish 4.3 may refuse the collation. sp_getapplock in Azure SQL's master is
--          untried.
-- Refused: lock_database_name.sql and CREATE DATABASE are sent, each by itself.
-- The session owns the lock: no timer takes it from a holder that is alive, and after an error it goes with the connection.
SET NOCOUNT ON;
DECLARE @granted int, @there int, @create nvarchar(400);
EXEC @granted = sp_getapplock @Resource = N'octopus_setup database', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 60000;
SET @there = CASE WHEN DB_ID(@P1) IS NULL THEN 0 ELSE 1 END;
SELECT N'lock' AS part, @granted AS granted, @there AS there;
IF @granted >= 0
BEGIN
  SET @create = N'CREATE DATABASE ' + QUOTENAME(@P1) + N' COLLATE {collation}';
  IF @there = 0
    EXEC(@create);
  EXEC sp_releaseapplock @Resource = N'octopus_setup database', @LockOwner = N'Session';
  SELECT N'released' AS part;
END;
