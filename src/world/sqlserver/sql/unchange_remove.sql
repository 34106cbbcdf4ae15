    -- The row as it was, unless its name is in use by now.
    INSERT INTO octopus_setup.node (name, address, host, operating_system, program, prefixes, comms_port, grpc_port, task_cap, joined, last_seen, drained)
      SELECT @P10, @P11, @P12, @P13, @P14, @P15, @P16, @P17, @P18, CONVERT(datetime2(3), @P7, 121), CONVERT(datetime2(3), @P8, 121), @P9
      WHERE NOT EXISTS (SELECT 1 FROM octopus_setup.node WHERE name = @P2);
