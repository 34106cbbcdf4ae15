-- Part of row_undo.sql: restores the row of a node that was replaced or changed, to the millisecond.
UPDATE octopus_setup.node SET name = @P10, address = @P11, host = @P12, operating_system = @P13, program = @P14, prefixes = @P15,
comms_port = @P16, grpc_port = @P17, task_cap = @P18,
  joined = CONVERT(datetime2(3), @P7, 121), last_seen = CONVERT(datetime2(3), @P8, 121), drained = @P9
  WHERE name_key = @key;
