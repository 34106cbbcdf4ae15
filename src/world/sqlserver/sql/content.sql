-- Tells what the database holds: nothing, our registry, Octopus Server's tables or foreign ones.
-- Sent by: survey, cluster and registry, in their batches in place of {content}, and SqlServer::content by itself.
-- Needs:   CONNECT. A part that the login may not see costs only that part.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- The first part always has one row: a count of zero says "empty"; a missing answer never does.
SET NOCOUNT ON;

BEGIN TRY
  EXEC(N'SELECT N''content'' AS part,
    (SELECT COUNT(*) FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE t.is_ms_shipped = 0 AND s.name <> N''octopus_setup'') AS tables,
    CASE WHEN OBJECT_ID(N''octopus_setup.version'', N''U'') IS NULL THEN 0 ELSE 1 END AS has_registry,
    CASE WHEN OBJECT_ID(N''dbo.OctopusServerNode'', N''U'') IS NULL THEN 0 ELSE 1 END AS has_nodes,
    CASE WHEN OBJECT_ID(N''dbo.OctopusServerInstallationHistory'', N''U'') IS NULL THEN 0 ELSE 1 END AS has_history,
    COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), ''DATABASE'', ''VIEW DEFINITION''), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), ''DATABASE'', ''VIEW DEFINITION'')) AS sees');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'content' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL
    EXEC(N'SELECT N''registry'' AS part, version AS version FROM octopus_setup.version');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'registry' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
    EXEC(N'SELECT N''cluster'' AS part,
      c.id AS id,
      CONVERT(nvarchar(19), c.created, 120) AS created,
      c.fingerprint AS fingerprint,
      (SELECT COUNT(*) FROM octopus_setup.node) AS nodes,
      (SELECT TOP (1) h.node FROM octopus_setup.history h WHERE h.what IN (N''initialised'', N''adopted'') ORDER BY h.id) AS created_by
      FROM octopus_setup.cluster c');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'cluster' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
    EXEC(N'SELECT TOP (10) N''node'' AS part, name FROM octopus_setup.node ORDER BY name');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'node' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

-- Octopus Server's tables have changed over the years: a column that is missing costs only the names.
BEGIN TRY
  IF COL_LENGTH(N'dbo.OctopusServerNode', N'Name') IS NOT NULL
    EXEC(N'SELECT TOP (10) N''octopus_node'' AS part, CAST(Name AS nvarchar(256)) AS name FROM dbo.OctopusServerNode ORDER BY Name');
  ELSE IF COL_LENGTH(N'dbo.OctopusServerNode', N'Id') IS NOT NULL
    EXEC(N'SELECT TOP (10) N''octopus_node'' AS part, CAST(Id AS nvarchar(256)) AS name FROM dbo.OctopusServerNode ORDER BY Id');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'octopus_node' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  IF COL_LENGTH(N'dbo.OctopusServerInstallationHistory', N'Version') IS NOT NULL
    EXEC(N'SELECT TOP (1) N''octopus_version'' AS part, CAST(Version AS nvarchar(128)) AS version FROM dbo.OctopusServerInstallationHistory WHERE Version IS NOT NULL ORDER BY Installed DESC');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'octopus_version' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

BEGIN TRY
  EXEC(N'SELECT TOP (10) N''table'' AS part,
    s.name AS schema_name,
    t.name AS table_name
    FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
    WHERE t.is_ms_shipped = 0 AND s.name <> N''octopus_setup''
    ORDER BY s.name, t.name');
END TRY
BEGIN CATCH
  SELECT N'trouble' AS part, N'table' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;
