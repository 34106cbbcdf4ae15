//! The servers of the scenes.

use std::path::Path;
use std::time::Duration;

use practice_server::{Certificate, Login, ServerOptions, TlsPolicy, WireFault};

use crate::scenes::{Scene, SceneId};

/// Logins beside the server's own, and the variables with their passwords.
pub const LOGINS: [(&str, &str); 3] =
    [("plain", "PLAIN_PASSWORD"), ("disabled", "DISABLED_PASSWORD"), ("blind", "BLIND_PASSWORD")];

/// A login's password.
pub fn password(login: &str) -> String {
    format!("{login}-Pass-9f3!")
}

/// What a scene's server is started with.
pub fn options(id: SceneId, folder: &Path) -> ServerOptions {
    let mut options = ServerOptions::new(folder.join("server"));
    "Enterprise Edition: Core-based Licensing (64-bit)".clone_into(&mut options.personality.edition);
    for (name, _) in LOGINS {
        let password = password(name).into();
        options.logins.push(Login {
            name: name.into(),
            password,
            sysadmin: false,
            dbcreator: false,
            disabled: name == "disabled",
        });
    }
    let personality = &mut options.personality;
    match id {
        SceneId::Databases
        | SceneId::Restless
        | SceneId::Machines
        | SceneId::Web
        | SceneId::Forms
        | SceneId::Clusters
        | SceneId::OctopusMade
        | SceneId::HangsUp
        | SceneId::SendsOn => {}
        SceneId::Practice => personality.edition = ServerOptions::new(folder).personality.edition,
        SceneId::Version2014 => "12.0.6024.0".clone_into(&mut personality.product_version),
        SceneId::Version2016 => "13.0.5888.11".clone_into(&mut personality.product_version),
        SceneId::Express => "Express Edition (64-bit)".clone_into(&mut personality.edition),
        SceneId::ClockAhead => personality.clock_ahead = 90,
        SceneId::ClockNear => personality.clock_ahead = 12,
        SceneId::NoTls => options.tls = TlsPolicy::Missing,
        SceneId::Expired => options.faults.certificate = Certificate::Expired,
        SceneId::OtherName => options.faults.certificate = Certificate::OtherName,
        SceneId::SelfSigned => options.faults.certificate = Certificate::SelfSigned,
        SceneId::UnknownIssuer => options.faults.certificate = Certificate::UnknownIssuer,
        SceneId::NoStrict => options.allow_strict = false,
        SceneId::Far => options.faults.round_trip = Duration::from_millis(25),
        SceneId::NotSqlServer => options.faults.wire = Some(WireFault::NotSqlServer),
    }
    options
}

/// What goes wrong only once everything is prepared.
pub fn spoil(scene: &Scene) {
    let fault = match scene.id {
        SceneId::HangsUp => WireFault::DropMidReply,
        SceneId::SendsOn => WireFault::RouteTo { host: "localhost".into(), port: scene.server.addr().port() },
        _ => return,
    };
    scene.server.set_wire_fault(Some(fault));
}
