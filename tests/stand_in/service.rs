//! The service: a process of its own that goes when its file does.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use octopus_setup::model::names::instance_key;

use super::Failed;
use super::options::Options;
use super::place::Place;
use super::{instances, node};

/// Where the number of the running process stands; without that it ends by itself.
pub fn pid_file(place: &Place, instance: &str) -> PathBuf {
    place.path(&format!("{}.pid", instance_key(instance)))
}

pub fn service(place: &Place, options: &Options) -> Result<String, Failed> {
    let config = instances::config(place, options)?;
    let instance = options.instance();
    let installed = place.path(&format!("{}.service", instance_key(instance)));
    let running = pid_file(place, instance);
    let mut said = Vec::new();
    if options.has("stop") || options.has("uninstall") || options.has("restart") {
        let was = fs::remove_file(&running).is_ok();
        said.push(if was { "Service stopped" } else { "The service is not running" });
        if was {
            wait_until_gone(&config);
        }
    }
    if options.has("uninstall") {
        said.push(if fs::remove_file(&installed).is_ok() { "Service uninstalled" } else { "The service is not installed" });
    }
    if options.has("install") || options.has("reconfigure") {
        fs::write(&installed, options.get("username").unwrap_or("root"))?;
        said.push("Service installed");
    }
    if options.has("start") || options.has("restart") {
        if !installed.exists() {
            return Err("The service is not installed.".into());
        }
        if running.exists() {
            said.push("The service is already running");
        } else {
            let mut command = Command::new(&place.program);
            command.args(["run", "--instance", instance]).env_remove("OCTOPUS_SERVICE_PASSWORD");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut command, 0);
            fs::write(&running, command.spawn()?.id().to_string())?;
            said.push("Service started");
        }
    }
    Ok(said.join("\n"))
}

/// Waits until the port is free again: what is started next listens there too.
fn wait_until_gone(config: &super::config::Config) {
    let Some(address) = node::address(config) else { return };
    let begun = Instant::now();
    while std::net::TcpListener::bind(address).is_err() && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(20));
    }
}
