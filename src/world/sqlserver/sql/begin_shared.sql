-- As begin.sql, for those who change one row: they do not wait for each other, and what makes or drops the registry waits for
-- them, and they for it.
SET NOCOUNT ON;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'octopus_setup', @LockMode = N'Shared', @LockOwner = N'Transaction', @LockTimeout = 15000;
SELECT N'lock' AS part, @granted AS granted;

