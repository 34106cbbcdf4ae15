//! What only the machine that wrote a node config can do with it.

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};

use crate::model::names::DatabaseName;
use crate::model::node_config::{NodeConfig, Sealed, SealedSignIn, TrustSection};
use crate::model::target::{ServerAddress, SignIn, Target, Trust};
use crate::world::seal::{Purpose, SealError, Sealer};

/// Why a config gives no target.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A secret in it does not open.
    #[error("{key}: {source}")]
    Seal {
        /// Its key in the file.
        key: &'static str,
        /// Why.
        source: SealError,
    },
    /// A value in it cannot be used.
    #[error("{key}: {said}")]
    Value {
        /// Its key in the file.
        key: &'static str,
        /// Why.
        said: String,
    },
}

/// What a connection needs, from the config alone.
pub fn target(config: &NodeConfig, sealer: &Sealer) -> Result<Target, OpenError> {
    let database = &config.database;
    let value = |key, said: String| OpenError::Value { key, said };
    Ok(Target {
        address: ServerAddress::parse(&database.server).map_err(|error| value("database.server", error.to_string()))?,
        database: DatabaseName::parse(&database.name).map_err(|error| value("database.name", error.to_string()))?,
        sign_in: match &database.sign_in {
            SealedSignIn::SqlLogin { user, .. } => {
                SignIn::SqlLogin { user: user.clone(), password: database_password(config, sealer)? }
            }
        },
        encryption: database.encryption,
        trust: match &database.trust {
            TrustSection::System => Trust::SystemRoots,
            TrustSection::CaFile(path) => Trust::CaFile(path.clone()),
            TrustSection::Fingerprint(text) => Trust::Fingerprint(digest(text)?),
            TrustSection::None => Trust::Nothing,
        },
        multi_subnet: database.multi_subnet,
    })
}

/// The database login's password.
pub fn database_password(config: &NodeConfig, sealer: &Sealer) -> Result<SecretString, OpenError> {
    let purpose = Purpose::DatabasePassword { instance: &config.instance };
    let SealedSignIn::SqlLogin { password, .. } = &config.database.sign_in;
    open(sealer, "database.password", &purpose, password)
}

/// The service account's password, where the config has one.
pub fn service_password(config: &NodeConfig, sealer: &Sealer) -> Result<Option<SecretString>, OpenError> {
    let purpose = Purpose::ServicePassword { instance: &config.instance };
    config.service.password.as_ref().map(|sealed| open(sealer, "service.password", &purpose, sealed)).transpose()
}

/// Whether two configs say the same: all that is in the clear, and the secrets when they are opened. Their sealed
/// texts differ each time, so comparing the files would not do.
pub fn same_but_for_seals(one: &NodeConfig, two: &NodeConfig, sealer: &Sealer) -> Result<bool, OpenError> {
    use crate::model::answers::same_secret;
    let mut alike = two.clone();
    let SealedSignIn::SqlLogin { password, .. } = &one.database.sign_in;
    let SealedSignIn::SqlLogin { password: other, .. } = &mut alike.database.sign_in;
    other.clone_from(password);
    alike.service.password.clone_from(&one.service.password);
    if *one != alike {
        return Ok(false);
    }
    let services = match (service_password(one, sealer)?, service_password(two, sealer)?) {
        (None, None) => true,
        (Some(one), Some(two)) => same_secret(&one, &two),
        _ => false,
    };
    Ok(services && target(one, sealer)?.sign_in == target(two, sealer)?.sign_in)
}

fn open(sealer: &Sealer, key: &'static str, purpose: &Purpose<'_>, text: &Sealed) -> Result<SecretString, OpenError> {
    let bytes = sealer.unseal(purpose, text).map_err(|source| OpenError::Seal { key, source })?;
    // What was sealed was text; that it is none any more is damage like any other.
    let secret = std::str::from_utf8(bytes.expose_secret()).map_err(|_| OpenError::Seal { key, source: SealError::Damaged })?;
    Ok(SecretString::from(secret))
}

/// Reads a certificate's fingerprint; people paste it with colons and in capitals.
fn digest(text: &str) -> Result<[u8; 32], OpenError> {
    let digits: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let bytes = HEXLOWER.decode(digits.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| OpenError::Value { key: "database.trust.fingerprint", said: "it takes 64 hexadecimal digits".into() })
}
