use data_encoding::BASE64;
use proptest::prelude::*;
use secrecy::ExposeSecret;
use time::macros::date;

use super::*;

/// A trial, as the documents show it.
const TRIAL: &str = r#"<License Signature="aGVsbG8=">
  <LicensedTo>Acme &amp; Söhne</LicensedTo>
  <LicenseKey>12345-54321-11223-34455</LicenseKey>
  <Version>2.0<!-- License Schema Version --></Version>
  <ValidFrom>2026-01-01</ValidFrom>
  <Kind>Trial</Kind>
  <ValidTo>2026-12-31</ValidTo>
  <ProjectLimit>Unlimited</ProjectLimit>
  <MachineLimit>Unlimited</MachineLimit>
  <NodeLimit>3<!-- nodes --></NodeLimit>
</License>"#;

fn read(text: &str) -> Result<Licence, NotALicence> {
    Licence::read(text.as_bytes()).map(|(licence, _)| licence)
}

fn within(inside: &str) -> Result<Licence, NotALicence> {
    read(&format!("<License><LicensedTo>Acme</LicensedTo>{inside}</License>"))
}

fn trial() -> Licence {
    Licence {
        licensed_to: "Acme & Söhne".into(),
        kind: "Trial".into(),
        valid_from: Some(date!(2026 - 01 - 01)),
        valid_to: Some(date!(2026 - 12 - 31)),
        maintenance_expires: None,
        nodes: NodeLimit::Nodes(3),
    }
}

/// The encodings in which licences are seen.
fn encoded(text: &str, way: u8) -> Vec<u8> {
    let le = text.encode_utf16().flat_map(u16::to_le_bytes);
    let be = text.encode_utf16().flat_map(u16::to_be_bytes);
    match way % 6 {
        0 => text.as_bytes().to_vec(),
        1 => [&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(),
        2 => le.collect(),
        3 => [0xff, 0xfe].into_iter().chain(le).collect(),
        4 => be.collect(),
        _ => [0xfe, 0xff].into_iter().chain(be).collect(),
    }
}

/// Base64 as mail programs and editors break it.
fn wrapped(bytes: &[u8], columns: usize, end: &str) -> String {
    let base64 = BASE64.encode(bytes);
    let lines: Vec<&str> = base64.as_bytes().chunks(columns).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    lines.join(end)
}

#[test]
fn a_licence_is_read_in_each_form_that_people_have_it_in() {
    for way in 0..6 {
        let bytes = encoded(TRIAL, way);
        assert_eq!(Licence::read(&bytes).map(|(licence, _)| licence), Ok(trial()), "{way}");
        for outer in 0..6 {
            for base64 in [BASE64.encode(&bytes), wrapped(&bytes, 76, "\r\n"), wrapped(&bytes, 64, " \n")] {
                let (licence, text) = Licence::read(&encoded(&format!(" {base64}\r\n"), outer)).unwrap();
                assert_eq!(licence, trial(), "{way} {outer}");
                assert_eq!(text.expose_secret(), TRIAL);
            }
        }
    }
}

#[test]
fn what_is_handed_over_declares_no_encoding_that_it_no_longer_has() {
    let declared = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n{TRIAL}");
    let (_, text) = Licence::read(&encoded(&declared, 3)).unwrap();
    assert_eq!(text.expose_secret(), TRIAL);
}

#[test]
fn padding_and_quotes_are_forgiven() {
    let base64 = BASE64.encode(TRIAL.as_bytes());
    for text in [format!("\"{base64}\""), base64.trim_end_matches('=').to_owned(), format!("\u{feff}{base64}\u{200b}")] {
        assert_eq!(read(&text), Ok(trial()));
    }
}

#[test]
fn the_order_does_not_matter_nor_does_what_is_not_known() {
    let licence = read(
        "<?xml version='1.0'?><!-- for us --><License><Later deep='1'><a><NodeLimit>9</NodeLimit></a></Later>\
         <NodeLimit> unlimited </NodeLimit><MaintenanceExpires>2027-06-30T23:59:59.0000000+10:00</MaintenanceExpires>\
         <LicensedTo><![CDATA[A<B]]></LicensedTo></License>",
    )
    .unwrap();
    assert_eq!(licence.nodes, NodeLimit::Unlimited);
    assert_eq!(licence.ends(), Some(date!(2027 - 06 - 30)));
    assert_eq!(licence.licensed_to.as_str(), "A<B");
    assert_eq!((licence.kind.as_str(), licence.valid_from), ("", None));
}

#[test]
fn a_limit_is_a_number_or_none_at_all_and_else_unreadable() {
    let limit = |inside: &str| within(inside).map(|licence| licence.nodes);
    assert_eq!(limit(""), Ok(NodeLimit::Nodes(1)));
    assert_eq!(limit("<NodeLimit/>"), Ok(NodeLimit::Nodes(1)));
    assert_eq!(limit("<NodeLimit>2</NodeLimit>"), Ok(NodeLimit::Nodes(2)));
    for nonsense in ["0", "-1", "+2", "two", "1.5", "99999999999", "2 3"] {
        let said = limit(&format!("<NodeLimit>{nonsense}</NodeLimit>"));
        assert_eq!(said, Err(NotALicence::Unreadable { element: "NodeLimit" }), "{nonsense}");
    }
    let twice = limit("<NodeLimit>2</NodeLimit><NodeLimit>3</NodeLimit>");
    assert_eq!(twice, Err(NotALicence::Unreadable { element: "NodeLimit" }));
}

#[test]
fn a_day_may_have_a_time_and_must_be_one() {
    let until = |text: &str| within(&format!("<ValidTo>{text}</ValidTo>")).map(|licence| licence.valid_to);
    for good in ["2026-12-31", " 2026-12-31 ", "2026-12-31T00:00:00", "2026-12-31 00:00:00Z", "2026-12-31T00:00:00+00:00"] {
        assert_eq!(until(good), Ok(Some(date!(2026 - 12 - 31))), "{good}");
    }
    assert_eq!(until(""), Ok(None));
    for bad in
        ["2026-13-01", "2026-02-30", "31.12.2026", "2026-12-31x", "2026-12-31T", "20261231", "never", "2026-1-1", "ä026-12-3"]
    {
        assert_eq!(until(bad), Err(NotALicence::Unreadable { element: "ValidTo" }), "{bad}");
    }
}

#[test]
fn what_is_none_says_why() {
    for (text, why) in [
        ("", NotALicence::Empty),
        (" \r\n\u{feff}", NotALicence::Empty),
        ("12345-54321-11223-34455", NotALicence::NotXml),
        ("bm90IHhtbA==", NotALicence::NotXml),
        ("PExpY2Vuc2U", NotALicence::BrokenOff),
        (&TRIAL[..TRIAL.len() - 12], NotALicence::BrokenOff),
        (&TRIAL[..TRIAL.len() - 3], NotALicence::BrokenOff),
        ("<License>", NotALicence::BrokenOff),
        ("<Licence/>", NotALicence::NotOne),
        ("<License/>", NotALicence::NotOne),
        ("<License><LicenseKey>1</License></LicenseKey>", NotALicence::Malformed),
        ("<License><LicensedTo>&acme;</LicensedTo></License>", NotALicence::Malformed),
        ("<!DOCTYPE x [<!ENTITY acme 'x'>]><License><LicenseKey>1</LicenseKey></License>", NotALicence::Malformed),
        ("<License><LicenseKey>1</LicenseKey></License><License/>", NotALicence::Malformed),
        ("<License><LicenseKey>1</LicenseKey></License> x", NotALicence::Malformed),
    ] {
        assert_eq!(read(text), Err(why), "{text}");
    }
    assert_eq!(Licence::read(&vec![b'<'; 65_537]).map(|_| ()), Err(NotALicence::TooLong));
    let deep = format!("<License>{}", "<a>".repeat(20));
    assert_eq!(read(&deep), Err(NotALicence::Malformed));
    let long = within(&format!("<Kind>{}</Kind>", "x".repeat(2_000)));
    assert_eq!(long, Err(NotALicence::Unreadable { element: "Kind" }));
}

#[test]
fn nothing_of_the_key_is_kept() {
    let licence = read(TRIAL).unwrap();
    let said = format!("{licence:?}");
    assert!(!said.contains("12345") && !said.contains("aGVsbG8"), "{said}");
}

#[test]
fn a_text_of_lines_goes_on_until_its_end() {
    assert!(goes_on("\u{feff} <?xml version='1.0'?>"));
    assert!(goes_on("<License>\n<LicensedTo>"));
    assert!(!goes_on(TRIAL));
    assert!(goes_on("PExpY2Vuc2U"));
    for over in ["", "12345", "hunter2"] {
        assert!(!goes_on(over), "{over}");
    }
    for (way, columns) in [(0, 64), (0, 76), (3, 64), (3, 76)] {
        let whole = wrapped(&encoded(TRIAL, way), columns, "\n");
        let lines: Vec<&str> = whole.lines().collect();
        let ends = (1..=lines.len()).find(|count| !goes_on(&lines[..*count].join("\n")));
        assert!(ends.is_some_and(|ends| ends + 1 >= lines.len()), "{way} {columns}");
    }
}

proptest! {
    #[test]
    fn whatever_the_encoding_the_same_is_read(
        name in "[^\\x00-\\x1f\\x7f-\\x9f<&\u{feff}\u{fffe}\u{ffff}]{1,40}", inner in 0_u8..6, outer in 0_u8..6, columns in 1_usize..200,
    ) {
        let xml = format!("<License><LicensedTo>{name}</LicensedTo><NodeLimit>2</NodeLimit></License>");
        let plain = Licence::read(xml.as_bytes()).unwrap();
        let bytes = encoded(&xml, inner);
        let base64 = encoded(&wrapped(&bytes, columns, "\n"), outer);
        for form in [bytes, base64] {
            let (licence, text) = Licence::read(&form).unwrap();
            prop_assert_eq!(&licence, &plain.0);
            prop_assert_eq!(text.expose_secret(), &xml);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Licence::read(&bytes);
        let _ = Licence::read(BASE64.encode(&bytes).as_bytes());
    }

    #[test]
    fn no_cut_and_no_change_makes_it_panic(cut in 0_usize..500, at in 0_usize..500, byte in any::<u8>()) {
        let mut bytes = TRIAL.as_bytes().to_vec();
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        bytes.truncate(cut);
        let _ = Licence::read(&bytes);
    }
}
