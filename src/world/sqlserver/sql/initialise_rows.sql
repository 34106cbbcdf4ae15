-- The cluster, its first node and the first line of its history, unless a cluster is there, or a registry of another
-- format. No value is ever part of the text. "made" is said behind the commit and by nothing else; a connection that is
-- lost in between is looked into by the next try.
IF NOT EXISTS (SELECT 1 FROM octopus_setup.cluster) AND NOT EXISTS (SELECT 1 FROM octopus_setup.version WHERE version <> 1)
BEGIN
  INSERT INTO octopus_setup.cluster (only_one, id, key_verifier, fingerprint, licence_node_limit) VALUES (1, @P1, @P2, @P3, @P13);

  -- A registry that lost its cluster may have the licence of that one.
  DELETE FROM octopus_setup.licence;
  INSERT INTO octopus_setup.licence (only_one, ends) VALUES (1, @P14);

  INSERT INTO octopus_setup.node (name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap)
    VALUES (@P4, @P5, @P6, @P7, @P8, @P9, @P10, @P11, @P12);

  INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'initialised', @P4, @P6, @P8);

  -- What its nodes share, and the first one's canaries: @P15 the storage in words, @P16 how many rows of it there are,
  -- @P17 how many canaries, @P18 to @P29 the rows: folder and path, @P30 to @P41 the canaries: folder and token; NULL where
  -- there are fewer.
  DELETE FROM octopus_setup.shared_storage;
  DELETE FROM octopus_setup.canary;
  IF @P16 > 0
  BEGIN
    INSERT INTO octopus_setup.shared_storage (folder, path, set_by)
      SELECT r.folder, r.path, @P4
      FROM (VALUES (@P18, @P19), (@P20, @P21), (@P22, @P23), (@P24, @P25), (@P26, @P27), (@P28, @P29)) r (folder, path)
      WHERE r.folder IS NOT NULL;
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'storage set', @P4, @P6, @P15);
  END;
  IF @P17 > 0
  BEGIN
    INSERT INTO octopus_setup.canary (node, folder, token)
      SELECT @P4, r.folder, r.token
      FROM (VALUES (@P30, @P31), (@P32, @P33), (@P34, @P35), (@P36, @P37), (@P38, @P39), (@P40, @P41)) r (folder, token)
      WHERE r.folder IS NOT NULL;
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
