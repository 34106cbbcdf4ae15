//! The faces, and that they agree.

use octopus_setup::model::answers::{Answers, Origin, Raw};
use octopus_setup::model::field::FieldId;

use crate::case::Case;
use crate::outcome::Outcome;
use crate::scenes::Scene;
use crate::tui;

/// A face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Tui,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 1] = [Self::Tui];
}

/// Runs a case through every face; what is wrong, each with its place.
pub async fn agree(scene: &Scene, case: &Case) -> Vec<String> {
    let masks = scene.masks();
    let given = given(scene, &masks.fill(&case.text));
    let outcome = tui::outcome(scene.world(case), &given, case).await;
    let text = masks.mask(&outcome.text());
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::write(case.expected_file(), &text).unwrap();
        return Vec::new();
    }
    match case.expected() {
        Some(expected) if expected == text => Vec::new(),
        expected => vec![format!("{}: expected\n{}\nfound\n{text}", case.name, expected.unwrap_or_default())],
    }
}

/// Stand-in.
fn given(scene: &Scene, text: &str) -> Answers {
    let table: toml::Table = toml::from_str(text).unwrap();
    let mut answers = Answers::default();
    for (key, value) in table {
        let Some(field) = FieldId::from_id(&key) else { continue };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Table(source) => scene.environment()[source["env"].as_str().unwrap()].clone(),
            other => other.to_string(),
        };
        answers.set(field, Raw::of(field, text), Origin::File);
    }
    answers
}
