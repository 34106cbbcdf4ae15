-- Tells from master whether a database that could not be opened is absent or closed to the login. @P1 is its name.
-- Sent by: survey::look_from_master, between identity.sql and clock_end.sql.
-- Needs:   CONNECT to master; VIEW ANY DATABASE, or CREATE DATABASE there, to tell "absent" from "not visible".
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: whether the database exists is unknown, and db-exists shows the server's error.

-- part: database
SELECT 'database' AS part,
  name,
  state_desc AS state,
  is_read_only AS read_only,
  user_access_desc AS user_access,
  compatibility_level AS compatibility,
  is_read_committed_snapshot_on AS read_committed_snapshot,
  is_auto_close_on AS auto_close,
  CAST(NULL AS nvarchar(60)) AS updateability,
  CASE WHEN name = @P1 THEN 1 ELSE 0 END AS exact
  FROM sys.databases WHERE LOWER(name) = LOWER(@P1);

-- part: collation
SELECT 'collation' AS part,
  CAST(SERVERPROPERTY('Collation') AS nvarchar(128)) AS name,
  CASE WHEN N'a' COLLATE DATABASE_DEFAULT = N'A' COLLATE DATABASE_DEFAULT THEN 1 ELSE 0 END AS case_insensitive,
  CAST(SERVERPROPERTY('Collation') AS nvarchar(128)) AS server;

-- Without VIEW ANY DATABASE a login sees only its own databases in sys.databases: then a missing row proves nothing.
-- part: rights
SELECT 'rights' AS part,
  HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') AS create_database,
  HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DATABASE') AS view_databases,
  HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'CREATE DATABASE') AS create_in_master,
  IS_ROLEMEMBER('dbmanager') AS dbmanager;

-- A database that is created through a listener exists on one replica only. Without VIEW ANY DEFINITION a login sees no listener.
-- part: groups
SELECT 'groups' AS part,
  CAST(SERVERPROPERTY('IsHadrEnabled') AS int) AS enabled,
  CASE WHEN OBJECT_ID(N'sys.availability_group_listeners') IS NOT NULL THEN HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW ANY DEFINITION') END AS sees;

-- part: group_listener
IF OBJECT_ID(N'sys.availability_group_listeners') IS NOT NULL
  EXEC(N'SELECT ''group_listener'' AS part, dns_name AS name FROM sys.availability_group_listeners');
