-- Finds the node @P1 in the registry.
-- Sent by: SqlServer::prove, on a new connection, before content.sql.
-- Needs:   SELECT on octopus_setup.node.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the step fails with the server's error; it can be repeated.
-- Reads a registry of any format: only format 2 has name_key.

-- part: proof
IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  EXEC sp_executesql N'SELECT N''proof'' AS part, CAST(name AS nvarchar(200)) AS name FROM octopus_setup.node WHERE name COLLATE Latin1_General_CI_AS = @name', N'@name nvarchar(200)', @name = @P1;
