-- Creates the registry, the cluster, its first node and the first lines of the history in one transaction.
-- Sent by: SqlServer::initialise. {lock} and {tables} are lock.sql and tables.sql, {name_key} is the key of
--          the node's name.
-- Needs:   what tables.sql needs; INSERT and DELETE in the schema octopus_setup.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the transaction is rolled back, and the step fails with the server's error.
--   @P1 cluster id, @P2 key verifier, @P3 fingerprint,
--   @P4 to @P12 the node: name, address, host, system, program, prefixes, ports, task cap,
--   @P13 node limit (0: unknown), @P14 end of the licence (empty: unknown),
--   @P15 the storage in words, @P16 number of its folders, @P17 number of canaries,
--   @P18 to @P29 folder and path of each, @P30 to @P41 folder and token of each canary; empty where there are fewer.
-- No parameter is NULL: a driver may send one without a type, which a strict server refuses (8009).
-- Writes only under the lock, and only where nobody else has tables and the login would see them. One handler for everything:
-- without it, a statement that fails would be followed by the next one, and the rest committed. "made" is sent only after the
-- commit; if the connection is lost in between, the next try finds out.
{lock}
BEGIN TRY
IF @granted >= 0
  AND COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION'), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), 'DATABASE', 'VIEW DEFINITION'), IS_ROLEMEMBER('db_owner')) = 1
  AND NOT EXISTS (SELECT 1 FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE t.is_ms_shipped = 0 AND s.name <> N'octopus_setup')
BEGIN
{tables}

-- Unless there is a cluster, or a registry of another format.
IF NOT EXISTS (SELECT 1 FROM octopus_setup.cluster) AND NOT EXISTS (SELECT 1 FROM octopus_setup.version WHERE version <> 2)
BEGIN
  INSERT INTO octopus_setup.cluster (only_one, id, key_verifier, fingerprint, licence_node_limit) VALUES (1, @P1, @P2, @P3, NULLIF(@P13, 0));

  -- A registry that lost its cluster may still have that one's licence.
  DELETE FROM octopus_setup.licence;
  INSERT INTO octopus_setup.licence (only_one, ends) VALUES (1, NULLIF(@P14, N''));

  INSERT INTO octopus_setup.node (name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap)
    VALUES ({name_key}, @P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12);

  INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'initialised', @P4, @P6, @P8);

  DELETE FROM octopus_setup.shared_storage;
  DELETE FROM octopus_setup.canary;
  IF @P16 > 0
  BEGIN
    INSERT INTO octopus_setup.shared_storage (folder, path, set_by)
      SELECT r.folder, r.path, @P4
      FROM (VALUES (@P18, @P19), (@P20, @P21), (@P22, @P23), (@P24, @P25), (@P26, @P27), (@P28, @P29)) r (folder, path)
      WHERE r.folder <> N'';
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'storage set', @P4, @P6, @P15);
  END;
  IF @P17 > 0
  BEGIN
    INSERT INTO octopus_setup.canary (node_key, folder, token)
      SELECT {name_key}, r.folder, r.token
      FROM (VALUES (@P30, @P31), (@P32, @P33), (@P34, @P35), (@P36, @P37), (@P38, @P39), (@P40, @P41)) r (folder, token)
      WHERE r.folder <> N'';
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'canary left', @P4, @P6, CAST(@P17 AS nvarchar(10)));
  END;

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
