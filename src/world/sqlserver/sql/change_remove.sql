  -- A node's row goes, unless it was seen since. A drain mark that was set since is no reason to keep it.
  DELETE FROM octopus_setup.node
    WHERE name = @P2 AND host = @P6 AND CONVERT(nvarchar(23), joined, 121) = @P7 AND CONVERT(nvarchar(23), last_seen, 121) = @P8;
  SET @done = @@ROWCOUNT;

  -- Its canaries go with it, or they would be waited for in vain. Their files stay where they are, and so do the nonces in the
  -- history, from which undo has them again; they are no secret. A nonce has 32 characters, and a run has no blank at its end.
  IF @done = 1
  BEGIN
    INSERT INTO octopus_setup.history (what, node, host, detail)
      SELECT N'canary gone', @P2, @P3, token + N' ' + folder + N' ' + @P4 FROM octopus_setup.canary WHERE node = @P2;
    DELETE FROM octopus_setup.canary WHERE node = @P2;
  END;
