//! The running node: it answers the ping, and its heart beats.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use octopus_setup::model::web::ListenPrefix;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::config::Config;
use super::database::{CONNECTION, FIRST_CAP, NODE_NAME, Session, wait};
use super::options::Options;
use super::place::Place;
use super::{Failed, instances, service};

/// Between two looks at whether it is to go on.
const LOOK: Duration = Duration::from_millis(50);
/// Between two beats.
const BEAT: Duration = Duration::from_secs(2);

/// Where it listens: on the first prefix, and on this machine only.
pub fn address(config: &Config) -> Option<SocketAddr> {
    let prefix = ListenPrefix::parse_all(config.get("Octopus.WebPortal.ListenPrefixes")?).ok()?.into_iter().next()?;
    let own = [127, 0, 0, 1].into();
    Some(SocketAddr::new(prefix.host.parse().unwrap_or(own), prefix.port))
}

pub fn run(place: &Place, options: &Options) -> Result<String, Failed> {
    let config = instances::config(place, options)?;
    let name = config.get(NODE_NAME).ok_or("The node has no name.")?.to_owned();
    let connection = config.get(CONNECTION).ok_or("The database connection string is not configured.")?.to_owned();
    let address = address(&config).ok_or("There is no prefix to listen on.")?;
    let faults = place.path("faults");
    let version = place.read("version").unwrap_or_else(|| "2025.1.10345".into());
    let pid_file = service::pid_file(place, options.instance());
    wait(async {
        let mut session = Session::open(&connection).await?;
        session.installed(&name, version.trim()).await?;
        if let Some(cap) = config.get(FIRST_CAP) {
            session.change(&name, "MaxConcurrentTasks", cap).await?;
        }
        let listener = TcpListener::bind(address).await?;
        tokio::select! {
            failed = hearts(&mut session, &name, &faults) => failed?,
            () = answers(&listener, &connection, &name, &faults) => {}
            () = lives(&pid_file), if !options.has("console") => {}
        }
        Ok("Stopped.".to_owned())
    })
}

async fn hearts(session: &mut Session, name: &str, faults: &Path) -> Result<(), Failed> {
    loop {
        if !faults.join("beat").exists() {
            session.beat(name).await?;
        }
        sleep(BEAT).await;
    }
}

/// Ends when the file is gone or says another process: it was stopped. Whoever starts it writes the file a moment later.
async fn lives(pid_file: &Path) {
    let own = std::process::id().to_string();
    let is_ours = || std::fs::read_to_string(pid_file).is_ok_and(|text| text == own);
    for _ in 0..100 {
        if is_ours() {
            break;
        }
        sleep(LOOK).await;
    }
    while is_ours() {
        sleep(LOOK).await;
    }
}

async fn answers(listener: &TcpListener, connection: &str, name: &str, faults: &Path) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // One at a time is enough, and whoever says nothing is not waited for.
        let _ = tokio::time::timeout(Duration::from_secs(2), answer(stream, connection, name, faults)).await;
    }
}

async fn answer(mut stream: TcpStream, connection: &str, name: &str, faults: &Path) -> Result<(), Failed> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split_whitespace().nth(1).unwrap_or("/");
    let header = |wanted: &str| {
        let mut lines = request.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(header, _)| header.eq_ignore_ascii_case(wanted)).map_or("", |(_, value)| value.trim()).to_owned()
    };
    let (status, body) = if path.ends_with("/api/octopusservernodes/ping") {
        let told = std::fs::read_to_string(faults.join("ping")).ok().and_then(|text| text.trim().parse().ok());
        let status: u16 = match told {
            Some(status) => status,
            None => {
                if drained(connection, name).await? {
                    418
                } else {
                    200
                }
            }
        };
        (status, serde_json::json!({ "Name": name }).to_string())
    } else {
        (200, format!("node {name}\npath {path}\nX-Forwarded-For: {}\n", header("X-Forwarded-For")))
    };
    let head = format!("HTTP/1.1 {status} Told\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    Ok(stream.shutdown().await?)
}

async fn drained(connection: &str, name: &str) -> Result<bool, Failed> {
    let name = name.replace('\'', "''");
    let batch = format!("SELECT CAST(IsInMaintenanceMode AS int) AS drained FROM dbo.OctopusServerNode WHERE Name = N'{name}'");
    Ok(Session::open(connection).await?.ask(&batch).await? == Some(1))
}
