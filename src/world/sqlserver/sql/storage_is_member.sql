IF @right = 1
  SET @right = (SELECT COUNT(*) FROM octopus_setup.node WHERE name = @P2);
