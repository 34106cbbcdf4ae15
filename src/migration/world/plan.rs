//! Inspects both sides before the first byte is copied.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::batch::Todo;
use super::destination::{Destination, Load, at, folding, room};
use super::manifest::{self, Records};
use super::pool::{self, ItemOutcome};
use super::walk::walk;
use super::watch::{Pulse, Watch};
use super::{CopyPlan, Migration, content};
use crate::migration::judge::{FileAction, ProgressRecord, decide, folded_together};
use crate::migration::model::{
    Collision, CopyPhase, CopySource, Figures, Folding, InTheWay, Item, Preview, SkipReason, SkippedEntry, key,
};
use crate::world::folder;
use crate::world::places::Places;

/// Inspects both sides. Writes nothing but a probe file, which it removes, and with `dry_run` not even that.
///
/// # Errors
/// The destination, or the manifest, cannot be read.
pub fn plan(migration: &Migration, places: &Places, watch: &Arc<Watch>) -> io::Result<CopyPlan> {
    let pulse = watch.pulse();
    let planned = plan_on(migration, places, watch, &pulse);
    watch.forget(&pulse);
    planned
}

fn plan_on(migration: &Migration, places: &Places, watch: &Arc<Watch>, pulse: &Pulse) -> io::Result<CopyPlan> {
    let sources = &migration.sources;
    watch.begin(CopyPhase::Walking, Figures::default());
    let disks = super::disks(sources, pulse);
    let tree = walk(sources, watch, pulse);
    let id = manifest::id(sources, places);
    let path = manifest::path(places, &id);
    let lines = manifest::read(&path, &id)?;
    let folding = told_folding(sources, &id, !migration.dry_run, pulse);
    watch.begin(CopyPhase::Comparing, Figures { files: tree.files.len() as u64, bytes: 0 });
    let destination = Destination::look(sources, &tree, &id, folding, pulse)?;
    let together = folded_together(&tree, folding);
    let mut preview = Preview { all: tree.figures(), left_out: tree.left_out.clone(), folding, ..Preview::default() };
    preview.collisions.clone_from(&destination.collisions);
    if folding == Folding::Folds {
        preview.collisions.extend(together);
    } else {
        preview.perhaps = together;
    }
    let (mut todo, mut compare) = (Vec::new(), Vec::new());
    for item in &tree.files {
        let Some(source) = sources.get(item.source) else { continue };
        let there = destination.there(source, item.source, &item.path)?;
        let figures = Figures { files: 1, bytes: item.stamp.size };
        match decide(item, there, lines.get(&key(source.folder, &item.path))) {
            FileAction::Copy => todo.push(Todo { item: item.clone(), over: None }),
            FileAction::CopyAnew(ours) => todo.push(Todo { item: item.clone(), over: Some(ours) }),
            FileAction::Done => preview.existing = preview.existing + figures,
            FileAction::Compare => compare.push(item.clone()),
            FileAction::Collides(way) => preview.collisions.push(Collision { source: item.source, path: item.path.clone(), way }),
        }
    }
    let record = compared(migration, compare, watch, &mut preview);
    preview.copy = todo.iter().map(|todo| Figures { files: 1, bytes: todo.item.stamp.size }).sum();
    preview.gone = gone(&lines, &tree.files, sources);
    preview.resumes = !lines.is_empty() && preview.copy.files > 0;
    preview.room = room(&loads(sources, &todo, &destination));
    let untouched = preview.collisions.iter().map(|collision| (collision.source, collision.path.clone()));
    let untouched = untouched.chain(preview.left_out.iter().map(|left| (left.source, left.path.clone()))).collect();
    let Destination { new_folders, parts, .. } = destination;
    Ok(CopyPlan { preview, id, path, todo, record, lines, new_folders, parts, untouched, disks })
}

/// Returns whether any of the destinations folds case.
fn told_folding(sources: &[CopySource], id: &str, may_write: bool, pulse: &Pulse) -> Folding {
    let at: HashSet<PathBuf> = sources.iter().filter_map(|source| folder::nearest(&source.to).map(PathBuf::from)).collect();
    let mut told = Folding::Keeps;
    for folder in at {
        pulse.begin(&folder);
        match folding(&folder, id, may_write) {
            Folding::Folds => return Folding::Folds,
            Folding::Unknown => told = Folding::Unknown,
            Folding::Keeps => {}
        }
    }
    told
}

/// Compares files of the same size, and returns manifest lines for equal ones.
fn compared(migration: &Migration, compare: Vec<Item>, watch: &Arc<Watch>, preview: &mut Preview) -> String {
    let all: Figures = compare.iter().map(|item| Figures { files: 1, bytes: item.stamp.size }).sum();
    watch.begin(CopyPhase::Comparing, all);
    let sources = migration.sources.clone();
    let (both, mine) = (sources.clone(), watch.clone());
    let work = move |pulse: &Pulse, item: Item| {
        let mut buffer = content::buffer();
        let source = both.get(item.source)?;
        let from = content::digest_of(&at(&source.from, &item.path), false, &mut buffer, &mine, pulse);
        let to = content::digest_of(&at(&source.to, &item.path), false, &mut buffer, &mine, pulse);
        mine.file();
        Some((from, to))
    };
    let items = compare.clone();
    let mut lines = String::new();
    pool::run(watch, migration.jobs, compare, work, |place, ended| {
        let Some(item) = items.get(place) else { return };
        let Some(source) = sources.get(item.source) else { return };
        let unreadable = |said: String| SkippedEntry {
            source: item.source,
            path: item.path.clone(),
            why: SkipReason::Unreadable(said.into()),
        };
        match ended {
            ItemOutcome::Done(Some((Ok((stamp, digest)), Ok((_, there))))) if digest == there => {
                lines.push_str(&ProgressRecord { stamp, digest }.line(&key(source.folder, &item.path)));
                preview.existing = preview.existing + Figures { files: 1, bytes: stamp.size };
            }
            ItemOutcome::Done(Some((Ok(_), Ok(_)))) => {
                let way = InTheWay::OtherContent;
                preview.collisions.push(Collision { source: item.source, path: item.path.clone(), way });
            }
            ItemOutcome::Done(Some((Err(why), _) | (_, Err(why)))) => preview.left_out.push(unreadable(match why {
                crate::migration::model::CopyFailure::Refused { said, .. } => said.to_string(),
                _ => "it changed while it was compared".to_owned(),
            })),
            ItemOutcome::Hung(_) => preview.left_out.push(unreadable("an operation did not come to an end".to_owned())),
            ItemOutcome::Done(None) | ItemOutcome::NotBegun => {}
        }
    });
    lines
}

/// Counts the copied files that are no longer in the sources.
fn gone(lines: &Records, files: &[Item], sources: &[CopySource]) -> u64 {
    let keys: HashSet<String> = files.iter().filter_map(|item| Some(key(sources.get(item.source)?.folder, &item.path))).collect();
    lines.keys().filter(|key| !key.ends_with('/') && !keys.contains(*key)).count() as u64
}

fn loads(sources: &[CopySource], todo: &[Todo], destination: &Destination) -> Vec<(PathBuf, Load)> {
    let mut loads: HashMap<usize, Load> = HashMap::new();
    for todo in todo {
        loads.entry(todo.item.source).or_default().sizes.push(todo.item.stamp.size);
    }
    for (source, _) in &destination.new_folders {
        loads.entry(*source).or_default().folders += 1;
    }
    let mut loads: Vec<_> = loads.into_iter().collect();
    loads.sort_by_key(|(source, _)| *source);
    loads.into_iter().filter_map(|(source, load)| Some((sources.get(source)?.to.clone(), load))).collect()
}
