-- In master: the lock that makes two wizards take turns, and whether the database is there by now. @P1 is its name.
-- The session owns the lock, so it goes with the connection; no timer can take it from a holder that is alive.
SET NOCOUNT ON;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'octopus_setup database', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 60000;
SELECT N'lock' AS part, @granted AS granted, CASE WHEN DB_ID(@P1) IS NULL THEN 0 ELSE 1 END AS there;
