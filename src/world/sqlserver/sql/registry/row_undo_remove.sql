-- Part of row_undo.sql: restores the row and its canaries, whose tokens the history has (see row_remove.sql).
INSERT INTO octopus_setup.canary (node, folder, token)
  SELECT DISTINCT @P2, SUBSTRING(detail, 34, LEN(detail) - LEN(@P4) - 34), LEFT(detail, 32)
  FROM octopus_setup.history WHERE what = N'canary gone' AND node = @P2 AND RIGHT(detail, LEN(@P4)) = @P4
    AND NOT EXISTS (SELECT 1 FROM octopus_setup.node WHERE name = @P2)
    AND NOT EXISTS (SELECT 1 FROM octopus_setup.canary WHERE node = @P2);

-- Unless the name is in use by now.
INSERT INTO octopus_setup.node (name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap, joined, last_seen, drained)
  SELECT @P10, @P11, @P12, @P13, @P14, @P15, @P16, @P17, @P18, CONVERT(datetime2(3), @P7, 121), CONVERT(datetime2(3), @P8, 121), @P9
  WHERE NOT EXISTS (SELECT 1 FROM octopus_setup.node WHERE name = @P2);
