//! Commands as the templates take them: what is ours stands there as it is, what was answered goes through the escaper.

use std::net::IpAddr;

use askama::filters::Safe;
use zeroize::Zeroizing;

use super::super::octopus::{Command, Form, Piece};
use super::super::{Secret, Secrets};
use crate::model::quote;

/// A part of a word.
pub(super) enum Shard {
    /// Text, which the template's escaper quotes.
    Text(Zeroizing<String>),
    /// An expression of the language, made of nothing but our own words.
    Expression(Safe<String>),
}

/// An option.
pub(super) struct ShownOption {
    pub(super) flag: Safe<&'static str>,
    pub(super) value: Option<Vec<Shard>>,
}

/// A command.
pub(super) struct Shown {
    pub(super) why: Safe<&'static str>,
    pub(super) verb: Safe<&'static str>,
    pub(super) environment: Option<(Safe<&'static str>, Shard)>,
    pub(super) options: Vec<ShownOption>,
    /// The URL to ask until the node is in, and the address on this machine to connect to.
    pub(super) awaits: Option<(String, String)>,
}

/// How a language refers to a secret in the environment.
pub(super) type Refers = fn(Secret, Form) -> String;

/// The commands, with their secrets as they are to stand there.
pub(super) fn all(commands: &[Command], secrets: Secrets<'_>, refers: Refers) -> Vec<Shown> {
    commands.iter().map(|command| one(command, secrets, refers)).collect()
}

fn one(command: &Command, secrets: Secrets<'_>, refers: Refers) -> Shown {
    let Command { step: _, verb, options, environment, why, awaits } = command;
    let value = |pieces: &[Piece]| {
        let shard = |piece: &Piece| match piece {
            Piece::Text(text) => Shard::Text(Zeroizing::new(text.clone())),
            Piece::Secret(secret, form) => referred(*secret, *form, secrets, refers),
        };
        pieces.iter().map(shard).collect()
    };
    let options = options
        .iter()
        .map(|option| ShownOption { flag: Safe(option.flag.id()), value: option.value.as_ref().map(|word| value(&word.0)) });
    Shown {
        why: Safe(why),
        verb: Safe(verb.id()),
        environment: environment.map(|(name, secret)| (Safe(name), referred(secret, Form::Plain, secrets, refers))),
        options: options.collect(),
        awaits: awaits.as_ref().map(|at| (at.url(), dialled(at.dial))),
    }
}

/// An address as it stands before a colon and a port.
fn dialled(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

fn referred(secret: Secret, form: Form, secrets: Secrets<'_>, refers: Refers) -> Shard {
    match secrets.text(secret) {
        None => Shard::Expression(Safe(refers(secret, form))),
        Some(text) => {
            // It never moves, so that it leaves no copy behind.
            let mut whole = Zeroizing::new(String::with_capacity(2 * text.len()));
            match form {
                Form::Plain => whole.push_str(text),
                Form::Doubled => quote::push_doubled(&mut whole, text, '"'),
            }
            Shard::Text(whole)
        }
    }
}
