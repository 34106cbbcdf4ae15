//! The module graph: no cycles among the top-level modules, the engine's, and those inside `engine::bind` and `engine::run`. An
//! edge is an import, or a call of a method that another module adds to a shared type.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A module's path below the crate: `["engine", "bind"]`.
type Module = Vec<String>;

/// Reads every module's source, without comments and without its unit tests.
fn modules() -> BTreeMap<Module, String> {
    fn walk(folder: &Path, path: &[String], into: &mut BTreeMap<Module, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            let below = || [path, std::slice::from_ref(&name)].concat();
            if file.is_dir() {
                walk(&file, &below(), into);
            } else if file.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&file).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
                into.insert(if name == "mod" || name == "lib" { path.to_vec() } else { below() }, code);
            }
        }
    }
    let mut all = BTreeMap::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &[], &mut all);
    all
}

/// Expands `a::{b, c::{d, e}}` to `a::b`, `a::c::d`, `a::c::e`.
fn expanded(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().to_owned()];
    };
    let inner = rest.trim_end().strip_suffix('}').unwrap_or(rest);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for char in inner.chars() {
        depth += i32::from(char == '{') - i32::from(char == '}');
        if char == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(char);
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| expanded(part)).map(|part| format!("{head}{part}")).collect()
}

/// Finds every path in the code that begins with `crate`, `super` or `self`, as written.
fn written_paths(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|char| char.is_alphanumeric() || char == '_' || char == ':') {
                continue;
            }
            let is_use = code[..at].ends_with("use ");
            let end = if is_use {
                code[at..].find(';')
            } else {
                code[at..].find(|char: char| !char.is_alphanumeric() && char != '_' && char != ':')
            };
            found.extend(expanded(&code[at..at + end.unwrap_or(code.len() - at)]));
        }
    }
    found
}

/// The absolute path of a written one.
fn absolute(module: &[String], path: &str) -> Module {
    let mut absolute = module.to_vec();
    for part in path.split("::").map(str::trim).filter(|part| !part.is_empty()) {
        match part {
            "crate" => absolute.clear(),
            "self" => {}
            "super" => {
                absolute.pop();
            }
            name => absolute.push(name.to_owned()),
        }
    }
    absolute
}

/// Finds the methods that the code adds to types it does not define, or defines for others to add to.
fn methods(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut shared = false;
    for line in code.lines() {
        if line.starts_with("impl") {
            shared = ["Binder", "Execution", "Session"].iter().any(|name| line.starts_with(&format!("impl {name}")))
                || line.starts_with("impl<'a> Binder");
        } else if line.starts_with('}') {
            shared = false;
        } else if let Some((before, name)) = line.split_once("fn ")
            && shared
            && before.starts_with("    ")
            && !before.starts_with("     ")
        {
            found.insert(name.split(['(', '<']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

/// Finds the methods that the code calls on the shared types.
fn method_calls(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for receiver in ["self.", "binder.", "session.", "run.", "Self::"] {
        for (at, _) in code.match_indices(receiver) {
            let rest = &code[at + receiver.len()..];
            let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
            if rest[end..].starts_with('(') {
                found.insert(rest[..end].to_owned());
            }
        }
    }
    found
}

/// The edges between the modules directly below `root`. The root itself is a node too, because importing what it re-exports
/// depends on all of them.
fn edges(root: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let modules = modules();
    let root: Module = root.iter().map(|part| (*part).to_owned()).collect();
    let node = |path: &[String]| -> Option<String> {
        let below = path.strip_prefix(root.as_slice())?;
        let first = below.first().filter(|first| modules.contains_key(&[root.as_slice(), std::slice::from_ref(*first)].concat()));
        Some(first.cloned().unwrap_or_else(|| "(the root)".to_owned()))
    };
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let methods: Vec<(String, BTreeSet<String>)> =
        modules.iter().filter_map(|(module, code)| Some((node(module)?, methods(code)))).collect();
    for (module, code) in &modules {
        let Some(from) = node(module) else { continue };
        let own = |name: &String| methods.iter().any(|(node, names)| *node == from && names.contains(name));
        // Only bind and run spread the methods of a type over modules.
        let calls = if root.len() == 2 { method_calls(code) } else { BTreeSet::new() };
        for name in calls.iter().filter(|name| !own(name)) {
            for (to, _) in methods.iter().filter(|(_, names)| names.contains(name)) {
                graph.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        for path in written_paths(code) {
            let target = absolute(module, &path);
            if let Some(to) = node(&target).filter(|to| *to != from) {
                graph.entry(from.clone()).or_default().insert(to);
            }
        }
        if module.len() > root.len() {
            // The root declares each of its modules.
            graph.entry("(the root)".to_owned()).or_default().insert(from);
        }
    }
    graph
}

/// Finds a cycle, as the modules in it.
fn cycle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit<'g>(
        node: &'g str,
        graph: &'g BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<&'g str>,
        done: &mut BTreeSet<&'g str>,
    ) -> Option<Vec<String>> {
        if let Some(at) = path.iter().position(|other| *other == node) {
            return Some(path[at..].iter().map(|name| (*name).to_owned()).collect());
        }
        if done.contains(node) {
            return None;
        }
        path.push(node);
        let found = graph.get(node).into_iter().flatten().find_map(|next| visit(next, graph, path, done));
        path.pop();
        done.insert(node);
        found
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|node| visit(node, graph, &mut Vec::new(), &mut done))
}

#[test]
fn the_top_level_has_no_cycles() {
    let graph = edges(&[]);
    assert!(graph.len() > 8, "the modules were not found: {graph:?}");
    assert!(graph["server"].contains("engine"), "{graph:?}");
    assert_eq!(cycle(&graph), None);
}

#[test]
fn the_engine_has_no_cycles() {
    let graph = edges(&["engine"]);
    assert!(graph["bind"].contains("function") && graph["run"].contains("bind"), "{graph:?}");
    assert_eq!(cycle(&graph), None);
}

#[test]
fn binding_has_no_cycles() {
    let graph = edges(&["engine", "bind"]);
    assert!(graph.len() > 3, "the modules were not found: {graph:?}");
    assert_eq!(cycle(&graph), None);
}

#[test]
fn running_has_no_cycles() {
    let graph = edges(&["engine", "run"]);
    assert!(graph.len() > 5, "the modules were not found: {graph:?}");
    assert_eq!(cycle(&graph), None);
}

#[test]
fn a_method_of_another_module_is_an_edge() {
    let code = "impl Binder<'_> {\n    pub(super) fn arithmetic(&self) {\n        self.expr(left);\n    }\n}\n";
    assert_eq!(methods(code), ["arithmetic".to_owned()].into());
    assert_eq!(method_calls(code), ["expr".to_owned()].into());
}

#[test]
fn a_cycle_is_found() {
    let graph = |edges: &[(&str, &str)]| {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in edges {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(cycle(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    assert_eq!(cycle(&graph(&[("a", "b"), ("b", "c"), ("c", "b")])), Some(vec!["b".to_owned(), "c".to_owned()]));
    assert_eq!(expanded("super::{a, b::{c, d as e}}"), ["super::a", "super::b::c", "super::b::d"]);
    assert_eq!(absolute(&["engine".to_owned(), "run".to_owned()], "super::bind::Binder"), ["engine", "bind", "Binder"]);
}

#[test]
fn no_file_outgrows_its_noun() {
    fn walk(folder: &Path, long: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                walk(&file, long);
            } else if fs::read_to_string(&file).unwrap().lines().count() > 800 {
                long.push(file.display().to_string());
            }
        }
    }
    let mut long = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut long);
    assert!(long.is_empty(), "files over 800 lines: {long:?}");
}
