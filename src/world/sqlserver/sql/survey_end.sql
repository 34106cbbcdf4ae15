-- With the first part this tells how long the server itself took, so that the rest of the wait is the round trip.
SELECT N'clock_end' AS part, CONVERT(nvarchar(33), SYSUTCDATETIME(), 126) AS utc;
