  -- A node's row goes, unless it was seen since. A drain mark that was set since is no reason to keep it.
  DELETE FROM octopus_setup.node
    WHERE name = @P2 AND host = @P6 AND CONVERT(nvarchar(23), joined, 121) = @P7 AND CONVERT(nvarchar(23), last_seen, 121) = @P8;
  SET @done = @@ROWCOUNT;
