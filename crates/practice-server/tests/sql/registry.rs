//! A client's typical batches: a guarded survey, and tables created in one transaction.

use crate::bench::{Bench, run, steps};

#[test]
fn a_guarded_survey_loses_only_what_fails() {
    let (_bench, mut session) = Bench::with_database();
    let part = |query: &str| {
        format!(
            "BEGIN TRY EXEC(N'{}') END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS number, ERROR_MESSAGE() AS message END CATCH\n",
            query.replace('\'', "''")
        )
    };
    let batch = [
        "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128))",
        "SELECT cntr_value FROM sys.dm_os_performance_counters",
        "SELECT nope FROM sys.databases",
        "SELECT collation_name, is_read_committed_snapshot_on, is_published FROM sys.databases WHERE name = DB_NAME()",
        "SELECT HAS_PERMS_BY_NAME(DB_NAME(),'DATABASE','CREATE SCHEMA')",
    ]
    .map(part)
    .concat();
    assert_eq!(
        run(&mut session, &batch),
        "16.0.4135.4 / 40510|The view sys.dm_os_performance_counters is not supported by the practice server. / 40510|The column nope of \
         sys.databases is not supported by the practice server. / \
         Latin1_General_CI_AS|0|0 / 1"
    );
}

const CREATE: &str = "
SET XACT_ABORT ON;
BEGIN TRANSACTION;
DECLARE @granted int;
EXEC @granted = sp_getapplock @Resource = N'octopus_setup.registry', @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 15000;
IF @granted < 0 THROW 51000, N'The registry is busy.', 1;
IF SCHEMA_ID(N'octopus_setup') IS NULL EXEC(N'CREATE SCHEMA octopus_setup');
IF OBJECT_ID(N'octopus_setup.cluster', N'U') IS NULL
BEGIN
    EXEC(N'CREATE TABLE octopus_setup.cluster (
        one tinyint NOT NULL CONSTRAINT DF_cluster_one DEFAULT 1,
        id uniqueidentifier NOT NULL,
        created datetime2(3) NOT NULL CONSTRAINT DF_cluster_created DEFAULT SYSUTCDATETIME(),
        verifier varbinary(64) NOT NULL,
        CONSTRAINT PK_cluster PRIMARY KEY (one),
        CONSTRAINT CK_cluster_one CHECK (one = 1));
    CREATE TABLE octopus_setup.node (
        id int IDENTITY(1,1) NOT NULL CONSTRAINT PK_node PRIMARY KEY,
        name nvarchar(100) COLLATE Latin1_General_CI_AS NOT NULL CONSTRAINT UQ_node_name UNIQUE,
        joined datetime2(3) NOT NULL CONSTRAINT DF_node_joined DEFAULT SYSUTCDATETIME(),
        drained bit NOT NULL CONSTRAINT DF_node_drained DEFAULT 0);');
END;
INSERT INTO octopus_setup.cluster (id, verifier) OUTPUT inserted.id
    SELECT N'6F9619FF-8B86-D011-B42D-00C04FC964FF', 0x0102 WHERE NOT EXISTS (SELECT * FROM octopus_setup.cluster WITH (UPDLOCK, HOLDLOCK));
COMMIT TRANSACTION;";

#[test]
fn the_registry_is_made_once() {
    let (_bench, mut session) = Bench::with_database();
    steps(
        &mut session,
        &[
            (CREATE, "6F9619FF8B86D011B42D00C04FC964FF"),
            (CREATE, "(none)"),
            ("SELECT @@TRANCOUNT; SELECT COUNT(*), MAX(verifier) FROM octopus_setup.cluster", "0 / 1|0x0102"),
            (
                "INSERT octopus_setup.cluster (one, id, verifier) VALUES (2, NEWID(), 0x)",
                "!547 The INSERT statement conflicted with the CHECK constraint…",
            ),
            ("INSERT octopus_setup.node (name) VALUES (N'node-a')", ""),
            (
                "SET XACT_ABORT OFF; INSERT octopus_setup.node (name) VALUES (N'NODE-A')",
                "!2627 Violation of UNIQUE KEY constraint 'UQ_node_name'…",
            ),
        ],
    );
}
