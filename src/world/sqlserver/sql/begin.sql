-- The lock belongs to the transaction: it goes with it, however that ends. Any negative answer means "not granted".
-- What follows in the same batch may look at @granted.
SET NOCOUNT ON;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'octopus_setup', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 15000;
SELECT N'lock' AS part, @granted AS granted;

