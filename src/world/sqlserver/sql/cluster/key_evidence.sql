-- Reads what a master key can be checked against: the registry's verifier (salt and derived bytes, 48 in all; never the key),
-- Octopus Server's certificate, and a few other values that it encrypted.
-- Sent by: SqlServer::key_verdict and verify_key, and SqlServer::cluster behind nodes.sql.
-- Needs:   SELECT in the schemas octopus_setup and dbo. A table that the login may not read costs only that table.
-- Runs on: SQL Server 2016 and later (DECOMPRESS, sent only where there is a column JSONBlob), Azure SQL, Babelfish 4.3.
-- Refused: the key cannot be verified, unless the evidence that was read is enough.

-- part: key_verifier
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NOT NULL
  EXEC(N'SELECT ''key_verifier'' AS part, CAST(key_verifier AS varbinary(64)) AS verifier FROM octopus_setup.cluster');

-- A login that may not read a table does not see its columns either: then a missing column proves nothing.
-- part: key_sight
SELECT 'key_sight' AS part, COALESCE(HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'SELECT'), HAS_PERMS_BY_NAME(QUOTENAME(DB_NAME()), 'DATABASE', 'SELECT'), IS_ROLEMEMBER('db_owner')) AS sees;

-- Tables and forms in turn: they have changed over the years, and so has the form of a document: JSON, or the same compressed.
-- Other encrypted values: behind a bar, an initialisation vector is 22 characters and two equals signs. Both rows and lengths are
-- limited: a table of snapshots may have a million rows, and one of them may have megabytes.
-- part: key_values
DECLARE @turn int, @place nvarchar(60), @table nvarchar(60), @json nvarchar(200), @form nvarchar(20), @part nvarchar(20), @select nvarchar(1000);
SET @turn = 0;
WHILE @turn < 14
BEGIN
  SET @turn = @turn + 1;
  SET @place = CASE (@turn + 1) / 2 WHEN 1 THEN N'Configuration' WHEN 2 THEN N'Certificate' WHEN 3 THEN N'Configuration' WHEN 4 THEN N'ExtensionConfiguration' WHEN 5 THEN N'Account' WHEN 6 THEN N'Certificate' ELSE N'VariableSet' END;
  SET @table = N'dbo.' + @place;
  SET @form = CASE @turn % 2 WHEN 1 THEN N'JSON' ELSE N'JSONBlob' END;
  SET @part = CASE WHEN @turn < 5 THEN N'key_certificate' ELSE N'key_value' END;
  IF COL_LENGTH(@table, N'Id') IS NOT NULL AND COL_LENGTH(@table, @form) IS NOT NULL
  BEGIN
    SET @json = CASE WHEN @form = N'JSON' THEN N'CAST(JSON AS nvarchar(max))' ELSE N'CAST(DECOMPRESS(JSONBlob) AS nvarchar(max))' END;
    IF @turn < 5
      SET @select = N'CASE WHEN LEN(json) <= 262144 THEN json END AS json, CASE WHEN LEN(json) > 262144 THEN 1 ELSE 0 END AS too_long
        FROM (SELECT TOP (1) ' + @json + N' AS json FROM ' + @table + N' WHERE Id = N''certificate-global'') AS x';
    ELSE
      SET @select = N'CAST(id AS nvarchar(250)) AS id, json
        FROM (SELECT TOP (200) Id AS id, CASE WHEN DATALENGTH(' + @form + N') <= 65536 THEN ' + @json + N' END AS json FROM ' + @table + N' WHERE Id <> N''certificate-global'' ORDER BY Id) AS x
        WHERE LEN(json) <= 32768 AND json LIKE N''%|______________________==%'' ORDER BY id';
    SET @select = N'SELECT TOP (5) ''key_values'' AS part, ''' + @part + N''' AS kind, ''' + @place + N''' AS place, ' + @select;
    BEGIN TRY
      EXEC(@select);
    END TRY
    BEGIN CATCH
      SELECT 'trouble' AS part, @part AS of_part, ERROR_NUMBER() AS number, ERROR_STATE() AS state, ERROR_SEVERITY() AS class, ERROR_MESSAGE() AS message;
    END CATCH;
  END;
END;
