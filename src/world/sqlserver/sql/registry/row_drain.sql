-- Part of row.sql: a node marks itself as drained. Its last_seen stays, so that the next step still recognises the row.
UPDATE octopus_setup.node SET drained = 1
  WHERE name_key = @key AND host = @P6 AND CONVERT(nvarchar(23), joined, 121) = @P7 AND CONVERT(nvarchar(23), last_seen, 121) = @P8 AND drained = @P9;
SET @done = @@ROWCOUNT;
