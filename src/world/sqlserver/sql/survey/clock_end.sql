-- Reads the server's clock once more behind the last part: with the first reading this tells how long the server itself took, and
-- so when the first reading was.
-- Sent by: survey, at the end of its batches.
-- Needs:   CONNECT.
-- Runs on: SQL Server 2016 and later, Azure SQL, Babelfish 4.3.
-- Refused: the clock's difference counts the server's own time as the line's.

-- part: clock_end
SELECT 'clock_end' AS part, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS utc;
