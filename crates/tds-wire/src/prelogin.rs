//! PRELOGIN: the first message of either side. Source: [MS-TDS] 2.2.6.5.

/// What a side offers or requires for encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Encryption {
    /// Encrypt the login only.
    Off = 0,
    /// Encrypt everything.
    On = 1,
    /// Encryption is not supported; a server has no certificate.
    NotSupported = 2,
    /// Encrypt everything, or refuse the connection.
    Required = 3,
}

/// The result of two sides' [`Encryption`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// TLS for the whole connection.
    Whole,
    /// TLS for the login message, plain afterwards.
    LoginOnly,
    /// No TLS.
    Plain,
    /// The two are incompatible; the client must close the connection.
    Refused,
}

impl Encryption {
    /// Decodes the option's byte, without the bits for client certificates (0x80) and extensions (0x20).
    fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte & 0x1F {
            0 => Self::Off,
            1 => Self::On,
            2 => Self::NotSupported,
            3 => Self::Required,
            _ => return None,
        })
    }

    /// Returns the agreement of a client that sent `self` and received `answer`.
    pub fn agree(self, answer: Self) -> Agreement {
        use Encryption::{NotSupported, Off, On, Required};
        match (self, answer) {
            (NotSupported, On | Required) | (On | Required, NotSupported | Off) => Agreement::Refused,
            (NotSupported, _) | (Off, NotSupported) => Agreement::Plain,
            (Off, Off) => Agreement::LoginOnly,
            (Off | On | Required, On | Required) => Agreement::Whole,
        }
    }
}

/// A product version. From a client it is the driver's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version {
    /// 16 is SQL Server 2022.
    pub major: u8,
    /// Usually 0.
    pub minor: u8,
    /// For example 4135.
    pub build: u16,
    /// Usually 0.
    pub sub_build: u16,
}

/// A PRELOGIN message of either side. `None` is an option that was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prelogin {
    /// The version of the sender.
    pub version: Version,
    /// What the sender offers or requires for encryption.
    pub encryption: Encryption,
    /// From a client: the instance's name in bytes, without the final NUL. From a server: see
    /// [`Prelogin::instance_refused`].
    pub instance: Option<Vec<u8>>,
    /// The client's thread or process id, for tracing.
    pub thread_id: Option<u32>,
    /// Whether multiple active result sets are requested, or granted.
    pub mars: Option<bool>,
    /// Connection id, activity id and sequence, for tracing.
    pub trace_id: Option<[u8; 36]>,
    /// Whether federated authentication is required.
    pub federated: Option<bool>,
}

/// Why a PRELOGIN message cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreloginError {
    /// The list of options has no end mark.
    #[error("the PRELOGIN options have no end")]
    Unterminated,
    /// An option's data are outside the message.
    #[error("PRELOGIN option {0} points outside the message")]
    OutOfBounds(u8),
    /// An option's data have an invalid length.
    #[error("PRELOGIN option {0} has a wrong length")]
    WrongLength(u8),
    /// There is no VERSION option.
    #[error("the PRELOGIN message has no version")]
    NoVersion,
    /// The encryption option has an unknown value.
    #[error("0x{0:02x} is no PRELOGIN encryption")]
    Encryption(u8),
}

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD_ID: u8 = 3;
const MARS: u8 = 4;
const TRACE_ID: u8 = 5;
const FEDERATED: u8 = 6;
const END: u8 = 0xFF;

impl Prelogin {
    /// Creates a message with only the two options that every side sends.
    pub fn new(version: Version, encryption: Encryption) -> Self {
        Self { version, encryption, instance: None, thread_id: None, mars: None, trace_id: None, federated: None }
    }

    /// Returns whether the server refused the instance that the client named.
    pub fn instance_refused(&self) -> bool {
        self.instance.as_deref() == Some(&[1])
    }

    /// Encodes the message's content, without packet header.
    pub fn encode(&self) -> Vec<u8> {
        let Self { version, encryption, instance, thread_id, mars, trace_id, federated } = self;
        let mut number = vec![version.major, version.minor];
        number.extend_from_slice(&version.build.to_be_bytes());
        number.extend_from_slice(&version.sub_build.to_be_bytes());
        let mut options = vec![(VERSION, number), (ENCRYPTION, vec![*encryption as u8])];
        if let Some(name) = instance {
            let mut bytes = name.clone();
            // A name is NUL-terminated; the server's one-byte answer is not a name.
            if name.as_slice() != [1] {
                bytes.push(0);
            }
            options.push((INSTANCE, bytes));
        }
        if let Some(id) = thread_id {
            options.push((THREAD_ID, id.to_le_bytes().to_vec()));
        }
        if let Some(mars) = mars {
            options.push((MARS, vec![u8::from(*mars)]));
        }
        if let Some(id) = trace_id {
            options.push((TRACE_ID, id.to_vec()));
        }
        if let Some(federated) = federated {
            options.push((FEDERATED, vec![u8::from(*federated)]));
        }
        let mut out = Vec::new();
        let mut offset = options.len() * 5 + 1;
        for (token, data) in &options {
            out.push(*token);
            out.extend_from_slice(&u16::try_from(offset).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(&u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
            offset += data.len();
        }
        out.push(END);
        for (_, data) in &options {
            out.extend_from_slice(data);
        }
        out
    }

    /// Decodes a message's content. Unknown options are skipped; a missing encryption option counts as
    /// [`Encryption::NotSupported`], as for old servers.
    ///
    /// # Errors
    /// See [`PreloginError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PreloginError> {
        let mut version = None;
        let mut found = Self::new(Version::default(), Encryption::NotSupported);
        let mut at = 0;
        loop {
            let token = *bytes.get(at).ok_or(PreloginError::Unterminated)?;
            if token == END {
                break;
            }
            let data = option(bytes, at, token)?;
            at += 5;
            let wrong = || PreloginError::WrongLength(token);
            match token {
                VERSION => {
                    let raw: [u8; 6] = data.try_into().map_err(|_| wrong())?;
                    version = Some(Version {
                        major: raw[0],
                        minor: raw[1],
                        build: u16::from_be_bytes([raw[2], raw[3]]),
                        sub_build: u16::from_be_bytes([raw[4], raw[5]]),
                    });
                }
                ENCRYPTION => {
                    let byte = *data.first().ok_or_else(wrong)?;
                    found.encryption = Encryption::from_byte(byte).ok_or(PreloginError::Encryption(byte))?;
                }
                INSTANCE => {
                    found.instance = Some(data.strip_suffix(&[0]).unwrap_or(data).to_vec());
                }
                // Servers send it empty.
                THREAD_ID | TRACE_ID if data.is_empty() => {}
                THREAD_ID => {
                    let raw = data.try_into().map_err(|_| wrong())?;
                    found.thread_id = Some(u32::from_le_bytes(raw));
                }
                MARS => found.mars = data.first().map(|byte| *byte == 1),
                TRACE_ID => found.trace_id = Some(data.try_into().map_err(|_| wrong())?),
                FEDERATED => found.federated = data.first().map(|byte| *byte == 1),
                _ => {}
            }
        }
        found.version = version.ok_or(PreloginError::NoVersion)?;
        Ok(found)
    }
}

/// Returns the data of the option whose entry is at `at`.
fn option(bytes: &[u8], at: usize, token: u8) -> Result<&[u8], PreloginError> {
    let entry = bytes.get(at + 1..at + 5).ok_or(PreloginError::Unterminated)?;
    let start = usize::from(u16::from_be_bytes([entry[0], entry[1]]));
    let length = usize::from(u16::from_be_bytes([entry[2], entry[3]]));
    if length == 0 {
        // Some senders do not set the offset of an empty option.
        return Ok(&[]);
    }
    bytes.get(start..start + length).ok_or(PreloginError::OutOfBounds(token))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full() -> Prelogin {
        Prelogin {
            version: Version { major: 16, minor: 0, build: 4135, sub_build: 4 },
            encryption: Encryption::Required,
            instance: Some(b"OCTOPUS".to_vec()),
            thread_id: Some(77),
            mars: Some(false),
            trace_id: Some([7; 36]),
            federated: Some(true),
        }
    }

    #[test]
    fn everything_survives_the_wire() {
        assert_eq!(Prelogin::decode(&full().encode()), Ok(full()));
    }

    #[test]
    fn bytes_are_as_a_sql_server_sends_them() {
        let message = Prelogin::new(full().version, Encryption::Off);
        let expected = [0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xFF, 16, 0, 0x10, 0x27, 0, 4, 0];
        assert_eq!(message.encode(), expected);
    }

    #[test]
    fn a_servers_verdict_on_the_instance_is_one_byte() {
        let mut answer = full();
        answer.instance = Some(vec![1]);
        let read = Prelogin::decode(&answer.encode()).unwrap();
        assert!(read.instance_refused());
        answer.instance = Some(Vec::new());
        let read = Prelogin::decode(&answer.encode()).unwrap();
        assert!(!read.instance_refused());
    }

    #[test]
    fn the_client_certificate_bit_is_tolerated() {
        let mut bytes = Prelogin::new(Version::default(), Encryption::On).encode();
        *bytes.last_mut().unwrap() = 0x81;
        assert_eq!(Prelogin::decode(&bytes).unwrap().encryption, Encryption::On);
    }

    #[test]
    fn malformed_messages_have_names() {
        use PreloginError as E;
        assert_eq!(Prelogin::decode(&[]), Err(E::Unterminated));
        assert_eq!(Prelogin::decode(&[0, 0]), Err(E::Unterminated));
        assert_eq!(Prelogin::decode(&[END]), Err(E::NoVersion));
        assert_eq!(Prelogin::decode(&[0, 0, 9, 0, 6, END]), Err(E::OutOfBounds(VERSION)));
        assert_eq!(Prelogin::decode(&[0, 0, 5, 0, 1, END]), Err(E::WrongLength(VERSION)));
        let mut bytes = Prelogin::new(Version::default(), Encryption::On).encode();
        *bytes.last_mut().unwrap() = 9;
        assert_eq!(Prelogin::decode(&bytes), Err(E::Encryption(9)));
    }

    #[test]
    fn the_two_sides_agree_as_the_specification_says() {
        use Agreement as A;
        use Encryption::{NotSupported, Off, On, Required};
        let table = [
            (Off, Off, A::LoginOnly),
            (Off, NotSupported, A::Plain),
            (Off, Required, A::Whole),
            (On, On, A::Whole),
            (On, NotSupported, A::Refused),
            (Required, Off, A::Refused),
            (NotSupported, NotSupported, A::Plain),
            (NotSupported, Required, A::Refused),
        ];
        for (client, server, expected) in table {
            assert_eq!(client.agree(server), expected, "{client:?} {server:?}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = Prelogin::decode(&bytes);
        }

        #[test]
        fn near_misses_never_panic(at in 0usize..90, byte: u8) {
            let mut bytes = full().encode();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = Prelogin::decode(&bytes);
            let _ = Prelogin::decode(&bytes[..at]);
        }
    }
}
