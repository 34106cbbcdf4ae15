//! Same truth: every answer file of `cases/` goes through headless, plain prompts and the terminal face, and all three come
//! to the same plan, or refuse it with the same words. `cases/<name>.txt` says what must come out, with what changes from
//! run to run masked. `UPDATE_CORPUS=1` writes the texts anew; who does that reads each of them before it is committed.
//!
//! On Linux only: the cases name its paths, and the findings its commands.
#![cfg(all(feature = "practice", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod shared;

mod answers;
mod case;
mod coverage;
mod databases;
mod faces;
mod headless;
mod machines;
mod masks;
mod outcome;
mod plain;
mod scenes;
mod servers;
mod to_the_end;
mod tui;

use case::Case;
use scenes::{Scene, SceneId};

/// One test for each scene, so that they run side by side and a failure names its scene.
macro_rules! scenes {
    ($($name:ident => $id:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                all_cases_of(SceneId::$id).await;
            }
        )*

        #[test]
        fn every_scene_has_its_test() {
            let tested = [$(SceneId::$id),*];
            assert!(SceneId::ALL.into_iter().all(|id| tested.contains(&id)));
        }
    };
}

scenes! {
    databases => Databases,
    databases_of_a_restless_kind => Restless,
    machines => Machines,
    web => Web,
    forms => Forms,
    clusters => Clusters,
    databases_that_octopus_made => OctopusMade,
    a_practice_server => Practice,
    version_2014 => Version2014,
    version_2016 => Version2016,
    express => Express,
    a_clock_ahead => ClockAhead,
    a_clock_a_little_ahead => ClockNear,
    no_tls => NoTls,
    an_expired_certificate => Expired,
    a_certificate_for_another => OtherName,
    a_certificate_of_its_own => SelfSigned,
    a_certificate_of_nobody => UnknownIssuer,
    no_strict => NoStrict,
    far_away => Far,
    something_else => NotSqlServer,
    hangs_up => HangsUp,
    sends_on => SendsOn,
}

/// Every case of a scene, through every face; all disagreements at once.
async fn all_cases_of(id: SceneId) {
    let cases: Vec<Case> = Case::all().into_iter().filter(|case| case.scene == id).collect();
    assert!(!cases.is_empty(), "no case of {}", id.id());
    let scene = Scene::prepare(id).await;
    let mut wrong = Vec::new();
    for case in cases {
        if !case.fits_here() {
            eprintln!("skipped: {}: /dev/shm is no tmpfs here", case.name);
            continue;
        }
        wrong.extend(faces::agree(&scene, &case).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
