-- Behind begin_shared.sql (a change) or begin.sql (taking one back), before what is done and change_end.sql: all of it in one
-- turn. Only in a registry of our format, and only in the cluster that was seen. Each look is a statement of its own, since
-- a table that is not there is missed as soon as its statement is.
--   @P1 the cluster's id, @P2 the node's name, @P3 the host that does it, @P4 the run, @P5 what is done,
--   @P6 to @P9 the row as it was seen: host, joined, last seen, drained,
--   @P10 to @P18 the row as it is to be: name, address, host, system, program, prefixes, ports, task cap.
DECLARE @right int, @done int, @stands bigint, @undone bigint;
SET @right = 0;
SET @done = 0;
BEGIN TRY
IF @granted >= 0 AND OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL AND OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  SET @right = (SELECT COUNT(*) FROM octopus_setup.version WHERE version = 1);
IF @right = 1
  SET @right = (SELECT COUNT(*) FROM octopus_setup.cluster WHERE id = @P1);
IF @right = 1
BEGIN
