-- Behind begin.sql (who sets the storage, and who takes anything back) or begin_shared.sql (who leaves canaries), before
-- what is done and storage_end.sql: all of it in one turn. Only in a registry of our format, and only in the cluster that
-- was seen. Each look is a statement of its own, since a table that is not there is missed as soon as its statement is.
-- Paths are compared byte by byte: to the database's collation two of them may be one that are two to a file system.
--   @P1 the cluster's id, @P2 the node's name, @P3 the host that does it, @P4 the storage in words,
--   @P5 how many rows of it there are, @P6 how many canaries,
--   @P7 to @P18 the rows: folder and path, @P19 to @P30 the canaries: folder and token; NULL where there are fewer.
DECLARE @right int, @all int, @equal int, @done int;
SET @right = 0;
SET @all = 0;
SET @equal = 0;
SET @done = 0;
BEGIN TRY
IF @granted >= 0 AND OBJECT_ID(N'octopus_setup.version', N'U') IS NOT NULL AND OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  SET @right = (SELECT COUNT(*) FROM octopus_setup.version WHERE version = 1);
IF @right = 1
  SET @right = (SELECT COUNT(*) FROM octopus_setup.cluster WHERE id = @P1);
