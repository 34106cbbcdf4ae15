-- Reads the cluster's nodes, licence, shared storage and canaries, from the registry and from Octopus Server's own tables.
-- Sent by: SqlServer::cluster, behind content.sql, which tells whose cluster it is.
-- Needs:   SELECT in the schemas octopus_setup and dbo. A part that the login may not read costs only that part.
-- Runs on: SQL Server 2016 (DATEDIFF_BIG) and later, Azure SQL; below compatibility level 110 TRY_CAST fails (195). On Babelfish
--          4.3 TRY_CAST AS datetimeoffset(3) is NULL: heartbeats are then unknown.
-- The server computes ages by its own UTC clock, in bigint: Octopus Server's "never" is the year 1, and that many seconds do not
-- fit into an int. Nothing is sorted: sorting a hundred thousand names by the server's collation costs it more than us.
BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
    EXEC(N'SELECT N''member'' AS part, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap,
      CONVERT(nvarchar(23), joined, 121) AS joined, CONVERT(nvarchar(23), last_seen, 121) AS last_seen, drained,
      DATEDIFF_BIG(SECOND, last_seen, SYSUTCDATETIME()) AS age
      FROM octopus_setup.node');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'member' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
    EXEC(N'SELECT N''licence'' AS part, licence_node_limit AS node_limit FROM octopus_setup.cluster');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'licence' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- A registry that an older program made lacks this table.
BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.licence', N'U') IS NOT NULL
    EXEC(N'SELECT N''licence_end'' AS part, ends FROM octopus_setup.licence');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'licence_end' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.shared_storage', N'U') IS NOT NULL
    EXEC(N'SELECT N''storage'' AS part, folder, path FROM octopus_setup.shared_storage');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'storage' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Only canaries of nodes that are in the cluster: another's proves nothing, and its absence must block nobody. The canaries of
-- a thousand nodes prove as much as those of a hundred thousand.
BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.canary', N'U') IS NOT NULL AND OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
    EXEC(N'SELECT TOP (6000) N''canary'' AS part, n.name AS node, c.folder AS folder, c.token AS token
      FROM octopus_setup.canary c JOIN octopus_setup.node n ON n.name = c.node');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'canary' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Octopus Server's own tables, of any version: a column that is missing reads as NULL. A table that the login may not see looks
-- like a missing one, and a node whose heartbeat it may not see must not be taken for one that never ran: hence may_see.
DECLARE @node_name nvarchar(200), @node_id nvarchar(200), @node_age nvarchar(200), @node_cap nvarchar(200), @node_drain nvarchar(200);
DECLARE @status_key nvarchar(200), @from_node nvarchar(200), @whole int, @read nvarchar(2000);
SET @node_id = CASE WHEN COL_LENGTH(N'dbo.OctopusServerNode', N'Id') IS NULL THEN N'CAST(NULL AS nvarchar(256))' ELSE N'CAST(Id AS nvarchar(256))' END;
SET @node_name = CASE WHEN COL_LENGTH(N'dbo.OctopusServerNode', N'Name') IS NULL THEN @node_id ELSE N'CAST(Name AS nvarchar(256))' END;
SET @node_age = CASE WHEN COL_LENGTH(N'dbo.OctopusServerNode', N'LastSeen') IS NULL THEN N'CAST(NULL AS bigint)' ELSE N'DATEDIFF_BIG(SECOND, TRY_CAST(LastSeen AS datetimeoffset(3)), SYSDATETIMEOFFSET())' END;
SET @node_cap = CASE WHEN COL_LENGTH(N'dbo.OctopusServerNode', N'MaxConcurrentTasks') IS NULL THEN N'CAST(NULL AS int)' ELSE N'TRY_CAST(MaxConcurrentTasks AS int)' END;
SET @node_drain = CASE WHEN COL_LENGTH(N'dbo.OctopusServerNode', N'IsInMaintenanceMode') IS NULL THEN N'CAST(NULL AS bit)' ELSE N'TRY_CAST(IsInMaintenanceMode AS bit)' END;
SET @status_key = CASE
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'LastSeen') IS NULL THEN NULL
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'Name') IS NOT NULL THEN N'Name'
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'NodeName') IS NOT NULL THEN N'NodeName'
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'OctopusServerNodeId') IS NOT NULL THEN N'OctopusServerNodeId'
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'ServerNodeId') IS NOT NULL THEN N'ServerNodeId'
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'NodeId') IS NOT NULL THEN N'NodeId'
  WHEN COL_LENGTH(N'dbo.OctopusServerNodeStatus', N'Id') IS NOT NULL THEN N'Id'
END;
SET @from_node = N' FROM dbo.OctopusServerNode';
SET @whole = 0;

BEGIN TRY
  SELECT N'sight' AS part,
    CASE WHEN OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NULL THEN 0 ELSE 1 END AS has_nodes,
    CASE WHEN OBJECT_ID(N'dbo.OctopusServerNodeStatus', N'U') IS NULL THEN 0 ELSE 1 END AS has_status,
    CASE WHEN @status_key IS NULL THEN 0 ELSE 1 END AS knows_status,
    COALESCE(HAS_PERMS_BY_NAME(N'dbo', N'SCHEMA', N'SELECT'), HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'SELECT'), 0) AS may_see;
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'sight' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- All columns at once, where they have the expected types; a value that cannot be cast is NULL.
BEGIN TRY
  IF OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NOT NULL
  BEGIN
    SET @read = N'SELECT N''beat'' AS part, ' + @node_name + N' AS name, ' + @node_id + N' AS id, ' + @node_age + N' AS age, ' + @node_cap + N' AS cap, ' + @node_drain + N' AS drain' + @from_node;
    EXEC(@read);
  END;
  SET @whole = 1;
END TRY
BEGIN CATCH
  SET @whole = 0;
END CATCH;

-- Otherwise each column by itself, so that one of an unexpected type costs only its own fact.
BEGIN TRY
  IF @whole = 0
  BEGIN
    SET @read = N'SELECT N''beat_name'' AS part, ' + @node_name + N' AS name, ' + @node_id + N' AS id' + @from_node;
    EXEC(@read);
  END;
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'beat_name' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF @whole = 0
  BEGIN
    SET @read = N'SELECT N''beat_age'' AS part, ' + @node_name + N' AS name, ' + @node_age + N' AS age' + @from_node;
    EXEC(@read);
  END;
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'beat_age' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF @whole = 0
  BEGIN
    SET @read = N'SELECT N''beat_cap'' AS part, ' + @node_name + N' AS name, ' + @node_cap + N' AS cap' + @from_node;
    EXEC(@read);
  END;
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'beat_cap' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF @whole = 0
  BEGIN
    SET @read = N'SELECT N''beat_drain'' AS part, ' + @node_name + N' AS name, ' + @node_drain + N' AS drain' + @from_node;
    EXEC(@read);
  END;
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'beat_drain' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Since 2019 heartbeats have their own table. Its columns are undocumented; it names a node by its name or its id.
BEGIN TRY
  IF @status_key IS NOT NULL
  BEGIN
    SET @read = N'SELECT N''status'' AS part, CAST(' + @status_key + N' AS nvarchar(256)) AS node, DATEDIFF_BIG(SECOND, TRY_CAST(LastSeen AS datetimeoffset(3)), SYSDATETIMEOFFSET()) AS age FROM dbo.OctopusServerNodeStatus';
    EXEC(@read);
  END;
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'status' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- The newest version of each node. Version may be NULL.
BEGIN TRY
  IF COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Node') IS NOT NULL AND COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Version') IS NOT NULL AND COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Installed') IS NOT NULL
    EXEC(N'SELECT N''installed'' AS part, CAST(h.Node AS nvarchar(256)) AS node, CAST(h.Version AS nvarchar(128)) AS version
      FROM dbo.OctopusServerInstallationHistory h
      JOIN (SELECT Node AS node, MAX(Installed) AS newest FROM dbo.OctopusServerInstallationHistory WHERE Version IS NOT NULL GROUP BY Node) n
        ON n.node = h.Node AND n.newest = h.Installed
      WHERE h.Version IS NOT NULL');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'installed' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Whether there are tasks at all: then their logs must be somewhere.
BEGIN TRY
  IF OBJECT_ID(N'dbo.ServerTask', N'U') IS NOT NULL
    EXEC(N'SELECT N''tasks'' AS part, CASE WHEN EXISTS (SELECT 1 FROM dbo.ServerTask) THEN 1 ELSE 0 END AS has_tasks');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'tasks' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;
