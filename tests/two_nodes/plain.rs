//! `docs/two-nodes-plain.sh`: the same cluster by questions, answered from a pipe.

use super::builds_two_nodes;

#[test]
fn the_transcript_of_the_plain_face_builds_a_cluster_of_two() {
    let out = builds_two_nodes("docs/two-nodes-plain.sh");
    assert_eq!(out.matches(" is configured.").count(), 2, "{out}");
    assert!(!out.contains("Type a number") && !out.contains('\u{1b}'), "every answer is taken at once: {out}");
}
