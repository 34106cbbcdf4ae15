//! The keywords of Microsoft.Data.SqlClient with all their synonyms, and what each is to us.

/// What a keyword is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// The server.
    Server,
    /// The database.
    Database,
    /// The login.
    User,
    /// Its password.
    Password,
    /// `Encrypt`.
    Encrypt,
    /// `Trust Server Certificate`.
    TrustServerCertificate,
    /// `Multi Subnet Failover`.
    MultiSubnet,
    /// `Integrated Security`.
    Integrated,
    /// `Authentication`.
    Authentication,
    /// `Application Intent`.
    Intent,
    /// `Failover Partner`.
    FailoverPartner,
    /// `Host Name In Certificate`.
    HostNameInCertificate,
    /// `Server Certificate`.
    ServerCertificate,
    /// `AttachDBFilename` and `User Instance`: things of SQL Server Express on a developer's machine.
    LocalFile,
    /// Anything that is good for a program but changes nothing of what is set up here.
    Harmless(&'static str),
}

/// The keyword that this text is, whatever its case. Runs of blanks count as one.
pub fn find(written: &str) -> Option<Key> {
    let words: Vec<String> = written.split_whitespace().map(str::to_lowercase).collect();
    let key = words.join(" ");
    Some(match key.as_str() {
        "data source" | "addr" | "address" | "network address" | "server" | "datasource" => Key::Server,
        "initial catalog" | "database" | "databasename" | "initialcatalog" => Key::Database,
        "user id" | "uid" | "user" | "username" | "user name" | "userid" => Key::User,
        "password" | "pwd" => Key::Password,
        "encrypt" => Key::Encrypt,
        "trust server certificate" | "trustservercertificate" => Key::TrustServerCertificate,
        "multi subnet failover" | "multisubnetfailover" => Key::MultiSubnet,
        "integrated security" | "trusted_connection" | "integratedsecurity" => Key::Integrated,
        "authentication" => Key::Authentication,
        "application intent" | "applicationintent" => Key::Intent,
        "failover partner" => Key::FailoverPartner,
        "host name in certificate" | "hostnameincertificate" => Key::HostNameInCertificate,
        "server certificate" | "servercertificate" => Key::ServerCertificate,
        "attachdbfilename" | "extended properties" | "initial file name" | "user instance" | "context connection" => {
            Key::LocalFile
        }
        other => Key::Harmless(harmless(other)?),
    })
}

/// The canonical spelling of a keyword that changes nothing here.
fn harmless(key: &str) -> Option<&'static str> {
    Some(match key {
        "application name" | "app" | "applicationname" => "Application Name",
        "asynchronous processing" | "async" => "Asynchronous Processing",
        "attestation protocol" => "Attestation Protocol",
        "column encryption setting" => "Column Encryption Setting",
        "command timeout" => "Command Timeout",
        "connect retry count" | "connectretrycount" => "Connect Retry Count",
        "connect retry interval" | "connectretryinterval" => "Connect Retry Interval",
        "connect timeout" | "connection timeout" | "timeout" => "Connect Timeout",
        "connection reset" => "Connection Reset",
        "current language" | "language" => "Current Language",
        "enclave attestation url" => "Enclave Attestation Url",
        "enlist" => "Enlist",
        "failover partner spn" | "failoverpartnerspn" => "Failover Partner SPN",
        "ip address preference" | "ipaddresspreference" => "IP Address Preference",
        "load balance timeout" | "connection lifetime" => "Load Balance Timeout",
        "max pool size" => "Max Pool Size",
        "min pool size" => "Min Pool Size",
        "multiple active result sets" | "multipleactiveresultsets" => "Multiple Active Result Sets",
        "network library" | "network" | "net" => "Network Library",
        "packet size" => "Packet Size",
        "persist security info" | "persistsecurityinfo" => "Persist Security Info",
        "pool blocking period" | "poolblockingperiod" => "Pool Blocking Period",
        "pooling" => "Pooling",
        "replication" => "Replication",
        "server spn" | "serverspn" => "Server SPN",
        "transaction binding" => "Transaction Binding",
        "transparent network ip resolution" | "transparentnetworkipresolution" => "Transparent Network IP Resolution",
        "type system version" => "Type System Version",
        "workstation id" | "wsid" | "workstationid" => "Workstation ID",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_synonym_is_known_whatever_its_case() {
        for (key, synonyms) in [
            (Key::Server, &["Data Source", "ADDR", "Address", "Network Address", "server"][..]),
            (Key::Database, &["Initial Catalog", "Database"]),
            (Key::User, &["User ID", "UID", "user"]),
            (Key::Password, &["Password", "PWD"]),
            (Key::TrustServerCertificate, &["Trust Server Certificate", "TrustServerCertificate", "trust  server\tcertificate"]),
            (Key::MultiSubnet, &["Multi Subnet Failover", "MultiSubnetFailover"]),
            (Key::Integrated, &["Integrated Security", "Trusted_Connection", "IntegratedSecurity"]),
            (Key::Harmless("Connect Timeout"), &["Connect Timeout", "Connection Timeout", "Timeout"]),
            (Key::Harmless("Workstation ID"), &["Workstation ID", "WSID"]),
        ] {
            for synonym in synonyms {
                assert_eq!(find(synonym), Some(key), "{synonym}");
            }
        }
        assert_eq!(find("Passwort"), None);
    }

    #[test]
    fn a_canonical_spelling_is_its_own_synonym() {
        for name in ["Pooling", "Packet Size", "Server SPN", "Max Pool Size", "Command Timeout", "Enlist", "Application Name"] {
            assert_eq!(find(name), Some(Key::Harmless(name)));
        }
    }
}
