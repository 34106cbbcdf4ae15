-- Only under the lock, and only where nobody else has tables. The client judges once more what is there, and rolls
-- back whatever it did not want; this condition saves a round trip, it decides nothing.
IF @granted >= 0 AND NOT EXISTS (SELECT 1 FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE t.is_ms_shipped = 0 AND s.name <> N'octopus_setup')
BEGIN
