//! `docs/two-nodes.sh`: answer files, nobody there.

use super::{run, told};

const SCRIPT: &str = "docs/two-nodes.sh";

#[test]
fn the_script_of_the_readme_builds_a_cluster_of_two() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(SCRIPT, folder.path());
    // The review at its end may warn on a busy machine: of a round trip that took long.
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("Nodes of the cluster: 2"), "{}", told(&output));
    assert!(out.contains("web01") && out.contains("web02"), "{}", told(&output));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().starts_with("two-nodes.")),
        "the script leaves nothing behind: {left:?}"
    );
}

#[test]
fn the_readme_shows_the_script_that_is_run() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = std::fs::read_to_string(root.join(SCRIPT)).unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    assert!(readme.contains(&format!("```sh\n{script}```")), "README.md does not show {SCRIPT} as it is");
}
