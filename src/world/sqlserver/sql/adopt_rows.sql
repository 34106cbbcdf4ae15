-- The cluster and the first line of its history, and no node: the nodes that are there are known to Octopus, and each wizard
-- writes its own row. Unless a cluster is there, or a registry of another format. No value is ever part of the text.
--   @P1 the cluster's id, @P2 the key's verifier, @P3 its fingerprint, @P4 the node that adopts it, @P5 its host, @P6 its program.
IF NOT EXISTS (SELECT 1 FROM octopus_setup.cluster) AND NOT EXISTS (SELECT 1 FROM octopus_setup.version WHERE version <> 1)
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
