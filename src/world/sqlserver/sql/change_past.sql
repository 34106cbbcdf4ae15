    COMMIT TRANSACTION;
    SELECT N'made' AS part;
  END
  ELSE
  BEGIN
    SELECT N'past' AS part,
      (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = @P5 AND node = @P2 AND detail = @P4) AS done_at,
      (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = N'undone' AND node = @P2 AND detail = @P4 + N' ' + @P5) AS undone_at;
    SELECT N'kept' AS part, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap,
      CONVERT(nvarchar(23), joined, 121) AS joined, CONVERT(nvarchar(23), last_seen, 121) AS last_seen, drained
      FROM octopus_setup.node WHERE name = @P2;
  END;
END;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  SELECT N'trouble' AS part, N'made' AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
END CATCH;

IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

-- Another cluster is there, or another registry, or none: content.sql tells.
IF @granted >= 0 AND @right = 0
BEGIN
