use secrecy::ExposeSecret;

use super::*;
use crate::model::answers::Raw;
use crate::model::field::FieldId;

fn read_bytes(bytes: &[u8]) -> Result<OctopusConfig, ConfigTrouble> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(FILE);
    std::fs::write(&path, bytes).expect("written");
    let read = read(&path);
    assert_eq!(std::fs::read(&path).expect("still there"), bytes);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    read
}

fn settings(inner: &str) -> OctopusConfig {
    let text = format!("<?xml version='1.0' encoding='UTF-8' ?><octopus-settings>{inner}</octopus-settings>");
    read_bytes(text.as_bytes()).expect("read")
}

/// The line and the words of what cannot be read.
fn refused(text: &[u8]) -> (usize, String) {
    match read_bytes(text) {
        Err(ConfigTrouble::Malformed { line, said, .. }) => (line, said.to_string()),
        Err(ConfigTrouble::Unreadable { said, .. }) => (0, said.to_string()),
        other => panic!("{other:?}"),
    }
}

fn password(config: &OctopusConfig) -> Option<String> {
    config.get(FieldId::Password).map(|raw| match raw {
        Raw::Secret(secret) => secret.expose_secret().to_owned(),
        Raw::Text(_) => panic!("a password in the clear"),
    })
}

const WHOLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<octopus-settings xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <set key="Octopus.Communications.ServicesPort">10943</set>
  <set key="Octopus.Home">C:\Octopus</set>
  <set key="Octopus.Server.NodeName">WEB01</set>
  <set key="Octopus.Storage.ExternalDatabaseConnectionString">Data Source=sql01;Initial Catalog=Octopus;User ID=octo;Password=hunter2</set>
  <set key="Octopus.Storage.MasterKey">AQAAANCMnd8BFdERjHoAwE/</set>
  <set key="Octopus.WebPortal.ForceSsl">True</set>
  <set key="Octopus.WebPortal.ListenPrefixes">http://localhost:80/</set>
</octopus-settings>
"#;

#[test]
fn what_octopus_writes_is_read_in_every_encoding_that_windows_writes() {
    let wide = |unit: fn(u16) -> [u8; 2]| WHOLE.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let expected = read_bytes(WHOLE.as_bytes()).expect("read");
    for (field, text) in [
        (FieldId::CommsPort, "10943"),
        (FieldId::Home, r"C:\Octopus"),
        (FieldId::NodeName, "WEB01"),
        (FieldId::ListenPrefixes, "http://localhost:80/"),
        (FieldId::ForceSsl, "true"),
    ] {
        assert_eq!(expected.text(field), Some(text), "{}", field.id());
    }
    assert!(expected.has_connection && expected.has_master_key);
    assert_eq!(password(&expected).as_deref(), Some("hunter2"));
    assert_eq!(expected.unused, []);
    assert!(!format!("{expected:?}").contains("hunter2") && !format!("{expected:?}").contains("AQAAANC"));
    for bytes in [
        [b"\xef\xbb\xbf", WHOLE.as_bytes()].concat(),
        [b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(),
        [b"\xfe\xff".to_vec(), wide(u16::to_be_bytes)].concat(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        WHOLE.replace("utf-8", "utf-16").into_bytes(),
    ] {
        let read = read_bytes(&bytes).expect("read");
        assert_eq!(OctopusConfig { path: expected.path.clone(), ..read }, expected);
    }
}

#[test]
fn keys_have_no_case_and_a_blank_value_is_none() {
    let config = settings(
        r#"<set key="octopus.webportal.FORCESSL">false</set><set key="Octopus.Home">  </set>
           <set key="Octopus.Server.NodeName"/><set key="Octopus.Storage.NodeName">web02</set><other><set/></other>
           <set key="Octopus.Storage.MasterKey"> </set>"#,
    );
    let said = (config.text(FieldId::ForceSsl), config.text(FieldId::Home), config.text(FieldId::NodeName));
    assert_eq!((said, config.has_master_key), ((Some("false"), None, Some("web02")), false));
    let bare = settings("");
    assert_eq!((bare.has_connection, bare.said), (false, Vec::new()));
}

#[test]
fn escaped_values_are_unescaped_once() {
    let connection =
        |value: &str| settings(&format!(r#"<set key="Octopus.Storage.ExternalDatabaseConnectionString">{value}</set>"#));
    for (value, expected) in [
        ("Server=a;Password=x&amp;y", "x&y"),
        ("Server=a;Password=&lt;x&gt;", "<x>"),
        ("Server=a;Password=&quot;a&#59;b&#x3b;c&quot;", "a;b;c"),
        ("Server=a;Password=<![CDATA[a<b&c]]>", "a<b&c"),
        ("Server=a;<!-- not here -->Password=&amp;lt;", "&lt;"),
    ] {
        let quoted = value.replace("&amp;lt;", "'&amp;lt;'");
        assert_eq!(password(&connection(&quoted)).as_deref(), Some(expected), "{value}");
    }
}

#[test]
fn what_cannot_be_used_is_told_in_sentences_without_values() {
    let config = settings(
        r#"<set key="Octopus.WebPortal.ForceSsl">perhaps</set><set>hunter2</set>
           <set key="Octopus.Home">/a</set><set key="octopus.home">/b</set>
           <set key="Octopus.Storage.ExternalDatabaseConnectionString">Server=a;Password='hunter2</set>"#,
    );
    assert_eq!((config.text(FieldId::Home), config.has_connection, config.get(FieldId::ForceSsl)), (Some("/b"), false, None));
    let told: Vec<&str> = config.unused.iter().map(Untrusted::as_str).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told.contains(&"octopus.home is there twice; the last one counts."), "{told:?}");
    assert!(told.contains(&"Octopus.WebPortal.ForceSsl is neither true nor false."), "{told:?}");
    assert!(told.iter().any(|said| said.starts_with("Octopus.Storage.ExternalDatabaseConnectionString cannot be used: ")));
    assert!(told.iter().all(|said| said.ends_with('.') && !said.contains("hunter2")), "{told:?}");
    let windows =
        settings(r#"<set key="Octopus.Storage.ExternalDatabaseConnectionString">Server=a;Integrated Security=True</set>"#);
    assert!(windows.unused[0].as_str().contains("Integrated Security"), "{:?}", windows.unused);
}

#[test]
fn bad_files_are_told_with_their_line_and_never_with_their_text() {
    let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY a \"hunter2\">\n<!ENTITY b \"&a;&a;&a;&a;\">\n]>\n\
                  <octopus-settings><set key=\"x\">&b;</set></octopus-settings>";
    let outside = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><octopus-settings/>";
    for (text, line, part) in [
        ("", 1, "it is empty"),
        ("\n\n<!-- x -->\n", 4, "it is empty"),
        (laughs, 5, "DOCTYPE"),
        (outside, 1, "DOCTYPE"),
        ("<octopus-settings>\n<set key=\"a\">hunter2", 2, "breaks off"),
        ("<octopus-settings>\n<set key=\"a\">x</set>\n", 3, "breaks off"),
        ("<octopus-settings>\n<set key=\"hunter2", 2, "breaks off"),
        ("<octopus-settings>\n\n<set key=\"a\">x<hunter2</set></octopus-settings>", 3, "&lt;"),
        ("<octopus-settings>\n<set key=\"a\">&hunter2;</set></octopus-settings>", 2, "&amp;"),
        ("<octopus-settings>\n<set key=\"a\">a&hunter2</set></octopus-settings>", 2, "&amp;"),
        ("<octopus-settings>\n<set key=\"a\">&#x110000;</set></octopus-settings>", 2, "&amp;"),
        ("<octopus-settings>\n<set key=\"a\" key=\"hunter2\"/></octopus-settings>", 2, "attribute"),
        ("<configuration/>", 1, "not octopus-settings"),
        ("<octopus-settings/>\n<octopus-settings/>", 2, "second root"),
        ("<octopus-settings/>\nhunter2", 2, "outside"),
        ("[node]\nname = 'hunter2'\n", 3, "outside"),
        ("<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<octopus-settings/>", 1, "another encoding"),
        (&format!("<octopus-settings>{}", "<a>".repeat(10_000)), 1, "too deeply"),
    ] {
        let (told, said) = refused(text.as_bytes());
        let start: String = text.chars().take(80).collect();
        assert!(told == line && said.contains(part) && !said.contains("hunter2"), "{start}: line {told}: {said}");
    }
    for (bytes, part) in [
        (&b"<octopus-settings>\n<set key=\"a\">\xe4</set>"[..], "the first wrong byte is in line 2"),
        (b"\xff\xfe<\0o", "UTF-16"),
        (b"\xff\xfe\x00\xd8x\0", "UTF-16"),
    ] {
        if bytes == b"\xff\xfe<\0o" {
            assert_eq!(refused(bytes).1, "it begins as UTF-16 text and does not go on as such");
        }
        assert!(refused(bytes).1.contains(part), "{:?}", refused(bytes));
    }
    assert!(refused(&vec![b' '; 2 << 20]).1.contains("larger than 1048576 bytes"));
}

#[test]
fn many_settings_take_no_time() {
    let many = "<set key=\"a\">b</set>".repeat(40_000);
    assert_eq!(settings(&many).unused.len(), 20);
}

proptest::proptest! {
    #[test]
    fn garbage_makes_it_panic_never(
        text in "(<octopus-settings>|<!DOCTYPE|<\\?xml |<set key=\"a\">|</set>|&#x?[0-9]{0,9};|&amp;|<!\\[CDATA\\[|\\]\\]>|[<>&;\"'/ \u{e4}x=-]|\n){0,40}",
    ) {
        let _ = xml::read(&text);
    }

    #[test]
    fn nor_do_bytes(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80), head in 0..5_usize) {
        let heads: [&[u8]; 5] = [b"", b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"];
        let whole = [heads[head], &bytes].concat();
        if let Ok(text) = decode::decode(&whole) {
            let _ = xml::read(&text);
        }
    }
}
