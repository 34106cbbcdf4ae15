//! By what a master key can be judged: what the database holds of it.

use super::super::answer::{Answer, Row, run};
use super::super::attempts::Hitch;
use super::super::handle::{Place, SqlServer};
use super::super::limits;
use crate::model::facts::{Evidence, Trouble};
use crate::model::key_evidence::{EncryptedValue, KeyEvidence};
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::model::verifier::Verifier;

/// Reads the evidence, each part guarded by itself as in `survey.sql`. Without values, so that it fits behind any batch.
pub(super) const EVIDENCE_SQL: &str = include_str!("../sql/evidence.sql");

/// Where the server certificate may be: the part, and the place's name.
const CERTIFICATES: [(&str, &str); 4] = [
    ("key_configuration_json", "Configuration/certificate-global"),
    ("key_configuration_jsonblob", "Configuration/certificate-global"),
    ("key_certificate_json", "Certificate/certificate-global"),
    ("key_certificate_jsonblob", "Certificate/certificate-global"),
];

/// Where other values may be: the part, and the table.
const VALUES: [(&str, &str); 10] = [
    ("values_configuration_json", "Configuration"),
    ("values_configuration_jsonblob", "Configuration"),
    ("values_extensionconfiguration_json", "ExtensionConfiguration"),
    ("values_extensionconfiguration_jsonblob", "ExtensionConfiguration"),
    ("values_account_json", "Account"),
    ("values_account_jsonblob", "Account"),
    ("values_certificate_json", "Certificate"),
    ("values_certificate_jsonblob", "Certificate"),
    ("values_variableset_json", "VariableSet"),
    ("values_variableset_jsonblob", "VariableSet"),
];

/// The evidence in an answer of [`EVIDENCE_SQL`].
///
/// # Errors
/// What the server said of a part that could hold something stronger than what was read: a verifier or a certificate that
/// may not be read is not an absent one, or a wrong key would be one of which nobody can tell.
pub(super) fn read(answer: &Answer) -> Result<KeyEvidence, Trouble> {
    if let Some(row) = answer.rows("key_verifier")?.first() {
        let verifier = row.bytes("verifier").and_then(Verifier::from_bytes).ok_or_else(unread)?;
        // The certificate may contradict it; where it cannot be read, nothing does.
        return Ok(KeyEvidence { verifier: Some(verifier), values: certificates(answer).evidence.values });
    }
    let mut seen = certificates(answer);
    if seen.evidence.kind() == Evidence::Certificate {
        return Ok(seen.evidence);
    }
    if let Some(trouble) = seen.trouble {
        return Err(trouble);
    }
    for (part, table) in VALUES {
        seen.values(answer.rows(part), table);
    }
    let proven = matches!(seen.evidence.kind(), Evidence::Values(3..));
    match (proven, seen.trouble) {
        (false, Some(trouble)) => Err(trouble),
        (false, None) if !sees_all(answer)? => Err(blind()),
        _ => Ok(seen.evidence),
    }
}

fn certificates(answer: &Answer) -> Seen {
    let mut seen = Seen::default();
    for (part, place) in CERTIFICATES {
        seen.certificate(answer.rows(part), &Untrusted::new(place));
    }
    seen
}

/// What was read so far, and the first part that was not.
#[derive(Default)]
struct Seen {
    evidence: KeyEvidence,
    trouble: Option<Trouble>,
}

impl Seen {
    fn certificate(&mut self, rows: Result<&[Row], Trouble>, place: &Untrusted) {
        for row in self.told(rows) {
            if row.flag("too_long") {
                self.trouble.get_or_insert_with(|| too_long(place));
            }
            self.evidence.values.extend(EncryptedValue::find_in(place, true, row.raw("json").unwrap_or_default()));
        }
    }

    fn values(&mut self, rows: Result<&[Row], Trouble>, table: &str) {
        for row in self.told(rows) {
            let place = Untrusted::new(&format!("{table}/{}", row.raw("id").unwrap_or_default()));
            self.evidence.values.extend(EncryptedValue::find_in(&place, false, row.raw("json").unwrap_or_default()));
        }
    }

    fn told<'a>(&mut self, rows: Result<&'a [Row], Trouble>) -> &'a [Row] {
        rows.unwrap_or_else(|trouble| {
            self.trouble.get_or_insert(trouble);
            &[]
        })
    }
}

/// Whether the login may read the whole database, so that what it does not see is not there.
fn sees_all(answer: &Answer) -> Result<bool, Trouble> {
    Ok(answer.rows("key_sight")?.first().is_none_or(|row| row.flag("sees")))
}

fn unread() -> Trouble {
    Trouble::Io(Untrusted::new("The key's verifier in octopus_setup.cluster cannot be read."))
}

fn blind() -> Trouble {
    Trouble::Io(Untrusted::new(
        "The login may not read all tables, so the lack of encrypted values proves nothing. \
         Add it to the role: ALTER ROLE db_owner ADD MEMBER [user].",
    ))
}

fn too_long(place: &Untrusted) -> Trouble {
    Trouble::Io(Untrusted::new(&format!(
        "The row {place} has more than 262,144 characters, so the server certificate in it was not read."
    )))
}

impl SqlServer {
    /// Reads the evidence. One round trip on the kept session.
    pub(super) async fn key_evidence(&self, target: &Target) -> Result<KeyEvidence, Hitch> {
        let mut link = self.link(target, Place::Database).await?;
        let answer = run(&mut link.session, EVIDENCE_SQL, &[], limits::READ).await.map_err(Hitch::Work)?;
        self.keep(target, Place::Database, link);
        read(&answer).map_err(Hitch::Work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::answer::tests::answer;

    type Cells<'a> = &'a [(&'a str, &'a str)];

    const VALUE: &str = "BwcHBwcHBwcHBwcHBwcHBw==|AAECAwQFBgcICQoLDA0ODw==";
    const VALUE_2: &str = "CAgICAgICAgICAgICAgICA==|AQECAwQFBgcICQoLDA0ODw==";
    const VALUE_3: &str = "CQkJCQkJCQkJCQkJCQkJCQ==|AgECAwQFBgcICQoLDA0ODw==";
    const CERTIFICATE: Cells<'_> = &[("part", "key_certificate_json"), ("json", VALUE), ("too_long", "#0")];

    fn denied(part: &str) -> [(&str, &str); 4] {
        [("part", "trouble"), ("of_part", part), ("number", "#229"), ("message", "denied")]
    }

    fn of_account(json: &str) -> [(&str, &str); 3] {
        [("part", "values_account_json"), ("id", "Accounts-1"), ("json", json)]
    }

    #[test]
    fn every_part_that_is_sent_is_read() {
        for (part, _) in CERTIFICATES.iter().chain(&VALUES) {
            assert_eq!(EVIDENCE_SQL.matches(&format!("N''{part}'' AS part")).count(), 1, "{part}");
            assert_eq!(EVIDENCE_SQL.matches(&format!("N'{part}' AS of_part")).count(), 1, "{part}");
        }
        assert_eq!(EVIDENCE_SQL.matches("AS of_part").count(), CERTIFICATES.len() + VALUES.len() + 2);
    }

    #[test]
    fn a_certificate_comes_first_and_no_trouble_elsewhere_hides_it() {
        for part in ["key_configuration_json", "values_account_json", "key_sight"] {
            let evidence = read(&answer(&[&denied(part), CERTIFICATE])).expect("evidence");
            assert_eq!(evidence.kind(), Evidence::Certificate);
            assert_eq!(evidence.values[0].place.as_str(), "Certificate/certificate-global");
        }
    }

    #[test]
    fn a_part_that_may_hide_the_certificate_ends_it() {
        let three = format!("[\"{VALUE}\",\"{VALUE_2}\",\"{VALUE_3}\"]");
        for part in ["key_verifier", "key_configuration_json", "key_certificate_jsonblob"] {
            let answer = answer(&[&denied(part), &of_account(&three)]);
            assert!(matches!(read(&answer), Err(Trouble::Sql(said)) if said.number == 229), "{part}");
        }
        let long: Cells<'_> = &[("part", "key_configuration_json"), ("json", "-"), ("too_long", "#1")];
        assert!(matches!(read(&answer(&[long, &of_account(&three)])), Err(Trouble::Io(_))));
    }

    #[test]
    fn values_that_could_not_be_read_matter_only_where_there_are_too_few() {
        let failed = denied("values_variableset_json");
        let three = format!("[\"{VALUE}\",\"{VALUE_2}\",\"{VALUE_3}\"]");
        assert_eq!(read(&answer(&[&failed, &of_account(&three)])).expect("evidence").kind(), Evidence::Values(3));
        assert!(read(&answer(&[&failed, &of_account(VALUE)])).is_err());
        assert!(read(&answer(&[&failed])).is_err());
    }

    #[test]
    fn what_a_login_cannot_see_is_not_absent() {
        let sight = |sees| [("part", "key_sight"), ("sees", sees)];
        assert_eq!(read(&answer(&[&sight("#1")])).expect("evidence").kind(), Evidence::Nothing);
        assert!(matches!(read(&answer(&[&sight("#0")])), Err(Trouble::Io(_))));
        assert!(matches!(read(&answer(&[&sight("#0"), &of_account(VALUE)])), Err(Trouble::Io(_))));
    }
}
