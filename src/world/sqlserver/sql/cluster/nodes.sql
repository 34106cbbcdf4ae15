-- Reads the cluster's nodes, licence, shared storage and canaries, from the registry and from Octopus Server's own tables.
-- Sent by: SqlServer::cluster, behind content.sql, which tells whose cluster it is. Its columns: node_columns.sql.
-- Needs:   SELECT in the schemas octopus_setup and dbo. A part that the login may not read costs only that part.
-- Runs on: SQL Server 2016 (DATEDIFF_BIG) and later, Azure SQL, Babelfish 4.3; below compatibility level 110 TRY_CAST fails (195).
-- Refused: each part costs its own fact; where "beat" is refused, beats.sql is sent.
-- The server computes ages by its own UTC clock, in bigint: Octopus Server's "never" is the year 1, and that many seconds do not
-- fit into an int. Nothing is sorted: sorting a hundred thousand names by the server's collation costs it more than us.

-- Since 2019 heartbeats have their own table. Its columns are undocumented; it names a node by its name or its id.
DECLARE @status nvarchar(60), @key nvarchar(60), @read nvarchar(2000);
SET @status = N'dbo.OctopusServerNodeStatus';
SET @key = CASE WHEN COL_LENGTH(@status, N'LastSeen') IS NULL THEN NULL
  WHEN COL_LENGTH(@status, N'Name') IS NOT NULL THEN N'Name'
  WHEN COL_LENGTH(@status, N'NodeName') IS NOT NULL THEN N'NodeName'
  WHEN COL_LENGTH(@status, N'OctopusServerNodeId') IS NOT NULL THEN N'OctopusServerNodeId'
  WHEN COL_LENGTH(@status, N'ServerNodeId') IS NOT NULL THEN N'ServerNodeId'
  WHEN COL_LENGTH(@status, N'NodeId') IS NOT NULL THEN N'NodeId'
  WHEN COL_LENGTH(@status, N'Id') IS NOT NULL THEN N'Id'
END;

-- part: member
IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  EXEC(N'SELECT ''member'' AS part, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap,
    CONVERT(nvarchar(23), joined, 121) AS joined, CONVERT(nvarchar(23), last_seen, 121) AS last_seen, drained,
    DATEDIFF_BIG(SECOND, last_seen, SYSUTCDATETIME()) AS age
    FROM octopus_setup.node');

-- part: licence
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  EXEC(N'SELECT ''licence'' AS part, licence_node_limit AS node_limit FROM octopus_setup.cluster');

-- A registry that an older program made lacks this table.
-- part: licence_end
IF OBJECT_ID(N'octopus_setup.licence', N'U') IS NOT NULL
  EXEC(N'SELECT ''licence_end'' AS part, ends FROM octopus_setup.licence');

-- part: storage
IF OBJECT_ID(N'octopus_setup.shared_storage', N'U') IS NOT NULL
  EXEC(N'SELECT ''storage'' AS part, folder, path FROM octopus_setup.shared_storage');

-- Only canaries of nodes that are in the cluster: another's proves nothing, and its absence must block nobody. The canaries of
-- a thousand nodes prove as much as those of a hundred thousand. A registry of format 1 has no keys.
-- part: canary
IF OBJECT_ID(N'octopus_setup.canary', N'U') IS NOT NULL AND OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
BEGIN
  SET @read = N'SELECT TOP (6000) ''canary'' AS part, n.name AS node, c.folder, c.token
    FROM octopus_setup.canary c JOIN octopus_setup.node n ON '
    + CASE WHEN COL_LENGTH(N'octopus_setup.canary', N'node_key') IS NULL THEN N'n.name = c.node' ELSE N'n.name_key = c.node_key' END;
  EXEC(@read);
END;

-- A table that the login may not see looks like a missing one, and a node whose heartbeat it may not see must not be taken for
-- one that never ran: hence may_see.
-- part: sight
SELECT 'sight' AS part,
  CASE WHEN OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NULL THEN 0 ELSE 1 END AS has_nodes,
  CASE WHEN OBJECT_ID(@status, N'U') IS NULL THEN 0 ELSE 1 END AS has_status,
  CASE WHEN @key IS NULL THEN 0 ELSE 1 END AS knows_status,
  COALESCE(HAS_PERMS_BY_NAME(N'dbo', N'SCHEMA', N'SELECT'), HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'SELECT'), 0) AS may_see;

-- All columns at once, where they have the expected types; a value that cannot be cast is NULL.
-- part: beat
{columns}
IF OBJECT_ID(@nodes, N'U') IS NOT NULL
BEGIN
  SET @read = N'SELECT ''beat'' AS part, ' + @name + N' AS name, ' + @id + N' AS id, ' + @age + N' AS age, ' + @cap + N' AS cap, ' + @drain + N' AS drain FROM dbo.OctopusServerNode';
  EXEC(@read);
END;

-- part: status
IF @key IS NOT NULL
BEGIN
  SET @read = N'SELECT ''status'' AS part, CAST(' + @key + N' AS nvarchar(256)) AS node, DATEDIFF_BIG(SECOND, TRY_CAST(LastSeen AS datetimeoffset), SYSDATETIMEOFFSET()) AS age FROM dbo.OctopusServerNodeStatus';
  EXEC(@read);
END;

-- The newest version of each node. Version may be NULL.
-- part: installed
IF COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Node') IS NOT NULL AND COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Version') IS NOT NULL AND COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Installed') IS NOT NULL
  EXEC(N'SELECT ''installed'' AS part, CAST(h.Node AS nvarchar(256)) AS node, CAST(h.Version AS nvarchar(128)) AS version
    FROM dbo.OctopusServerInstallationHistory h
    JOIN (SELECT Node AS node, MAX(Installed) AS newest FROM dbo.OctopusServerInstallationHistory WHERE Version IS NOT NULL GROUP BY Node) n
      ON n.node = h.Node AND n.newest = h.Installed
    WHERE h.Version IS NOT NULL');

-- Whether there are tasks at all: then their logs must be somewhere.
-- part: tasks
IF OBJECT_ID(N'dbo.ServerTask', N'U') IS NOT NULL
  EXEC(N'SELECT ''tasks'' AS part, CASE WHEN EXISTS (SELECT 1 FROM dbo.ServerTask) THEN 1 ELSE 0 END AS has_tasks');
