-- What a fresh connection finds of a node. @P1 is the node's name.
SET NOCOUNT ON;

IF OBJECT_ID(N'octopus_setup.node', N'U') IS NOT NULL
  EXEC sp_executesql N'SELECT N''proof'' AS part, CAST(name AS nvarchar(200)) AS name FROM octopus_setup.node WHERE name = @name', N'@name nvarchar(200)', @name = @P1;

