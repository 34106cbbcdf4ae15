-- Part of storage.sql: refuses a node that is not in the registry.
IF @right = 1
  SET @right = (SELECT COUNT(*) FROM octopus_setup.node WHERE name_key = @key);
