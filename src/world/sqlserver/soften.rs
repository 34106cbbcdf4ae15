//! The answer to a login that did not insist on its database: what the server says of the database, made bearable.
//!
//! Source: [MS-TDS] 2.2.6.4 (`fDatabase`), 2.2.7.10 (ERROR), 2.2.7.13 (INFO). The two tokens differ in their first byte only.

use super::numbers;
use crate::model::facts::SqlTrouble;
use crate::model::untrusted::Untrusted;

/// The LOGINACK token.
pub const LOGINACK: u8 = 0xAD;
const ERROR: u8 = 0xAA;
const INFO: u8 = 0xAB;
const ENVCHANGE: u8 = 0xE3;

/// Makes errors about the database informations in the first packet of a login's answer, and tells the first of them.
///
/// Only where the login is acknowledged in the same packet, and only errors of
/// [`numbers::is_about_the_database`]: with any other error, and in any answer that does not look as expected, the packet
/// stays as it is, and the login fails as it would have without us.
pub fn soften(packet: &mut [u8], mut at: usize) -> Option<SqlTrouble> {
    let mut errors = Vec::new();
    let mut acknowledged = false;
    while let Some((token, body)) = token(packet, at) {
        match token {
            ERROR => errors.push((at, read(body)?)),
            LOGINACK => acknowledged = true,
            _ => {}
        }
        at += 3 + body.len();
    }
    if !acknowledged || errors.iter().any(|(_, said)| !numbers::is_about_the_database(said.number)) {
        return None;
    }
    for (at, _) in &errors {
        packet[*at] = INFO;
    }
    errors.into_iter().next().map(|(_, said)| said)
}

/// One of the tokens that have their length in two bytes; all that may stand in a login's answer before its DONE do.
fn token(packet: &[u8], at: usize) -> Option<(u8, &[u8])> {
    let [token, low, high] = packet.get(at..at + 3)?.try_into().ok()?;
    let length = usize::from(u16::from_le_bytes([low, high]));
    matches!(token, ERROR | INFO | ENVCHANGE | LOGINACK).then_some((token, packet.get(at + 3..at + 3 + length)?))
}

/// Number, state, class, text; server, procedure and line follow.
fn read(body: &[u8]) -> Option<SqlTrouble> {
    let number = u32::from_le_bytes(body.get(..4)?.try_into().ok()?);
    let (state, class) = (*body.get(4)?, *body.get(5)?);
    let length = usize::from(u16::from_le_bytes(body.get(6..8)?.try_into().ok()?));
    let units = body.get(8..8 + 2 * length)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(SqlTrouble { number, state, class, text: Untrusted::new(&text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(number: u32) -> Vec<u8> {
        let mut body = number.to_le_bytes().to_vec();
        body.extend([1, 11, 2, 0, b'n', 0, b'o', 0, 0, 0, 1, 0, 0, 0]);
        let length = u16::try_from(body.len()).expect("short").to_le_bytes();
        [vec![ERROR, length[0], length[1]], body].concat()
    }

    const CHANGE: &[u8] = &[ENVCHANGE, 2, 0, 9, 9];
    const ACKNOWLEDGED: &[u8] = &[LOGINACK, 1, 0, 1];
    const DONE: &[u8] = &[0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn an_error_about_the_database_beside_an_acknowledgement_is_none() {
        for order in [[&error(4063)[..], CHANGE, ACKNOWLEDGED, DONE], [CHANGE, ACKNOWLEDGED, &error(4063), DONE]] {
            let mut packet = [&[0; 8], &order.concat()[..]].concat();
            let said = soften(&mut packet, 8).expect("softened");
            assert_eq!((said.number, said.state, said.class, said.text.as_str()), (4063, 1, 11, "no"));
            assert!(!packet.contains(&ERROR) && packet.contains(&INFO));
        }
    }

    #[test]
    fn a_refusal_stays_one() {
        let both = [error(4063), error(18456)].concat();
        for tokens in [[&error(4063)[..], DONE], [&error(4060), &error(18456)], [&both, ACKNOWLEDGED], [ACKNOWLEDGED, DONE]] {
            let mut packet = tokens.concat();
            let before = packet.clone();
            assert_eq!(soften(&mut packet, 0), None);
            assert_eq!(packet, before);
        }
    }

    #[test]
    fn an_answer_that_breaks_off_is_left_alone() {
        let whole = [&error(4063)[..], ACKNOWLEDGED].concat();
        for length in 0..whole.len() {
            let mut packet = whole[..length].to_vec();
            assert_eq!(soften(&mut packet, 0), None, "{length}");
            assert_eq!(packet, whole[..length]);
        }
    }
}
