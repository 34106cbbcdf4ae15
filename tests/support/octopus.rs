//! A database as Octopus Server itself creates it, with tables as in `facts/octopus.md`.

use std::sync::OnceLock;

use octopus_setup::model::master_key::MasterKey;

use super::cipher;

/// Octopus' own tables, 2015 to 2018, with a node `web01` that has never been seen.
pub const TABLES: &str = "
    CREATE TABLE dbo.SchemaVersions (Id int IDENTITY(1,1) NOT NULL PRIMARY KEY, ScriptName nvarchar(255) NOT NULL, Applied datetime NOT NULL);
    CREATE TABLE dbo.OctopusServerInstallationHistory (Id nvarchar(50) NOT NULL PRIMARY KEY, Node nvarchar(200), Version nvarchar(50), Installed datetimeoffset, JSON nvarchar(max));
    CREATE TABLE dbo.OctopusServerNode (Id nvarchar(250) NOT NULL PRIMARY KEY, Name nvarchar(200) NOT NULL, LastSeen datetimeoffset, Rank nvarchar(50), JSON nvarchar(max), MaxConcurrentTasks int NOT NULL DEFAULT 5, IsInMaintenanceMode bit NOT NULL DEFAULT 0);
    INSERT INTO dbo.OctopusServerInstallationHistory (Id, Node, Version) VALUES (N'1', N'web01', N'2024.4.6962');
    INSERT INTO dbo.OctopusServerNode (Id, Name) VALUES (N'OctopusServerNodes-web01', N'web01')";
/// The tables that hold encrypted values, uncompressed.
pub const PLAIN: &str = "
    CREATE TABLE dbo.Configuration (Id nvarchar(50) NOT NULL PRIMARY KEY, JSON nvarchar(max) NULL);
    CREATE TABLE dbo.Certificate (Id nvarchar(210) NOT NULL PRIMARY KEY, Name nvarchar(200) NULL, JSON nvarchar(max) NULL);
    CREATE TABLE dbo.Account (Id nvarchar(210) NOT NULL PRIMARY KEY, Name nvarchar(200) NULL, JSON nvarchar(max) NULL);
    CREATE TABLE dbo.VariableSet (Id nvarchar(250) NOT NULL PRIMARY KEY, JSON nvarchar(max) NULL)";
/// The same tables, compressed as Nevermore does it.
pub const COMPRESSED: &str = "
    CREATE TABLE dbo.Configuration (Id nvarchar(50) NOT NULL PRIMARY KEY, JSON nvarchar(max) NULL, JSONBlob varbinary(max) NULL);
    CREATE TABLE dbo.Certificate (Id nvarchar(210) NOT NULL PRIMARY KEY, JSONBlob varbinary(max) NULL);
    CREATE TABLE dbo.VariableSet (Id nvarchar(250) NOT NULL PRIMARY KEY, JSONBlob varbinary(max) NULL)";

/// Returns an `INSERT` of a row with this JSON.
pub fn row(table: &str, id: &str, json: &str) -> String {
    format!("INSERT INTO dbo.{table} (Id, JSON) VALUES (N'{id}', N'{}')", json.replace('\'', "''"))
}

/// Returns an `INSERT` into `JSONBlob`; `blob` is an SQL expression.
pub fn blob_row(table: &str, id: &str, blob: &str) -> String {
    format!("INSERT INTO dbo.{table} (Id, JSONBlob) VALUES (N'{id}', {blob})")
}

/// Returns the document with Octopus' own certificate, encrypted with this key. All tests share one certificate,
/// because creating it is slow.
pub fn certificate_json(key: &MasterKey) -> String {
    static STORE: OnceLock<String> = OnceLock::new();
    let sealed = cipher::encrypted(STORE.get_or_init(cipher::certificate), key, 7);
    format!(r#"{{"Name":"Octopus Portal","Thumbprint":"9DB2…","Keys":[{{"Pfx":"{sealed}"}}],"Archived":false}}"#)
}

/// Returns accounts with this many passwords, encrypted with this key.
pub fn accounts(key: &MasterKey, values: u8) -> Vec<String> {
    let password = |number: u8| cipher::encrypted(&format!("password {number}"), key, number);
    (0..values)
        .map(|number| row("Account", &format!("Accounts-{number}"), &format!(r#"{{"Password":"{}"}}"#, password(number))))
        .collect()
}

/// Returns a key of this byte repeated.
pub fn key(byte: u8) -> MasterKey {
    MasterKey::from_bytes(&[byte; 32]).unwrap()
}
