-- Tells what the database holds: nothing, our registry, Octopus Server's tables or foreign ones.
-- Sent by: survey, cluster and registry, in their batches or by itself (content::CONTENT).
-- Needs:   CONNECT. A part that the login may not see costs only that part.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: what the database holds is unknown, and nothing is written into it.
-- The first part always has one row: a count of zero says "empty" if the server tells that the login sees definitions (`sees` is 1);
-- a missing answer never does.

-- part: content
SELECT 'content' AS part,
  (SELECT COUNT(*) FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE t.is_ms_shipped = 0 AND s.name <> N'octopus_setup') AS tables,
  CASE WHEN OBJECT_ID(N'octopus_setup.version', N'U') IS NULL THEN 0 ELSE 1 END AS has_registry,
  CASE WHEN OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NULL THEN 0 ELSE 1 END AS has_nodes,
  CASE WHEN OBJECT_ID(N'dbo.OctopusServerInstallationHistory', N'U') IS NULL THEN 0 ELSE 1 END AS has_history,
  COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION'), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), 'DATABASE', 'VIEW DEFINITION'), IS_ROLEMEMBER('db_owner')) AS sees;

-- part: registry
IF OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL
  EXEC(N'SELECT ''registry'' AS part, version FROM octopus_setup.version');

-- part: cluster
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  EXEC(N'SELECT ''cluster'' AS part,
    c.id,
    CONVERT(nvarchar(19), c.created, 120) AS created,
    c.fingerprint,
    (SELECT COUNT(*) FROM octopus_setup.node) AS nodes,
    (SELECT TOP (1) h.node FROM octopus_setup.history h WHERE h.what IN (N''initialised'', N''adopted'') ORDER BY h.id) AS created_by
    FROM octopus_setup.cluster c');

-- part: node
IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  EXEC(N'SELECT TOP (10) ''node'' AS part, name FROM octopus_setup.node ORDER BY name');

-- Octopus Server's tables have changed over the years: a column that is missing costs only the names.
-- part: octopus_node
IF COL_LENGTH(N'dbo.OctopusServerNode', N'Name') IS NOT NULL
  EXEC(N'SELECT TOP (10) ''octopus_node'' AS part, CAST(Name AS nvarchar(256)) AS name FROM dbo.OctopusServerNode ORDER BY Name');
ELSE IF COL_LENGTH(N'dbo.OctopusServerNode', N'Id') IS NOT NULL
  EXEC(N'SELECT TOP (10) ''octopus_node'' AS part, CAST(Id AS nvarchar(256)) AS name FROM dbo.OctopusServerNode ORDER BY Id');

-- part: octopus_version
IF COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Version') IS NOT NULL
  EXEC(N'SELECT TOP (1) ''octopus_version'' AS part, CAST(Version AS nvarchar(128)) AS version FROM dbo.OctopusServerInstallationHistory WHERE Version IS NOT NULL ORDER BY Installed DESC');

-- part: table
SELECT TOP (10) 'table' AS part, s.name AS schema_name, t.name AS table_name
  FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
  WHERE t.is_ms_shipped = 0 AND s.name <> N'octopus_setup'
  ORDER BY s.name, t.name;
