-- Part of row.sql: a node joins in a dead node's place, unless that was seen since. One statement looks and writes: of two
-- that replace it, the later one finds it changed.
UPDATE octopus_setup.node SET name = @P10, address = @P11, host = @P12, operating_system = @P13, program = @P14, prefixes = @P15,
  comms_port = @P16, grpc_port = @P17, task_cap = @P18,
  joined = SYSUTCDATETIME(), last_seen = SYSUTCDATETIME(), drained = 0
  WHERE name_key = @key AND host = @P6 AND CONVERT(nvarchar(23), joined, 121) = @P7 AND CONVERT(nvarchar(23), last_seen, 121) = @P8 AND drained = @P9;
SET @done = @@ROWCOUNT;

-- Deletes the dead node's canaries. Undo does not restore them: the new node may have overwritten their files by then, and a
-- token in the registry without its file would block every join.
IF @done = 1
  DELETE FROM octopus_setup.canary WHERE node_key = @key;
