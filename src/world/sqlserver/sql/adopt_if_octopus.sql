-- Behind begin.sql and content.sql, before registry.sql and adopt_rows.sql: as initialise_if_free.sql, and only where Octopus
-- has its tables. Nothing of Octopus' own is touched: the registry has a schema of its own.
BEGIN TRY
IF @granted >= 0 AND (OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NOT NULL OR OBJECT_ID(N'dbo.OctopusServerInstallationHistory', N'U') IS NOT NULL)
BEGIN
