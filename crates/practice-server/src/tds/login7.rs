//! LOGIN7: the client's login message. Source: [MS-TDS] 2.2.6.4.

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::reader::{ByteReader, DecodeError, utf16};

/// TDS 7.2 (SQL Server 2005), the oldest supported version: older ones have four-byte row counts and no headers.
const OLDEST: u32 = 0x7209_0002;
/// TDS 7.4, the newest version of the 7 series.
const NEWEST: u32 = 0x7400_0004;
/// TDS 8.0, which is 7.4 inside TLS.
const STRICT: u32 = 0x0800_0000;

/// The protocol version that a client asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TdsVersion(u32);

impl TdsVersion {
    /// Returns whether this server supports the version.
    pub fn is_served(self) -> bool {
        self.0 == STRICT || self.0 >= OLDEST
    }

    /// Returns the version for LOGINACK: the client's own, or the newest supported one.
    pub fn acknowledged(self) -> u32 {
        if self.0 == STRICT { STRICT } else { self.0.min(NEWEST) }
    }
}

/// A decoded login message.
#[derive(Debug)]
pub struct Login7 {
    /// The protocol version.
    pub version: TdsVersion,
    /// The requested packet size in bytes; 0 leaves it to the server.
    pub packet_size: u32,
    /// Whether Windows authentication is requested, which this server does not support.
    pub integrated: bool,
    /// Whether the login fails if the database cannot be opened (`fDatabase`), instead of using the login's default.
    pub insists_on_database: bool,
    /// The client's host name.
    pub host: String,
    /// The login name.
    pub user: String,
    /// The password, decoded.
    pub password: SecretString,
    /// The client's application name.
    pub application: String,
    /// The requested database; empty means the login's default.
    pub database: String,
}

impl Login7 {
    /// Decodes the content of a LOGIN7 message.
    pub fn decode(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = ByteReader::new(payload);
        let length = usize::try_from(reader.u32()?).map_err(|_| DecodeError::TooShort)?;
        if length > payload.len() {
            return Err(DecodeError::TooShort);
        }
        let version = TdsVersion(reader.u32()?);
        let packet_size = reader.u32()?;
        // The driver's version, its process and a connection id that only replication uses.
        reader.take(12)?;
        let [first, flags, _, _] = reader.array::<4>()?;
        // Time zone and locale.
        reader.take(8)?;
        let host = read_field(payload, &mut reader, "host name")?;
        let user = read_field(payload, &mut reader, "user name")?;
        let password = Zeroizing::new(
            read_field(payload, &mut reader, "password")?.iter().map(|byte| (byte ^ 0xA5).rotate_left(4)).collect::<Vec<u8>>(),
        );
        let application = read_field(payload, &mut reader, "application name")?;
        for unused in ["server name", "extension", "library name", "language"] {
            read_field(payload, &mut reader, unused)?;
        }
        let database = read_field(payload, &mut reader, "database")?;
        Ok(Self {
            version,
            packet_size,
            integrated: flags & 0x80 != 0,
            insists_on_database: first & 0x40 != 0,
            host: utf16(host),
            user: utf16(user),
            password: SecretString::from(utf16(&password)),
            application: utf16(application),
            database: utf16(database),
        })
    }
}

/// Returns the field whose offset in bytes and length in characters come next.
fn read_field<'a>(payload: &'a [u8], reader: &mut ByteReader<'_>, name: &'static str) -> Result<&'a [u8], DecodeError> {
    let offset = usize::from(reader.u16()?);
    let length = usize::from(reader.u16()?);
    if length == 0 {
        return Ok(&[]);
    }
    // The extension's length is in bytes, and nothing here reads it, so it need not be valid.
    if name == "extension" {
        return Ok(&[]);
    }
    payload.get(offset..offset + length * 2).ok_or(DecodeError::Malformed(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    /// A login with the fields in the order of the message.
    fn message(version: u32, fields: [&str; 9]) -> Vec<u8> {
        let mut head = Vec::new();
        head.extend_from_slice(&version.to_le_bytes());
        head.extend_from_slice(&4096u32.to_le_bytes());
        head.extend_from_slice(&[0; 12 + 4 + 8]);
        let mut data = Vec::new();
        for (number, text) in fields.iter().enumerate() {
            let offset = u16::try_from(94 + data.len()).unwrap();
            let length = u16::try_from(text.encode_utf16().count()).unwrap();
            head.extend_from_slice(&offset.to_le_bytes());
            head.extend_from_slice(&length.to_le_bytes());
            for byte in text.encode_utf16().flat_map(u16::to_le_bytes) {
                data.push(if number == 2 { byte.rotate_left(4) ^ 0xA5 } else { byte });
            }
        }
        head.resize(90, 0);
        let length = u32::try_from(4 + head.len() + data.len()).unwrap();
        [length.to_le_bytes().to_vec(), head, data].concat()
    }

    fn sample() -> Vec<u8> {
        message(NEWEST, ["ws1", "octopus", "žluť-π", "test", "srv", "", "lib", "", "Octopus"])
    }

    #[test]
    fn a_login_is_read_with_its_password_in_the_clear() {
        let login = Login7::decode(&sample()).unwrap();
        assert_eq!(login.user, "octopus");
        assert_eq!(login.password.expose_secret(), "žluť-π");
        assert_eq!(login.database, "Octopus");
        assert_eq!(login.host, "ws1");
        assert_eq!(login.application, "test");
        assert_eq!(login.packet_size, 4096);
        assert!(!login.integrated && !login.insists_on_database);
        assert!(!format!("{login:?}").contains("žluť"));
    }

    #[test]
    fn versions_before_2005_are_not_served_and_newer_ones_are_brought_down() {
        assert!(!TdsVersion(0x7100_0001).is_served());
        assert!(TdsVersion(OLDEST).is_served());
        assert!(TdsVersion(STRICT).is_served());
        assert_eq!(TdsVersion(0x7500_0000).acknowledged(), NEWEST);
        assert_eq!(TdsVersion(OLDEST).acknowledged(), OLDEST);
        assert_eq!(TdsVersion(STRICT).acknowledged(), STRICT);
    }

    #[test]
    fn a_field_outside_the_message_is_refused() {
        let mut bytes = sample();
        bytes[38] = 0xFF;
        assert_eq!(Login7::decode(&bytes).unwrap_err(), DecodeError::Malformed("host name"));
    }

    proptest! {
        #[test]
        fn near_misses_never_panic(at in 0usize..200, byte: u8) {
            let mut bytes = sample();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Login7::decode(&bytes);
            let _ = Login7::decode(&bytes[..at]);
        }
    }
}
