//! Properties of the server, of databases and of the connection.

use rusqlite::types::Value as Stored;

use super::super::context::Context;
use super::super::fault::Fault;
use super::super::{collation, server::Database};
use super::{flag, text};

pub(super) fn call(context: &Context, name: &str, arguments: &[Stored]) -> Option<Result<Stored, Fault>> {
    let property = |at| text(arguments, at).map(|name| name.trim().to_ascii_lowercase());
    Some(Ok(match name {
        "serverproperty" => property(0).map_or(Stored::Null, |property| server(context, &property)),
        "databasepropertyex" => match (text(arguments, 0).and_then(|name| context.server.database(name)), property(1)) {
            (Some(database), Some(property)) => of_database(database, &property),
            _ => Stored::Null,
        },
        "connectionproperty" => property(0).map_or(Stored::Null, |property| connection(context, &property)),
        "collationproperty" => match (text(arguments, 0).and_then(collation::known), property(1).as_deref()) {
            (Some(name), Some("comparisonstyle")) => Stored::Integer(match collation::class(&name) {
                "ci_as" => 196_609,
                "ci_ai" => 196_611,
                "cs_as" => 196_608,
                "cs_ai" => 196_610,
                _ => 0,
            }),
            _ => Stored::Null,
        },
        _ => return None,
    }))
}

fn words(text: &str) -> Stored {
    Stored::Text(text.to_owned())
}

fn server(context: &Context, property: &str) -> Stored {
    let personality = context.engine.personality();
    let parts: Vec<&str> = personality.product_version.split('.').collect();
    match property {
        "productversion" => words(&personality.product_version),
        "productmajorversion" => parts.first().map_or(Stored::Null, |part| words(part)),
        "productminorversion" => parts.get(1).map_or(Stored::Null, |part| words(part)),
        "productbuild" => parts.get(2).map_or(Stored::Null, |part| words(part)),
        "productlevel" => words("RTM"),
        "edition" => words(&personality.edition),
        // 3 is Enterprise, Evaluation and Developer: every feature is there as far as the server goes.
        "engineedition" => Stored::Integer(3),
        "collation" => words(collation::SERVER),
        "servername" => words(&personality.server_name),
        "machinename" | "computernamephysicalnetbios" => words(personality.server_name.split('\\').next().unwrap_or_default()),
        "instancename" => personality.server_name.split_once('\\').map_or(Stored::Null, |(_, name)| words(name)),
        "ishadrenabled"
        | "isclustered"
        | "issingleuser"
        | "isintegratedsecurityonly"
        | "isfulltextinstalled"
        | "isxtpsupported"
        | "ispolybaseinstalled"
        | "isadvancedanalyticsinstalled"
        | "islocaldb"
        | "isbigdatacluster" => flag(false),
        "hadrmanagerstatus" => Stored::Integer(0),
        "processid" => Stored::Integer(i64::from(std::process::id())),
        "lcid" => Stored::Integer(1033),
        "comparisonstyle" => Stored::Integer(196_609),
        "licensetype" => words("DISABLED"),
        "sqlcharset" => Stored::Integer(1),
        "sqlcharsetname" => words("iso_1"),
        "sqlsortorder" => Stored::Integer(52),
        "sqlsortordername" => words("nocase_iso"),
        _ => Stored::Null,
    }
}

fn of_database(database: &Database, property: &str) -> Stored {
    match property {
        "collation" => words(&database.collation),
        "status" => words(database.state().1),
        "updateability" => words(if database.read_only { "READ_ONLY" } else { "READ_WRITE" }),
        "useraccess" => words(database.access_mode().1),
        "recovery" => words(&database.recovery),
        "isautoclose" => flag(database.auto_close),
        "ispublished" => flag(database.published),
        "issubscribed" => flag(database.subscribed),
        "ismergepublished" => flag(database.merge_published),
        "isnullconcat" | "isansinullsenabled" | "isautoshrink" | "isinstandby" | "isfulltextenabled" => flag(false),
        "version" => Stored::Integer(957),
        "comparisonstyle" => Stored::Integer(196_609),
        "lcid" => Stored::Integer(1033),
        _ => Stored::Null,
    }
}

fn connection(context: &Context, property: &str) -> Stored {
    match property {
        "net_transport" | "physical_net_transport" => words("TCP"),
        "protocol_type" => words("TSQL"),
        "auth_scheme" => words("SQL"),
        "client_net_address" if !context.facts.address.is_empty() => words(&context.facts.address),
        _ => Stored::Null,
    }
}
