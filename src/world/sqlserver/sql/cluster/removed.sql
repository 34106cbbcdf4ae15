-- Reads the nodes that went last: who gives the command again that took one out is told that it is done, and who mistypes a name is not.
-- Sent by: SqlServer::cluster behind nodes.sql, the first time it asks.
-- Needs:   SELECT in the schema octopus_setup.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: which nodes went is unknown, and no command that takes one out is done already.
-- part: removed
IF OBJECT_ID(N'octopus_setup.history', N'U') IS NOT NULL
  EXEC(N'SELECT TOP (1000) ''removed'' AS part, node FROM octopus_setup.history WHERE what = N''removed'' ORDER BY id DESC');
