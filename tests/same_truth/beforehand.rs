//! The answer file through the loader that every face's program uses.

use std::collections::BTreeMap;

use octopus_setup::world::given::{self, Around, Beforehand, COMMAND_LIMIT, Environment, Manner, Stdin, Wanted};

use crate::case::Case;
use crate::masks::Masks;
use crate::scenes::Scene;

/// Writes the answer file as the case has it, and reads it as the program does: `manner` tells for which face.
pub async fn gather(scene: &Scene, case: &Case, masks: &Masks, manner: Manner) -> Beforehand {
    use std::os::unix::fs::PermissionsExt as _;
    let file = scene.path("answers.toml");
    std::fs::write(&file, case.bytes(masks)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(case.mode)).unwrap();
    let environment: Environment =
        scene.environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect::<BTreeMap<_, _>>();
    let wanted = Wanted { flow: Some(case.flow), files: vec![file], ..Wanted::new(scene.defaults()) };
    let mut around =
        Around { environment: &environment, stdin: Stdin::Taken, person: None, manner, command_limit: COMMAND_LIMIT };
    let mut beforehand = given::gather(&wanted, &mut around).await;
    // As --accept does on the command line.
    beforehand.loaded.accept.extend(case.accepts());
    beforehand
}
