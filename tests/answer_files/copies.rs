//! The committed copies of what the program prints.

use std::path::Path;

use octopus_setup::model::flow::Flow;
use octopus_setup::wizard::answer_file::{schema, template};

#[test]
fn the_committed_copies_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let copies = [
        ("answers-first-node.toml", template(Flow::FirstNode)),
        ("answers-join.toml", template(Flow::Join)),
        ("answers.schema.json", schema()),
    ];
    for (name, made) in copies {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_ASSETS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &made).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            kept == made,
            "assets/{name} is not what the program prints; UPDATE_ASSETS=1 cargo test --test answer_files copies"
        );
    }
}
