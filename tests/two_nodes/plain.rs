//! `docs/two-nodes-plain.sh`: the same cluster by questions, answered from a pipe.

use super::{run, told};

const SCRIPT: &str = "docs/two-nodes-plain.sh";

#[test]
fn the_transcript_of_the_plain_face_builds_a_cluster_of_two() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(SCRIPT, folder.path());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(out.contains("Nodes of the cluster: 2"), "{}", told(&output));
    assert!(out.contains("web01") && out.contains("web02"), "{}", told(&output));
    assert_eq!(out.matches(" is configured.").count(), 2, "{}", told(&output));
    assert!(!out.contains("Type a number") && !out.contains('\u{1b}'), "every answer is taken at once: {}", told(&output));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().starts_with("two-nodes.")),
        "the script leaves nothing behind: {left:?}"
    );
}
