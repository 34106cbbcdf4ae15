-- Part of row.sql: a node changes its own row, unless somebody else changed it.
UPDATE octopus_setup.node SET name = @P10, address = @P11, host = @P12, operating_system = @P13, program = @P14, prefixes = @P15,
  comms_port = @P16, grpc_port = @P17, task_cap = @P18,
  last_seen = SYSUTCDATETIME()
  WHERE name_key = @key AND host = @P6 AND CONVERT(nvarchar(23), joined, 121) = @P7 AND CONVERT(nvarchar(23), last_seen, 121) = @P8 AND drained = @P9;
SET @done = @@ROWCOUNT;
