-- Part of row_undo.sql: restores the row and its canaries, whose tokens the history has (see row_remove.sql).
INSERT INTO octopus_setup.canary (node_key, folder, token)
  SELECT DISTINCT @key, SUBSTRING(detail, 34, LEN(detail) - LEN(@P4) - 34), LEFT(detail, 32)
  FROM octopus_setup.history WHERE what = N'canary gone' AND node = @P2 AND RIGHT(detail, LEN(@P4)) = @P4
    AND NOT EXISTS (SELECT 1 FROM octopus_setup.node WHERE name_key = @key)
    AND NOT EXISTS (SELECT 1 FROM octopus_setup.canary WHERE node_key = @key);

-- Unless the name is in use by now.
INSERT INTO octopus_setup.node (name_key, name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap, joined, last_seen, drained)
  SELECT @key, @P10, @P11, @P12, @P13, @P14, @P15, @P16, @P17, @P18, CONVERT(datetime2(3), @P7, 121), CONVERT(datetime2(3), @P8, 121), @P9
  WHERE NOT EXISTS (SELECT 1 FROM octopus_setup.node WHERE name_key = @key);
