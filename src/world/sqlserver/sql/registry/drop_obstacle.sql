-- Tells in master what DROP DATABASE would be refused for: the database @P1 is mirrored or in an availability group; and whether
-- Amazon RDS keeps that copy.
-- Sent by: SqlServer::drop_database.
-- Needs:   CONNECT to master; VIEW ANY DEFINITION for the group's name.
-- Runs on: SQL Server 2016 and later. Azure SQL lacks the view of mirroring (208).
-- Refused: DROP DATABASE itself decides.
SET NOCOUNT ON;
SELECT N'obstacle' AS part,
  CASE WHEN d.replica_id IS NULL THEN 0 ELSE 1 END AS in_group,
  CASE WHEN m.mirroring_guid IS NULL THEN 0 ELSE 1 END AS mirrored,
  CASE WHEN DB_ID(N'rdsadmin') IS NULL THEN 0 ELSE 1 END AS rds
  FROM sys.databases d
  LEFT JOIN sys.database_mirroring m ON m.database_id = d.database_id
  WHERE d.database_id = DB_ID(@P1);
SELECT N'group' AS part, g.name
  FROM sys.databases d
  JOIN sys.availability_replicas r ON r.replica_id = d.replica_id
  JOIN sys.availability_groups g ON g.group_id = r.group_id
  WHERE d.database_id = DB_ID(@P1);
