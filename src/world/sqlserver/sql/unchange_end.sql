    SET @done = @@ROWCOUNT;
  END;

  IF @done = 1
  BEGIN
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (N'undone', @P2, @P3, @P4 + N' ' + @P5);
