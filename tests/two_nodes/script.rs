//! `docs/two-nodes.sh`: answer files, nobody there.

use super::builds_two_nodes;

const SCRIPT: &str = "docs/two-nodes.sh";

#[test]
fn the_script_of_the_readme_builds_a_cluster_of_two() {
    let out = builds_two_nodes(SCRIPT);
    assert_eq!(out.matches("\nDone.\n").count(), 2, "{out}");
}

#[test]
fn the_readme_shows_the_script_that_is_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = std::fs::read_to_string(root.join(SCRIPT)).unwrap();
    let page = std::fs::read_to_string(root.join("docs/unattended.md")).unwrap();
    assert!(page.contains(&format!("```sh\n{script}```")), "docs/unattended.md does not show {SCRIPT} as it is");
}
