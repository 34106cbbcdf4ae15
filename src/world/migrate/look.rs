//! The look at both sides, before the first byte.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::batch::Todo;
use super::content;
use super::destination::{Destination, at};
use super::folding::folding;
use super::manifest::{self, Lines};
use super::pool::{self, Ended};
use super::room::{Load, room};
use super::walk::walk;
use super::watch::{Pulse, Watch};
use super::{Look, Order};
use crate::model::migration::{Ahead, Collision, Figures, Folding, InTheWay, Item, LeftOut, Odd, Phase, Source, key};
use crate::wizard::migration::{Next, Noted, folded_together, next};
use crate::world::folder;
use crate::world::places::Places;

/// Looks at both sides. Nothing is written but the lines of the manifest that tell of files which were there already, and a probe that
/// goes again; with `only_look` not even those.
///
/// # Errors
/// The destination, or the manifest, cannot be read.
pub fn look(order: &Order, places: &Places, watch: &Arc<Watch>) -> io::Result<Look> {
    let pulse = watch.pulse();
    let looked = look_on(order, places, watch, &pulse);
    watch.forget(&pulse);
    looked
}

fn look_on(order: &Order, places: &Places, watch: &Arc<Watch>, pulse: &Pulse) -> io::Result<Look> {
    let sources = &order.sources;
    watch.begin(Phase::Walking, Figures::default());
    let disks = super::disks(sources, pulse);
    let tree = walk(sources, watch, pulse);
    let id = manifest::id(sources, places);
    let path = manifest::path(places, &id);
    let lines = manifest::read(&path, &id)?;
    let folding = told_folding(sources, &id, !order.only_look, pulse);
    watch.begin(Phase::Comparing, Figures { files: tree.files.len() as u64, bytes: 0 });
    let destination = Destination::look(sources, &tree, &id, folding, pulse)?;
    let together = folded_together(&tree, folding);
    let mut ahead = Ahead { all: tree.figures(), left_out: tree.left_out.clone(), folding, ..Ahead::default() };
    ahead.collisions.clone_from(&destination.collisions);
    if folding == Folding::Folds {
        ahead.collisions.extend(together);
    } else {
        ahead.perhaps = together;
    }
    let (mut todo, mut compare) = (Vec::new(), Vec::new());
    for item in &tree.files {
        let Some(source) = sources.get(item.source) else { continue };
        let there = destination.there(source, item.source, &item.path)?;
        let figures = Figures { files: 1, bytes: item.stamp.size };
        match next(item, there, lines.get(&key(source.folder, &item.path))) {
            Next::Copy => todo.push(Todo { item: item.clone(), over: None }),
            Next::CopyAnew(ours) => todo.push(Todo { item: item.clone(), over: Some(ours) }),
            Next::Done => ahead.there = ahead.there + figures,
            Next::Compare => compare.push(item.clone()),
            Next::Collides(way) => ahead.collisions.push(Collision { source: item.source, path: item.path.clone(), way }),
        }
    }
    let noted = compared(order, compare, watch, &mut ahead);
    ahead.copy = todo.iter().map(|todo| Figures { files: 1, bytes: todo.item.stamp.size }).sum();
    ahead.gone = gone(&lines, &tree.files, sources);
    ahead.resumes = !lines.is_empty() && ahead.copy.files > 0;
    ahead.room = room(&loads(sources, &todo, &destination));
    let untouched = ahead.collisions.iter().map(|collision| (collision.source, collision.path.clone()));
    let untouched = untouched.chain(ahead.left_out.iter().map(|left| (left.source, left.path.clone()))).collect();
    let Destination { new_folders, parts, .. } = destination;
    Ok(Look { ahead, id, path, todo, noted, lines, new_folders, parts, untouched, disks })
}

/// Whether any of the destinations folds; where none tells, nobody knows.
fn told_folding(sources: &[Source], id: &str, may_write: bool, pulse: &Pulse) -> Folding {
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

/// Reads both sides of what has the same size, and notes what is the same.
fn compared(order: &Order, compare: Vec<Item>, watch: &Arc<Watch>, ahead: &mut Ahead) -> String {
    let all: Figures = compare.iter().map(|item| Figures { files: 1, bytes: item.stamp.size }).sum();
    watch.begin(Phase::Comparing, all);
    let sources = order.sources.clone();
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
    pool::run(watch, order.jobs, compare, work, |place, ended| {
        let Some(item) = items.get(place) else { return };
        let Some(source) = sources.get(item.source) else { return };
        let unreadable =
            |said: String| LeftOut { source: item.source, path: item.path.clone(), why: Odd::Unreadable(said.into()) };
        match ended {
            Ended::Done(Some((Ok((stamp, digest)), Ok((_, there))))) if digest == there => {
                lines.push_str(&Noted { stamp, digest }.line(&key(source.folder, &item.path)));
                ahead.there = ahead.there + Figures { files: 1, bytes: stamp.size };
            }
            Ended::Done(Some((Ok(_), Ok(_)))) => {
                let way = InTheWay::OtherContent;
                ahead.collisions.push(Collision { source: item.source, path: item.path.clone(), way });
            }
            Ended::Done(Some((Err(why), _) | (_, Err(why)))) => ahead.left_out.push(unreadable(match why {
                crate::model::migration::Trouble::Refused { said, .. } => said.to_string(),
                _ => "it changed while it was compared".to_owned(),
            })),
            Ended::Hung(_) => ahead.left_out.push(unreadable("an operation did not come to an end".to_owned())),
            Ended::Done(None) | Ended::NotBegun => {}
        }
    });
    lines
}

/// How many of the files that were copied are in the sources no more.
fn gone(lines: &Lines, files: &[Item], sources: &[Source]) -> u64 {
    let keys: HashSet<String> = files.iter().filter_map(|item| Some(key(sources.get(item.source)?.folder, &item.path))).collect();
    lines.keys().filter(|key| !key.ends_with('/') && !keys.contains(*key)).count() as u64
}

fn loads(sources: &[Source], todo: &[Todo], destination: &Destination) -> Vec<(PathBuf, Load)> {
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
