//! A program that prints back what it was given: no secret of it reaches anybody.

use octopus_setup::catalog::failures::explain_step;
use secrecy::ExposeSecret;

use crate::lab::{ADMIN_PASSWORD, INSTANCE, LICENCE, Lab, SERVICE_PASSWORD, failed, key};

#[tokio::test]
async fn what_is_printed_back_holds_no_secret_and_neither_does_what_is_kept() {
    let lab = Lab::new().await;
    let plan = lab.plan();
    let key = key().to_base64();
    let own = [key.expose_secret(), lab.server.password().expose_secret(), SERVICE_PASSWORD, ADMIN_PASSWORD];
    let licence = data_encoding::BASE64.encode(LICENCE.as_bytes());
    let pieces = ["12345-54321-11223-34455", licence.as_str(), "s3rvice", "4dmin", "Signature"];
    let clean = |place: &str, text: &str| {
        for secret in own.iter().chain(&pieces) {
            assert!(!text.contains(secret), "{place} holds {secret}: {text}");
        }
    };
    for at in ["database", "admin", "license", "service"] {
        lab.standin.fault(at, "once leak");
        let (_, news) = lab.install(&plan).await;
        let (kind, failure) = failed(&news).expect("a failure");
        let words = explain_step(kind, &failure);
        assert!(format!("{failure:?}").contains("***"), "{at}: {failure:?}");
        clean(at, &format!("{news:?} {failure:?} {words:?}"));
        for (name, text) in lab.bench.raw_files() {
            // The config of Octopus Server's own holds them: that is Octopus' way.
            if !name.ends_with("OctopusServer.config") {
                clean(&name, &text);
            }
        }
    }
    lab.install(&plan).await.0.expect("no failure");
}

#[tokio::test]
async fn a_licence_that_a_killed_start_left_in_its_file_goes_with_the_next_one() {
    let lab = Lab::new().await;
    lab.standin.fault("license", "once fail 3");
    lab.install(&lab.plan()).await.0.expect_err("license fails");
    let path = lab.bench.places.licence(INSTANCE);
    assert!(!path.exists());
    std::fs::write(&path, LICENCE).expect("written");
    assert!(lab.start().resume(INSTANCE).await.is_ok());
    assert!(!path.exists());
    lab.install_with(&lab.plan(), &lab.sealed().await).await.0.expect("no failure");
    assert!(!path.exists());
}
