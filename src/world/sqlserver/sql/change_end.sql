
  -- Whoever waits for another's row has changed nothing yet, since all that is read is read before the one row is written and
  -- its line in the history: so nobody waits in a circle. "made" is said behind the commit and by nothing else.
  IF @done = 1
  BEGIN
    INSERT INTO octopus_setup.history (what, node, host, detail) VALUES (@P5, @P2, @P3, @P4);
