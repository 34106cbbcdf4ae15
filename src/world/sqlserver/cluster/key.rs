//! Reads what a master key can be checked against, and checks it.

use crate::model::facts::{Content, Evidence, Trouble};
use crate::model::key_evidence::{EncryptedValue, KeyEvidence, KeyVerdict, NoBasis};
use crate::model::master_key::{MasterKey, Verifier};
use crate::model::registry::VerifiedCluster;
use crate::model::target::Target;
use crate::model::untrusted::Untrusted;
use crate::world::sqlserver::batch::{self, Question, Reply, ReplyRow};
use crate::world::sqlserver::connect::IfUnopened;
use crate::world::sqlserver::content::{self, CONTENT};
use crate::world::sqlserver::errors::WorkError;
use crate::world::sqlserver::limits;
use crate::world::sqlserver::server::{SessionDatabase, SqlServer};

/// Asks for the evidence. Without parameters, so that it fits behind any question.
pub(super) const KEY_EVIDENCE: &str = include_str!("../sql/cluster/key_evidence.sql");

impl SqlServer {
    /// Checks a master key. One round trip on the kept session.
    ///
    /// # Errors
    /// Of the connection or the server: then there is no verdict.
    pub async fn key_verdict(&self, target: &Target, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
        let evidence = self.retry(|| async {
            let mut connection = self.connection(target, SessionDatabase::Own).await?;
            let reply = batch::ask(&mut connection.session, &Question::new(&[KEY_EVIDENCE]), &[], limits::READ).await?;
            self.keep(target, SessionDatabase::Own, connection);
            Ok::<_, WorkError>(read_evidence(&reply)?)
        });
        judge(evidence.await?, key).await
    }

    /// Reads what the database holds, and checks a master key. Connects anew, by nothing but the target: what a survey saw minutes
    /// ago, on whatever server the name meant then, does not prove anything for what is written now. One round trip after the
    /// login.
    ///
    /// # Errors
    /// Of the connection or the server: then there is no verdict.
    pub async fn verify_key(&self, target: &Target, key: &MasterKey) -> Result<VerifiedCluster, Trouble> {
        let question = Question::new(&[CONTENT, KEY_EVIDENCE]);
        self.retry(|| async {
            let mut connection = self.connect_anew(target, (SessionDatabase::Own, IfUnopened::Refuse)).await?;
            let reply = batch::ask(&mut connection.session, &question, &[], limits::READ).await?;
            let content = content::read(&reply)?;
            let verdict = match read_evidence(&reply) {
                Ok(evidence) => judge(evidence, key).await?,
                // Nothing is written into a newer registry anyway, and its format tells more than a column that it lacks.
                Err(_) if matches!(content, Content::NewerRegistry { .. }) => KeyVerdict::Unverifiable(NoBasis::Nothing),
                Err(trouble) => return Err(WorkError::Working(trouble)),
            };
            Ok(VerifiedCluster { content, verdict })
        })
        .await
    }
}

/// Judges a key on a thread that may take its time: it is thousands of rounds of a hash.
async fn judge(evidence: KeyEvidence, key: &MasterKey) -> Result<KeyVerdict, Trouble> {
    let key = key.clone();
    let judged = tokio::task::spawn_blocking(move || evidence.judge(&key)).await;
    judged.map_err(|_| Trouble::Unasked)
}

/// Reads the reply to [`KEY_EVIDENCE`].
///
/// # Errors
/// The error of a part that may hold stronger evidence than what was read: an unreadable verifier or certificate is not an absent
/// one, or a wrong key would count as one that cannot be checked.
pub(super) fn read_evidence(reply: &Reply) -> Result<KeyEvidence, Trouble> {
    if let Some(row) = reply.rows("key_verifier")?.first() {
        let verifier = row.bytes("verifier").and_then(Verifier::from_bytes).ok_or_else(verifier_unreadable)?;
        // The certificate may contradict it; if it cannot be read, nothing does.
        return Ok(KeyEvidence { verifier: Some(verifier), values: certificates(reply).evidence.values });
    }
    let mut found = certificates(reply);
    if found.evidence.kind() == Evidence::Certificate {
        return Ok(found.evidence);
    }
    if let Some(trouble) = found.trouble {
        return Err(trouble);
    }
    found.values(reply);
    let proven = matches!(found.evidence.kind(), Evidence::Values(3..));
    match (proven, found.trouble) {
        (false, Some(trouble)) => Err(trouble),
        (false, None) if !sees_everything(reply)? => Err(tables_unreadable()),
        _ => Ok(found.evidence),
    }
}

fn certificates(reply: &Reply) -> Found {
    let mut found = Found::default();
    for row in found.received(reply, "key_certificate") {
        let place = Untrusted::new(&format!("{}/certificate-global", row.raw("place").unwrap_or_default()));
        if row.flag("too_long") {
            found.trouble.get_or_insert_with(|| certificate_too_long(&place));
        }
        found.evidence.values.extend(EncryptedValue::find_in(&place, true, row.raw("json").unwrap_or_default()));
    }
    found
}

/// The evidence that was read so far, and the first error.
#[derive(Default)]
struct Found {
    evidence: KeyEvidence,
    trouble: Option<Trouble>,
}

impl Found {
    fn values(&mut self, reply: &Reply) {
        for row in self.received(reply, "key_value") {
            let part = |name| row.raw(name).unwrap_or_default();
            let place = Untrusted::new(&format!("{}/{}", part("place"), part("id")));
            self.evidence.values.extend(EncryptedValue::find_in(&place, false, part("json")));
        }
    }

    /// Returns the rows that came, and notes the error of a table that could not be read, or of all of them.
    fn received<'a>(&mut self, reply: &'a Reply, kind: &'static str) -> impl Iterator<Item = &'a ReplyRow> + use<'a> {
        if let Some(trouble) = reply.trouble(kind).or_else(|| reply.trouble("key_values")) {
            self.trouble.get_or_insert_with(|| trouble.clone());
        }
        reply.rows_received("key_values").iter().filter(move |row| row.raw("kind") == Some(kind))
    }
}

/// Returns whether the server tells that the login may read the whole database, so that what it does not see does not exist.
fn sees_everything(reply: &Reply) -> Result<bool, Trouble> {
    Ok(reply.rows("key_sight")?.first().is_some_and(|row| row.flag("sees")))
}

fn verifier_unreadable() -> Trouble {
    Trouble::Io(Untrusted::new("The key's verifier in octopus_setup.cluster cannot be read."))
}

fn tables_unreadable() -> Trouble {
    Trouble::Io(Untrusted::new(
        "The login may not read all tables, so the lack of encrypted values proves nothing. \
         Add it to the role: ALTER ROLE db_owner ADD MEMBER [user].",
    ))
}

fn certificate_too_long(place: &Untrusted) -> Trouble {
    Trouble::Io(Untrusted::new(&format!(
        "The row {place} has more than 262,144 characters, so the server certificate in it was not read."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sqlserver::batch::tests::reply;

    type Cells<'a> = &'a [(&'a str, &'a str)];

    const VALUE: &str = "BwcHBwcHBwcHBwcHBwcHBw==|AAECAwQFBgcICQoLDA0ODw==";
    const VALUE_2: &str = "CAgICAgICAgICAgICAgICA==|AQECAwQFBgcICQoLDA0ODw==";
    const VALUE_3: &str = "CQkJCQkJCQkJCQkJCQkJCQ==|AgECAwQFBgcICQoLDA0ODw==";
    const CERTIFICATE: Cells<'_> =
        &[("part", "key_values"), ("kind", "key_certificate"), ("place", "Certificate"), ("json", VALUE), ("too_long", "#0")];

    fn denied(part: &str) -> [(&str, &str); 4] {
        [("part", "trouble"), ("of_part", part), ("number", "#229"), ("message", "denied")]
    }

    fn of_account(json: &str) -> [(&str, &str); 5] {
        [("part", "key_values"), ("kind", "key_value"), ("place", "Account"), ("id", "Accounts-1"), ("json", json)]
    }

    #[test]
    fn what_a_new_connection_asks_goes_out_in_one_flight() {
        let bytes = 2 * Question::new(&[CONTENT, KEY_EVIDENCE]).sql().encode_utf16().count();
        assert!(bytes < 14_000, "{bytes}");
    }

    #[test]
    fn a_certificate_comes_first_and_no_trouble_elsewhere_hides_it() {
        for part in ["key_certificate", "key_value", "key_sight"] {
            let evidence = read_evidence(&reply(&[&denied(part), CERTIFICATE])).expect("evidence");
            assert_eq!(evidence.kind(), Evidence::Certificate);
            assert_eq!(evidence.values[0].place.as_str(), "Certificate/certificate-global");
        }
    }

    #[test]
    fn a_part_that_may_hide_the_certificate_ends_it() {
        let three = format!("[\"{VALUE}\",\"{VALUE_2}\",\"{VALUE_3}\"]");
        for part in ["key_verifier", "key_certificate", "key_values"] {
            let reply = reply(&[&denied(part), &of_account(&three)]);
            assert!(matches!(read_evidence(&reply), Err(Trouble::Sql(said)) if said.number == 229), "{part}");
        }
        let long: Cells<'_> =
            &[("part", "key_values"), ("kind", "key_certificate"), ("place", "Configuration"), ("json", "-"), ("too_long", "#1")];
        assert!(matches!(read_evidence(&reply(&[long, &of_account(&three)])), Err(Trouble::Io(_))));
    }

    #[test]
    fn values_that_could_not_be_read_matter_only_where_there_are_too_few() {
        let failed = denied("key_value");
        let three = format!("[\"{VALUE}\",\"{VALUE_2}\",\"{VALUE_3}\"]");
        assert_eq!(read_evidence(&reply(&[&failed, &of_account(&three)])).expect("evidence").kind(), Evidence::Values(3));
        assert!(read_evidence(&reply(&[&failed, &of_account(VALUE)])).is_err());
        assert!(read_evidence(&reply(&[&failed])).is_err());
    }

    #[test]
    fn what_a_login_cannot_see_is_not_absent() {
        let sight = |sees| [("part", "key_sight"), ("sees", sees)];
        assert_eq!(read_evidence(&reply(&[&sight("#1")])).expect("evidence").kind(), Evidence::Nothing);
        for unproven in ["#0", "-"] {
            assert!(matches!(read_evidence(&reply(&[&sight(unproven)])), Err(Trouble::Io(_))), "{unproven}");
        }
        assert!(matches!(read_evidence(&reply(&[])), Err(Trouble::Io(_))), "silence is no sight");
        assert!(matches!(read_evidence(&reply(&[&sight("#0"), &of_account(VALUE)])), Err(Trouble::Io(_))));
    }
}
