  -- Only what this run did and has not taken back yet, and only while nobody else has done anything to the row since; what is
  -- told of the storage is not about the row. The lock is the exclusive one: what is looked at here does not change before
  -- the end.
  SET @stands = (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = @P5 AND node = @P2 AND detail = @P4);
  SET @undone = (SELECT COALESCE(MAX(id), 0) FROM octopus_setup.history WHERE what = N'undone' AND node = @P2 AND detail = @P4 + N' ' + @P5);
  IF @stands > @undone AND NOT EXISTS (SELECT 1 FROM octopus_setup.history WHERE id > @stands AND node COLLATE Latin1_General_CI_AS = @P2 AND what NOT IN (N'undone', N'canary left', N'canary taken', N'storage set', N'storage unset') AND detail <> @P4)
  BEGIN
