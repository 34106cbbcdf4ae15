//! What a first node runs once for the whole cluster: an administrator, the licence, and the folders that all nodes share.

use std::iter;

use super::super::{Secret, Setup};
use super::commands::setting;
use super::{Command, Flag, Opt, Verb};
use crate::catalog::settings::{self, Group};
use crate::model::plan::StepKind;

/// The commands, in their order; none for a node that joins.
pub(super) fn commands(setup: &Setup<'_>) -> Vec<Command> {
    if !setup.is_first() {
        return Vec::new();
    }
    [admin(setup), license(setup), path(setup)].into_iter().flatten().collect()
}

fn admin(setup: &Setup<'_>) -> Option<Command> {
    let administrator = setup.node.administrator.as_ref()?;
    let mut options = vec![instance(setup), Opt::text(Flag::Username, administrator.user.clone())];
    if !administrator.email.is_empty() {
        options.push(Opt::text(Flag::Email, administrator.email.clone()));
    }
    options.push(Opt::secret(Flag::Password, Secret::AdminPassword));
    let why = "Make the first administrator, once for the whole cluster.";
    Some(Command::plain(StepKind::OctopusAdmin, Verb::Admin, options, why))
}

fn license(setup: &Setup<'_>) -> Option<Command> {
    let options = vec![instance(setup), Opt::secret(Flag::LicenseBase64, Secret::Licence)];
    let why = "Hand the licence over, once for the whole cluster.";
    setup.node.licensed.then(|| Command::plain(StepKind::OctopusLicence, Verb::License, options, why))
}

/// One root gets the folders that later versions share too; a folder that was set by itself stays where it is then.
fn path(setup: &Setup<'_>) -> Option<Command> {
    if setup.node.storage.is_none() {
        return None;
    }
    let rows = settings::all().filter(|row| row.group == Group::Storage);
    let options = iter::once(instance(setup)).chain(rows.filter_map(|row| setting(row, setup.node))).collect();
    let why = "Where all nodes find what they share, once for the whole cluster.";
    Some(Command::plain(StepKind::OctopusPaths, Verb::Path, options, why))
}

fn instance(setup: &Setup<'_>) -> Opt {
    Opt::text(Flag::Instance, setup.node.instance.clone())
}
