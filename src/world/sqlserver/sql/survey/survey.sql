-- Gathers all facts about the server and the open database in one round trip.
-- Sent by: survey::survey, right after the login, and again for each recheck. {content} is content.sql.
-- Needs:   CONNECT. What the login may not see costs only its own part; msdb is asked for log shipping.
-- Runs on: SQL Server 2016 and later, Azure SQL. Babelfish 4.3 ends the batch at log_shipping: it has no such table, and
--          does not catch that error.
-- Each part is EXEC inside TRY: an unknown view or column (208, 207) is caught one level up, never at its own level, so it
-- ends only its own part. Each result set's first column names its part.
SET NOCOUNT ON;

SELECT N'clock' AS part, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS utc;

BEGIN TRY
  EXEC(N'SELECT N''identity'' AS part,
    CAST(SERVERPROPERTY(''ProductVersion'') AS nvarchar(128)) AS number,
    CAST(SERVERPROPERTY(''Edition'') AS nvarchar(128)) AS edition,
    CAST(SERVERPROPERTY(''EngineEdition'') AS int) AS engine_edition,
    @@SERVERNAME AS server_name,
    CAST(@@VERSION AS nvarchar(300)) AS version,
    CASE WHEN DB_ID(N''rdsadmin'') IS NOT NULL THEN 1 WHEN HAS_PERMS_BY_NAME(NULL, NULL, ''VIEW ANY DATABASE'') = 1 THEN 0 END AS rds,
    SUSER_SNAME() AS login_name,
    USER_NAME() AS user_name');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'identity' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''database'' AS part,
    name,
    state_desc AS state,
    is_read_only AS read_only,
    user_access_desc AS user_access,
    compatibility_level AS compatibility,
    is_read_committed_snapshot_on AS read_committed_snapshot,
    is_auto_close_on AS auto_close,
    CAST(DATABASEPROPERTYEX(DB_NAME(), ''Updateability'') AS nvarchar(60)) AS updateability,
    CASE WHEN name = DB_NAME() THEN 1 ELSE 0 END AS exact
    FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME())');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'database' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''replication'' AS part,
    is_published AS published,
    is_subscribed AS subscribed,
    is_merge_published AS merge_published,
    is_distributor AS distributor,
    CASE WHEN replica_id IS NULL THEN 0 ELSE 1 END AS in_group
    FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME())');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'replication' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''mirroring'' AS part, COUNT(*) AS how_many
    FROM sys.database_mirroring WHERE database_id = DB_ID() AND mirroring_guid IS NOT NULL');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'mirroring' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''log_shipping'' AS part, COUNT(*) AS how_many
    FROM msdb.dbo.log_shipping_primary_databases WHERE primary_database = DB_NAME()');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'log_shipping' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''availability_group'' AS part,
    g.name,
    l.dns_name AS listener
    FROM sys.databases d
    JOIN sys.availability_replicas r ON r.replica_id = d.replica_id
    JOIN sys.availability_groups g ON g.group_id = r.group_id
    LEFT JOIN sys.availability_group_listeners l ON l.group_id = g.group_id
    WHERE LOWER(d.name) = LOWER(DB_NAME())');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'availability_group' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''collation'' AS part,
    CAST(DATABASEPROPERTYEX(DB_NAME(), ''Collation'') AS nvarchar(128)) AS name,
    CASE WHEN N''a'' COLLATE DATABASE_DEFAULT = N''A'' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END AS case_insensitive,
    CAST(SERVERPROPERTY(''Collation'') AS nvarchar(128)) AS server');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'collation' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Leaves out the registry's own columns: its node names are case-insensitive on purpose, whatever the database's collation.
BEGIN TRY
  EXEC(N'SELECT TOP (10) N''odd_column'' AS part,
    s.name AS schema_name,
    t.name AS table_name,
    c.name AS column_name,
    c.collation_name AS collation_name,
    COUNT(*) OVER () AS how_many
    FROM sys.columns c
    JOIN sys.tables t ON t.object_id = c.object_id
    JOIN sys.schemas s ON s.schema_id = t.schema_id
    WHERE t.is_ms_shipped = 0 AND s.name <> N''octopus_setup''
    AND LOWER(c.collation_name) <> LOWER(CAST(DATABASEPROPERTYEX(DB_NAME(), ''Collation'') AS nvarchar(128)))
    ORDER BY s.name, t.name, c.name');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'odd_column' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Asks by the plain name and by the quoted one: HAS_PERMS_BY_NAME takes a name with a dot or a bracket for several
-- names and returns NULL, and some servers do not know the quoted form.
BEGIN TRY
  EXEC(N'SELECT N''rights'' AS part,
    COALESCE(HAS_PERMS_BY_NAME(NULL, NULL, ''CREATE ANY DATABASE''), 0) AS create_database,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''CREATE TABLE''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''CREATE TABLE''), 0) AS create_table,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''CREATE SCHEMA''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''CREATE SCHEMA''), 0) AS create_schema,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''ALTER''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''ALTER''), 0) AS alter_database,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''CONTROL''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''CONTROL''), 0) AS control_database,
    COALESCE(IS_ROLEMEMBER(''db_owner''), 0) AS db_owner,
    SCHEMA_NAME() AS default_schema,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''VIEW DEFINITION''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''VIEW DEFINITION'')) AS view_definition');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'rights' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

{content}
-- With the first part this tells how long the server itself took; the rest of the wait is the round trip.
SELECT N'clock_end' AS part, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS utc;
