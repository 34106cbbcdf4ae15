-- Tells in master which collation the database @P1 has.
-- Sent by: SqlServer::create_database, where the database was there already, or was created without a collation.
-- Needs:   CONNECT to master; to see the database, which its creator does.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the collation is unknown.
SELECT N'collation' AS part, collation_name AS name FROM sys.databases WHERE name = @P1
