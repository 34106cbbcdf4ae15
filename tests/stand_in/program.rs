//! A stand-in for Octopus.Server: it takes its command line, keeps a list of instances, writes an `OctopusServer.config`,
//! makes Octopus' tables and, as a service, answers the ping and lets its heart beat into the database.
//!
//! It is for tests, and made from what is publicly known of Octopus Server (`facts/octopus.md`, sections 1, 2 and 5). All that
//! it keeps is in one folder: the one that `OCTOPUS_STAND_IN` names, or the one that it was called in (a link to it there is
//! enough). Of each call it writes down the arguments and the environment, secrets and all, as a line of JSON in
//! `calls.jsonl`; and it does what the files in `faults/` say (see `faults`).

mod config;
mod database;
mod faults;
mod instances;
mod node;
mod options;
mod place;
mod service;

use std::process::ExitCode;

use options::Options;
use place::Place;

/// Why a command fails: what it prints.
type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut words = std::env::args();
    let place = Place::of(&words.next().unwrap_or_default());
    let words: Vec<String> = words.collect();
    place.record(&words);
    let Some((verb, rest)) = words.split_first() else {
        eprintln!("Usage: Octopus.Server <command> [<options>]");
        return ExitCode::FAILURE;
    };
    if let Some(faults::Told::End(status)) = faults::befall(&place, verb, rest) {
        return ExitCode::from(status);
    }
    match Options::read(verb, rest, &version(&place)).and_then(|options| run(&place, verb, &options)) {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn version(place: &Place) -> String {
    place.read("version").unwrap_or_else(|| "2025.1.10345".into()).trim().to_owned()
}

fn run(place: &Place, verb: &str, options: &Options) -> Result<String, Failed> {
    match verb {
        "version" => Ok(version(place)),
        "create-instance" => instances::create(place, options),
        "delete-instance" => instances::delete(place, options),
        "list-instances" => instances::list(place, options),
        "database" => database::database(place, options),
        "configure" => config::configure(place, options),
        "admin" | "license" | "path" => database::cluster_wide(place, verb, options),
        "node" => database::node(place, options),
        "service" => service::service(place, options),
        "run" => node::run(place, options),
        other => Err(format!("Command '{other}' is not supported").into()),
    }
}
