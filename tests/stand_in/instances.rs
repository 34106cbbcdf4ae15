//! The list of instances: one small file for each, as Octopus keeps them.

use std::fs;
use std::path::PathBuf;

use octopus_setup::model::names::instance_key;

use super::Failed;
use super::config::Config;
use super::database::NODE_NAME;
use super::options::Options;
use super::place::Place;

fn entry(place: &Place, name: &str) -> PathBuf {
    place.path("Instances").join(format!("{}.config", instance_key(name)))
}

/// Name and config file of each.
fn all(place: &Place) -> Vec<(String, String)> {
    let entries = fs::read_dir(place.path("Instances")).into_iter().flatten().flatten();
    let mut all: Vec<_> = entries
        .filter_map(|entry| serde_json::from_slice::<serde_json::Value>(&fs::read(entry.path()).ok()?).ok())
        .filter_map(|value| Some((value["Name"].as_str()?.to_owned(), value["ConfigurationFilePath"].as_str()?.to_owned())))
        .collect();
    all.sort();
    all
}

/// The config of an instance.
pub fn config(place: &Place, options: &Options) -> Result<Config, Failed> {
    let name = options.instance();
    let all = all(place);
    // Nearly every command takes the config itself in the place of the instance's name.
    if let Some(path) = options.get("config") {
        return Config::open(path.into());
    }
    if let Some((_, path)) = all.iter().find(|(other, _)| instance_key(other) == instance_key(name)) {
        return Config::open(path.into());
    }
    let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    let (list, text) = (names.join(", "), "has not been configured on this machine");
    Err(format!("Instance {name} of OctopusServer {text}. Available instances: {list}.").into())
}

pub fn create(place: &Place, options: &Options) -> Result<String, Failed> {
    let (name, path) = (options.instance(), options.must("config")?);
    if all(place).iter().any(|(other, _)| instance_key(other) == instance_key(name)) {
        return Err(format!("Instance {name} already exists.").into());
    }
    let path = PathBuf::from(path);
    let folder = path.parent().ok_or("The config has to be in a folder.")?.to_owned();
    fs::create_dir_all(&folder)?;
    fs::create_dir_all(place.path("Instances"))?;
    let text = serde_json::json!({ "Name": name, "ConfigurationFilePath": path });
    fs::write(entry(place, name), text.to_string())?;
    let mut config = Config::open(path)?;
    config.set("Octopus.Home", options.get("home").unwrap_or(&folder.to_string_lossy()));
    config.set("Octopus.Server.NodeName", options.get("serverNodeName").unwrap_or("this-machine"));
    config.save()?;
    Ok(format!("Creating empty configuration file: {}\nSaving instance: {name}", config.path.display()))
}

pub fn delete(place: &Place, options: &Options) -> Result<String, Failed> {
    let config = config(place, options)?;
    fs::remove_file(entry(place, options.instance()))?;
    // It deletes no row: OctopusDeploy/Issues#10135.
    let name = config.get(NODE_NAME).unwrap_or_default();
    Ok(format!("De-registered {name} from the database.\nDeleted instance: {}", options.instance()))
}

pub fn list(place: &Place, options: &Options) -> Result<String, Failed> {
    let all = all(place);
    match options.get("format").unwrap_or("text") {
        "text" => {
            let line = |(name, path): &(String, String)| format!("Instance '{name}' uses configuration '{path}'.");
            Ok(all.iter().map(line).collect::<Vec<_>>().join("\n"))
        }
        "json" => {
            let value =
                |(name, path): &(String, String)| serde_json::json!({ "InstanceName": name, "ConfigurationFilePath": path });
            Ok(serde_json::Value::from(all.iter().map(value).collect::<Vec<_>>()).to_string())
        }
        other => Err(format!("The format '{other}' is not supported. Try text or json.").into()),
    }
}
