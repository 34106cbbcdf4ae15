-- One batch, one round trip, many result sets. Each set's first column names its part, so that it is read by name.
-- Each part stands in EXEC inside TRY: a view or a column that this server lacks (208, 207) ends only its own part,
-- because errors of name resolution are caught one level up, never at their own.
SET NOCOUNT ON;

SELECT N'clock' AS part, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS utc;

BEGIN TRY
  EXEC(N'SELECT N''identity'' AS part,
    CAST(SERVERPROPERTY(''ProductVersion'') AS nvarchar(128)) AS number,
    CAST(SERVERPROPERTY(''Edition'') AS nvarchar(128)) AS edition,
    CAST(SERVERPROPERTY(''EngineEdition'') AS int) AS engine_edition,
    CAST(@@SERVERNAME AS nvarchar(256)) AS server_name,
    CAST(SUSER_SNAME() AS nvarchar(256)) AS login_name,
    CAST(USER_NAME() AS nvarchar(256)) AS user_name');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'identity' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''database'' AS part,
    CAST(name AS nvarchar(128)) AS name,
    CAST(state_desc AS nvarchar(60)) AS state,
    CAST(is_read_only AS bit) AS read_only,
    CAST(user_access_desc AS nvarchar(60)) AS user_access,
    CAST(compatibility_level AS int) AS compatibility,
    CAST(is_read_committed_snapshot_on AS bit) AS read_committed_snapshot,
    CAST(is_auto_close_on AS bit) AS auto_close,
    CAST(DATABASEPROPERTYEX(DB_NAME(), ''Updateability'') AS nvarchar(60)) AS updateability,
    CASE WHEN name = DB_NAME() THEN 1 ELSE 0 END AS exact
    FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME())');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'database' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''replication'' AS part,
    CAST(is_published AS bit) AS published,
    CAST(is_subscribed AS bit) AS subscribed,
    CAST(is_merge_published AS bit) AS merge_published,
    CAST(is_distributor AS bit) AS distributor
    FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME())');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'replication' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''mirroring'' AS part, CAST(COUNT(*) AS bigint) AS how_many
    FROM sys.database_mirroring WHERE database_id = DB_ID() AND mirroring_guid IS NOT NULL');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'mirroring' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''log_shipping'' AS part, CAST(COUNT(*) AS bigint) AS how_many
    FROM msdb.dbo.log_shipping_primary_databases WHERE primary_database = DB_NAME()');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'log_shipping' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''availability_group'' AS part,
    CAST(g.name AS nvarchar(128)) AS name,
    CAST(l.dns_name AS nvarchar(128)) AS listener
    FROM sys.databases d
    JOIN sys.availability_replicas r ON r.replica_id = d.replica_id
    JOIN sys.availability_groups g ON g.group_id = r.group_id
    LEFT JOIN sys.availability_group_listeners l ON l.group_id = g.group_id
    WHERE LOWER(d.name) = LOWER(DB_NAME())');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'availability_group' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT N''collation'' AS part,
    CAST(DATABASEPROPERTYEX(DB_NAME(), ''Collation'') AS nvarchar(128)) AS name,
    CASE WHEN N''a'' COLLATE DATABASE_DEFAULT = N''A'' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END AS case_insensitive,
    CAST(SERVERPROPERTY(''Collation'') AS nvarchar(128)) AS server');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'collation' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

-- The registry's own columns are left out: its node names are case-insensitive on purpose, whatever the database is.
BEGIN TRY
  EXEC(N'SELECT TOP (10) N''odd_column'' AS part,
    CAST(s.name AS nvarchar(128)) AS schema_name,
    CAST(t.name AS nvarchar(128)) AS table_name,
    CAST(c.name AS nvarchar(128)) AS column_name,
    CAST(c.collation_name AS nvarchar(128)) AS collation_name,
    CAST(COUNT(*) OVER () AS bigint) AS how_many
    FROM sys.columns c
    JOIN sys.tables t ON t.object_id = c.object_id
    JOIN sys.schemas s ON s.schema_id = t.schema_id
    WHERE t.is_ms_shipped = 0 AND s.name <> N''octopus_setup''
    AND LOWER(c.collation_name) <> LOWER(CAST(DATABASEPROPERTYEX(DB_NAME(), ''Collation'') AS nvarchar(128)))
    ORDER BY s.name, t.name, c.name');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'odd_column' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

-- Asked by the plain name and by the quoted one: HAS_PERMS_BY_NAME reads a name with a dot or a bracket as several
-- names and answers NULL, and some servers do not know the quoted form.
BEGIN TRY
  EXEC(N'SELECT N''rights'' AS part,
    COALESCE(HAS_PERMS_BY_NAME(NULL, NULL, ''CREATE ANY DATABASE''), 0) AS create_database,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''CREATE TABLE''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''CREATE TABLE''), 0) AS create_table,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''CREATE SCHEMA''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''CREATE SCHEMA''), 0) AS create_schema,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''ALTER''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''ALTER''), 0) AS alter_database,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''CONTROL''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''CONTROL''), 0) AS control_database,
    COALESCE(IS_ROLEMEMBER(''db_owner''), 0) AS db_owner,
    CAST(SCHEMA_NAME() AS nvarchar(128)) AS default_schema');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'rights' AS of_part, CAST(ERROR_NUMBER() AS int) AS number, CAST(ERROR_STATE() AS int) AS state, CAST(ERROR_SEVERITY() AS int) AS class, CAST(ERROR_MESSAGE() AS nvarchar(2048)) AS message;
END CATCH;

