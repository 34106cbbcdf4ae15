//! Scripts that run Octopus Server's own command line, in bash and PowerShell.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use askama::Template;
use askama::filters::{Escaper, Safe};
use zeroize::Zeroizing;

use crate::model::quote;
use crate::model::secret::SecretString;
use crate::model::target::Trust;
use crate::model::untrusted::Untrusted;

use super::octopus::{OctopusCommand, SecretForm, WordPart, commands};
use super::{ClearSecrets, Secret, Secrets, Setup, Shell, Unrenderable, comment};

/// The escaper of `.sh` templates: a value comes out as one quoted word.
#[derive(Debug, Clone, Copy)]
pub struct BashWord;

impl Escaper for BashWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.contains('\0') {
            return Err(fmt::Error);
        }
        quote::write_bash(&mut dest, text)
    }
}

/// The escaper of `.ps1` templates: a value comes out as one expression in ASCII.
#[derive(Debug, Clone, Copy)]
pub struct PowerShellWord;

impl Escaper for PowerShellWord {
    fn write_escaped_str<W: fmt::Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        if text.contains('\0') {
            return Err(fmt::Error);
        }
        quote::write_powershell_ascii(&mut dest, text)
    }
}

/// The script of a node, its secrets as references to the environment.
pub fn by_reference(setup: &Setup<'_>, shell: Shell) -> Result<String, Unrenderable> {
    write(setup, shell, Secrets::ByReference).map(|text| text.to_string())
}

/// The script of a node with its secrets in it. One that is not there stays a reference.
pub fn in_clear(setup: &Setup<'_>, shell: Shell, clear: &ClearSecrets) -> Result<SecretString, Unrenderable> {
    write(setup, shell, Secrets::InClear(clear)).map(|text| SecretString::from(text.as_str()))
}

/// One command in one line for a shell, its secrets as references to the environment.
pub fn command_line(command: &OctopusCommand, program: &Path, shell: Shell) -> Result<String, Unrenderable> {
    let mut words = Vec::new();
    let escape = |text: &str| -> Result<String, Unrenderable> {
        let mut word = String::new();
        match shell {
            Shell::Bash => BashWord.write_escaped_str(&mut word, text),
            Shell::PowerShell => PowerShellWord.write_escaped_str(&mut word, text),
        }
        .map_err(|_| Unrenderable)?;
        Ok(word)
    };
    // bash takes the quote that is doubled from a variable, see `reference`.
    let mut pieces = command.options.iter().filter_map(|option| option.value.as_ref()).flat_map(|word| &word.0);
    let doubles = pieces.any(|piece| matches!(piece, WordPart::Secret(_, SecretForm::Doubled)));
    let environment = command.environment.map(|(name, secret)| (name, reference(secret, SecretForm::Plain, shell)));
    match shell {
        Shell::Bash => {
            words.extend(doubles.then(|| "quote='\"';".to_owned()));
            words.extend(environment.map(|(name, value)| format!("{name}={value}")));
        }
        Shell::PowerShell => {
            words.extend(environment.map(|(name, value)| format!("$env:{name} = {value};")));
            words.push("&".to_owned());
        }
    }
    words.push(escape(&program.to_string_lossy())?);
    words.push(command.verb.id().to_owned());
    for option in &command.options {
        words.push(option.flag.id().to_owned());
        let Some(word) = &option.value else { continue };
        let pieces = word.0.iter().map(|piece| match piece {
            WordPart::Text(text) => escape(text),
            WordPart::Secret(secret, form) => Ok(reference(*secret, *form, shell)),
        });
        let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
        words.push(match shell {
            Shell::PowerShell if pieces.len() > 1 => format!("({})", pieces.join(" + ")),
            Shell::Bash | Shell::PowerShell => pieces.concat(),
        });
    }
    Ok(words.join(" "))
}

#[derive(Template)]
#[template(path = "node.sh", config = "assets/askama.toml")]
struct BashScript {
    head: Vec<Safe<String>>,
    /// The names of all variables that hold secrets, which Octopus Server does not need.
    secrets: Safe<String>,
    needed: Safe<String>,
    /// Whether the node is started, and asked until it answers.
    awaits: bool,
    commands: Vec<TemplateCommand>,
}

#[derive(Template)]
#[template(path = "node.ps1", config = "assets/askama.toml")]
struct PowerShellScript {
    head: Vec<Safe<String>>,
    secrets: Safe<String>,
    needed: Safe<String>,
    awaits: bool,
    commands: Vec<TemplateCommand>,
}

/// A command as the templates take it: our own words stand as they are, answers go through the escaper.
struct TemplateCommand {
    why: Safe<&'static str>,
    verb: Safe<&'static str>,
    environment: Option<(Safe<&'static str>, TemplatePart)>,
    options: Vec<TemplateOption>,
    /// The URL to ask until the node answers, and the address on this machine to connect to.
    awaits: Option<(String, String)>,
}

struct TemplateOption {
    flag: Safe<&'static str>,
    value: Option<Vec<TemplatePart>>,
}

/// A part of a word.
enum TemplatePart {
    /// Text, which the template's escaper quotes.
    Text(Zeroizing<String>),
    /// An expression of the shell's language, made of our own words only.
    Expression(Safe<String>),
}

fn write(setup: &Setup<'_>, shell: Shell, secrets: Secrets<'_>) -> Result<Zeroizing<String>, Unrenderable> {
    let commands = commands(setup)?;
    let needed = needed_secrets(&commands, secrets);
    let ascii = shell == Shell::PowerShell;
    let head = head_lines(setup, shell, &needed, secrets).iter().map(|line| comment(line, ascii)).collect();
    let (all, needed) = (variable_names(&Secret::ALL, shell), variable_names(&needed, shell));
    let awaits = commands.iter().any(|command| command.awaits.is_some());
    let commands = commands.iter().map(|command| template_command(command, secrets, shell)).collect();
    let mut text = Zeroizing::new(String::with_capacity(32 * 1024));
    match shell {
        Shell::Bash => BashScript { head, secrets: all, needed, awaits, commands }.render_into(&mut *text),
        Shell::PowerShell => PowerShellScript { head, secrets: all, needed, awaits, commands }.render_into(&mut *text),
    }
    .map_err(|_| Unrenderable)?;
    Ok(text)
}

/// Returns the secrets that have to be in the environment when the script runs.
fn needed_secrets(commands: &[OctopusCommand], secrets: Secrets<'_>) -> Vec<Secret> {
    let mut needed: Vec<Secret> = commands.iter().flat_map(OctopusCommand::secrets).collect();
    needed.sort_by_key(|secret| *secret);
    needed.dedup();
    needed.retain(|secret| secrets.text(*secret).is_none());
    needed
}

/// Returns the names of the secrets' variables: words in bash, elements of an array in PowerShell.
fn variable_names(secrets: &[Secret], shell: Shell) -> Safe<String> {
    let names = secrets.iter().map(|secret| secret.variable());
    Safe(match shell {
        Shell::Bash => names.collect::<Vec<_>>().join(" "),
        Shell::PowerShell => names.map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "),
    })
}

/// Returns a secret of the environment as part of a word.
fn reference(secret: Secret, form: SecretForm, shell: Shell) -> String {
    let name = secret.variable();
    match (shell, form) {
        (Shell::Bash, SecretForm::Plain) => format!("\"${name}\""),
        // The quote is in a variable, since versions of bash disagree on how one is written within this.
        (Shell::Bash, SecretForm::Doubled) => format!("\"${{{name}//$quote/$quote$quote}}\""),
        (Shell::PowerShell, SecretForm::Plain) => format!("$env:{name}"),
        (Shell::PowerShell, SecretForm::Doubled) => format!("$env:{name}.Replace('\"', '\"\"')"),
    }
}

fn template_command(command: &OctopusCommand, secrets: Secrets<'_>, shell: Shell) -> TemplateCommand {
    let OctopusCommand { step: _, verb, options, environment, why, awaits } = command;
    let part = |part: &WordPart| match part {
        WordPart::Text(text) => TemplatePart::Text(Zeroizing::new(text.clone())),
        WordPart::Secret(secret, form) => secret_part(*secret, *form, secrets, shell),
    };
    let options = options.iter().map(|option| TemplateOption {
        flag: Safe(option.flag.id()),
        value: option.value.as_ref().map(|word| word.0.iter().map(part).collect()),
    });
    TemplateCommand {
        why: Safe(why),
        verb: Safe(verb.id()),
        environment: environment.map(|(name, secret)| (Safe(name), secret_part(secret, SecretForm::Plain, secrets, shell))),
        options: options.collect(),
        awaits: awaits.as_ref().map(|at| (at.url(), host_in_url(at.dial))),
    }
}

/// Returns an address in the form that a colon and a port can follow.
fn host_in_url(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

fn secret_part(secret: Secret, form: SecretForm, secrets: Secrets<'_>, shell: Shell) -> TemplatePart {
    let Some(text) = secrets.text(secret) else { return TemplatePart::Expression(Safe(reference(secret, form, shell))) };
    // It never moves, so that it leaves no copy behind.
    let mut whole = Zeroizing::new(String::with_capacity(2 * text.len()));
    match form {
        SecretForm::Plain => whole.push_str(text),
        SecretForm::Doubled => quote::push_doubled(&mut whole, text, '"'),
    }
    TemplatePart::Text(whole)
}

/// The head of a script without comment signs, for windows of 80 columns. Names come from answers, so they are cleaned: a
/// line break in one would begin a command.
fn head_lines(setup: &Setup<'_>, shell: Shell, needed: &[Secret], secrets: Secrets<'_>) -> Vec<String> {
    let node = setup.node;
    let (name, instance) = (Untrusted::new(&node.name), Untrusted::new(&node.instance));
    let mut head_lines = vec![
        format!("Sets up node {name} (instance {instance}) by Octopus Server's commands."),
        if setup.is_first() {
            "It is the first node of its cluster: run it once, on that machine only.".to_owned()
        } else {
            "It is a further node: nothing here changes what the other nodes use.".to_owned()
        },
        format!("Written by octopus-setup {}.", env!("CARGO_PKG_VERSION")),
        String::new(),
    ];
    if !needed.is_empty() {
        head_lines.push(format!("Set these environment variables first ({}):", shell.sets_a_variable()));
        for secret in needed {
            let whose = match (secret, setup.fingerprint) {
                (Secret::MasterKey, Some(fingerprint)) => format!("the master key, fingerprint {fingerprint}"),
                _ => secret.noun().to_owned(),
            };
            head_lines.push(format!("  {:<32}{whose}", secret.variable()));
        }
        head_lines.push(String::new());
    }
    if matches!(secrets, Secrets::InClear(_)) {
        head_lines.push("SECRETS STAND IN THIS FILE IN THE CLEAR. Keep it to yourself, and delete".into());
        head_lines.push("it when it has done its work.".into());
        head_lines.push(String::new());
    }
    head_lines.push("Octopus Server takes the connection string, the master key and the password".into());
    head_lines.push("of an administrator on its command line and nowhere else: while a command".into());
    head_lines.push("runs, anyone who may list the processes of this machine can read them.".into());
    match node.target.trust {
        Trust::SystemRoots | Trust::Nothing => {}
        Trust::CaFile(_) => {
            head_lines.push("Octopus Server knows no CA file of its own: the CA has to be among those".into());
            head_lines.push("that this machine trusts.".into());
        }
        Trust::Fingerprint(_) => {
            head_lines.push("Octopus Server cannot pin a certificate: with this connection string it".into());
            head_lines.push("trusts whichever it is shown.".into());
        }
    }
    head_lines
}
