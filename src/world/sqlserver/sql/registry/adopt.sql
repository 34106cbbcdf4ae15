-- Creates the registry with its cluster row, and no node, beside the tables of Octopus Server, which stay untouched.
-- Sent by: SqlServer::adopt_cluster. {lock} and {tables} are lock.sql and tables.sql.
-- Needs:   what tables.sql needs; INSERT in the schema octopus_setup.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the transaction is rolled back, and the step fails with the server's error.
--   @P1 cluster id, @P2 key verifier, @P3 fingerprint, @P4 the node that adopts it, @P5 its host, @P6 its program.
-- Adds no node: Octopus Server knows its nodes, and each node's wizard writes that node's own row. See initialise.sql for the
-- handler.
{lock}
BEGIN TRY
IF @granted >= 0 AND (OBJECT_ID(N'dbo.OctopusServerNode', N'U') IS NOT NULL OR OBJECT_ID(N'dbo.OctopusServerInstallationHistory', N'U') IS NOT NULL)
BEGIN
{tables}

-- Unless there is a cluster, or a registry of another format.
IF NOT EXISTS (SELECT 1 FROM octopus_setup.cluster) AND NOT EXISTS (SELECT 1 FROM octopus_setup.version WHERE version <> 2)
BEGIN
  INSERT INTO octopus_setup.cluster (only_one, id, key_verifier, fingerprint) VALUES (1, @P1, @P2, @P3);

  INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'adopted', @P4, @P5, @P6);

  COMMIT TRANSACTION;
  SELECT N'made' AS part;
END;
END;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  SELECT N'trouble' AS part, N'made' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
