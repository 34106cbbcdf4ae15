//! The answer file through the loader that every face's program uses.

use octopus_setup::world::answer_sources::{
    self, COMMAND_LIMIT, CommandLine, EnvironmentVariables, Mode, Resolved, Sources, Stdin,
};

use crate::case::Case;
use crate::masks::Masks;
use crate::scenes::Scene;

/// Writes the answer file as the case has it, and reads it as the program does: `manner` tells for which face.
pub async fn gather(scene: &Scene, case: &Case, masks: &Masks, mode: Mode) -> Resolved {
    use std::os::unix::fs::PermissionsExt as _;
    let file = scene.path("answers.toml");
    std::fs::write(&file, case.bytes(masks)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(case.mode)).unwrap();
    let environment: EnvironmentVariables =
        scene.environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let command_line = CommandLine { flow: Some(case.flow), files: vec![file], ..CommandLine::new(scene.defaults()) };
    let mut sources =
        Sources { environment: &environment, stdin: Stdin::Taken, person: None, mode, command_limit: COMMAND_LIMIT };
    let mut resolved = answer_sources::gather(&command_line, &mut sources).await;
    // As --accept does on the command line.
    resolved.loaded.accept.extend(case.accepts());
    resolved
}
