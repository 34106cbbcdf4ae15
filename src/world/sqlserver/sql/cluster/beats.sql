-- Reads Octopus Server's own table of nodes column by column, so that one of an unexpected type costs only its own fact.
-- Sent by: SqlServer::cluster, where the part "beat" of nodes.sql was refused. Its columns: node_columns.sql.
-- Needs:   SELECT on dbo.OctopusServerNode.
-- Runs on: SQL Server 2016 (DATEDIFF_BIG) and later, Azure SQL, Babelfish 4.3.
-- Refused: each column costs its own fact.
DECLARE @read nvarchar(2000);
{columns}

-- part: beat_name
SET @read = N'SELECT ''beat_name'' AS part, ' + @name + N' AS name, ' + @id + N' AS id FROM dbo.OctopusServerNode';
EXEC(@read);

-- part: beat_age
SET @read = N'SELECT ''beat_age'' AS part, ' + @name + N' AS name, ' + @age + N' AS age FROM dbo.OctopusServerNode';
EXEC(@read);

-- part: beat_cap
SET @read = N'SELECT ''beat_cap'' AS part, ' + @name + N' AS name, ' + @cap + N' AS cap FROM dbo.OctopusServerNode';
EXEC(@read);

-- part: beat_drain
SET @read = N'SELECT ''beat_drain'' AS part, ' + @name + N' AS name, ' + @drain + N' AS drain FROM dbo.OctopusServerNode';
EXEC(@read);
