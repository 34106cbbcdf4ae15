-- Gathers all facts about the server and the open database in one round trip.
-- Sent by: survey::survey, right after the login, and again for each recheck; between identity.sql and content.sql.
-- Needs:   CONNECT. What the login may not see costs only its own part; msdb is asked for log shipping.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: each part costs its own fact, which is unknown then; a check that needs it says so and is not good.
-- A server that lacks a name inside EXEC may end the batch, whatever TRY says, and a CAST from sql_variant inside EXEC may leave
-- the rest of the batch in another dialect (Babelfish): what every server has is asked in plain statements, rare views after a
-- test. If the batch ends early all the same, each missing part is asked again by itself (batch::ask).

-- part: database
SELECT 'database' AS part,
  name,
  state_desc AS state,
  is_read_only AS read_only,
  user_access_desc AS user_access,
  compatibility_level AS compatibility,
  is_read_committed_snapshot_on AS read_committed_snapshot,
  is_auto_close_on AS auto_close,
  collation_name AS collation,
  CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS nvarchar(60)) AS updateability,
  CASE WHEN name = DB_NAME() THEN 1 ELSE 0 END AS exact
  FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME());

-- part: replication
SELECT 'replication' AS part,
  is_published AS published,
  is_subscribed AS subscribed,
  is_merge_published AS merge_published,
  is_distributor AS distributor,
  CASE WHEN replica_id IS NULL THEN 0 ELSE 1 END AS in_group
  FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME());

-- NULL if the login sees no row of its database: then whether it is mirrored is unknown.
-- part: mirroring
IF OBJECT_ID(N'sys.database_mirroring') IS NOT NULL
  EXEC(N'SELECT ''mirroring'' AS part, SUM(CASE WHEN mirroring_guid IS NULL THEN 0 ELSE 1 END) AS how_many
    FROM sys.database_mirroring WHERE database_id = DB_ID()');

-- NULL if the login may not see whether msdb or its table is there.
-- part: log_shipping
IF DB_ID(N'msdb') IS NULL
  SELECT 'log_shipping' AS part, CASE WHEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DATABASE') = 1 THEN 0 END AS how_many;
ELSE IF OBJECT_ID(N'msdb.dbo.log_shipping_primary_databases') IS NULL
  SELECT 'log_shipping' AS part, CASE WHEN HAS_PERMS_BY_NAME(N'msdb', 'DATABASE', 'VIEW DEFINITION') = 1 THEN 0 END AS how_many;
ELSE
  EXEC(N'SELECT ''log_shipping'' AS part, COUNT(*) AS how_many
    FROM msdb.dbo.log_shipping_primary_databases WHERE primary_database = DB_NAME()');

-- part: availability_group
IF OBJECT_ID(N'sys.availability_groups') IS NOT NULL AND OBJECT_ID(N'sys.availability_replicas') IS NOT NULL
  EXEC(N'SELECT ''availability_group'' AS part, g.name
    FROM sys.databases d
    JOIN sys.availability_replicas r ON r.replica_id = d.replica_id
    JOIN sys.availability_groups g ON g.group_id = r.group_id
    WHERE LOWER(d.name) = LOWER(DB_NAME())');

-- A group without a listener has one row without a name; no row at all tells nothing.
-- part: listener
IF OBJECT_ID(N'sys.availability_group_listeners') IS NOT NULL AND OBJECT_ID(N'sys.availability_replicas') IS NOT NULL
  EXEC(N'SELECT ''listener'' AS part, l.dns_name AS name
    FROM sys.databases d
    JOIN sys.availability_replicas r ON r.replica_id = d.replica_id
    LEFT JOIN sys.availability_group_listeners l ON l.group_id = r.group_id
    WHERE LOWER(d.name) = LOWER(DB_NAME())');

-- part: collation
SELECT 'collation' AS part,
  CASE WHEN N'a' COLLATE DATABASE_DEFAULT = N'A' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END AS case_insensitive,
  CAST(SERVERPROPERTY('Collation') AS nvarchar(128)) AS server;

-- The variable avoids a conflict between the collations of the two views.
-- part: odd_column
DECLARE @collation nvarchar(128);
SET @collation = (SELECT MIN(LOWER(collation_name)) FROM sys.databases WHERE LOWER(name) = LOWER(DB_NAME()));
SELECT TOP (10) 'odd_column' AS part,
  s.name AS schema_name,
  t.name AS table_name,
  c.name AS column_name,
  c.collation_name,
  COUNT(*) OVER () AS how_many
  FROM sys.columns c
  JOIN sys.tables t ON t.object_id = c.object_id
  JOIN sys.schemas s ON s.schema_id = t.schema_id
  WHERE t.is_ms_shipped = 0 AND LOWER(c.collation_name) <> @collation
  ORDER BY s.name, t.name, c.name;

-- Asks by the plain name and by the quoted one: HAS_PERMS_BY_NAME takes a name with a dot or a bracket for several
-- names and returns NULL, and some servers do not know the quoted form.
-- part: rights
DECLARE @own nvarchar(128), @quoted nvarchar(260);
SET @own = DB_NAME();
SET @quoted = QUOTENAME(@own);
SELECT 'rights' AS part,
  HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') AS create_database,
  COALESCE(HAS_PERMS_BY_NAME(@own, 'DATABASE', 'CREATE TABLE'), HAS_PERMS_BY_NAME(@quoted, 'DATABASE', 'CREATE TABLE'), 0) AS create_table,
  COALESCE(HAS_PERMS_BY_NAME(@own, 'DATABASE', 'CREATE SCHEMA'), HAS_PERMS_BY_NAME(@quoted, 'DATABASE', 'CREATE SCHEMA'), 0) AS create_schema,
  COALESCE(HAS_PERMS_BY_NAME(@own, 'DATABASE', 'ALTER'), HAS_PERMS_BY_NAME(@quoted, 'DATABASE', 'ALTER'), 0) AS alter_database,
  COALESCE(HAS_PERMS_BY_NAME(@own, 'DATABASE', 'CONTROL'), HAS_PERMS_BY_NAME(@quoted, 'DATABASE', 'CONTROL'), 0) AS control_database,
  COALESCE(IS_ROLEMEMBER('db_owner'), 0) AS db_owner,
  SCHEMA_NAME() AS default_schema,
  COALESCE(HAS_PERMS_BY_NAME(@own, 'DATABASE', 'VIEW DEFINITION'), HAS_PERMS_BY_NAME(@quoted, 'DATABASE', 'VIEW DEFINITION'), IS_ROLEMEMBER('db_owner')) AS view_definition;
