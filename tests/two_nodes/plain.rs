//! `docs/two-nodes-plain.sh`: the same cluster by questions, answered from a pipe.

use super::builds_two_nodes;

#[test]
fn the_transcript_of_the_plain_face_builds_a_cluster_of_two() {
    let out = builds_two_nodes("docs/two-nodes-plain.sh");
    let configured = out.lines().filter(|line| line.starts_with("Node web0") && line.ends_with(" is configured.")).count();
    assert_eq!(configured, 2, "{out}");
    assert!(!out.contains("Type a number") && !out.contains('\u{1b}'), "every answer is taken at once: {out}");
}
