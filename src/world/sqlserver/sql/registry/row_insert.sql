-- Part of row.sql: a node joins. The key decides between two nodes of one name, and the later one looks again.
INSERT INTO octopus_setup.node (name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap)
  SELECT @key, @P10, @P11, @P12, @P13, @P14, @P15, @P16, @P17, @P18
  WHERE NOT EXISTS (SELECT 1 FROM octopus_setup.node WHERE name_key = @key);
SET @done = @@ROWCOUNT;

-- Canaries that an older node of this name left are not this node's.
IF @done = 1
  DELETE FROM octopus_setup.canary WHERE node_key = @key;
