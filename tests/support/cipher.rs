//! Encryption by independent programs: OpenSSL's command line and Python's gzip.

use std::io::Write;
use std::process::{Command, Stdio};

use data_encoding::{BASE64, HEXLOWER};
use octopus_setup::model::master_key::MasterKey;

fn run(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} {}", arguments[0]);
    output.stdout
}

/// Encrypts a value as Octopus stores it: `base64(cipher)|base64(iv)`.
pub fn encrypted(plain: &str, key: &MasterKey, iv: u8) -> String {
    let cipher = if key.expose_bytes().len() == 16 { "-aes-128-cbc" } else { "-aes-256-cbc" };
    let iv = [[iv; 8], [0x5a; 8]].concat();
    let (key, hex) = (HEXLOWER.encode(key.expose_bytes()), HEXLOWER.encode(&iv));
    let sealed = run("openssl", &["enc", cipher, "-K", &key, "-iv", &hex], plain.as_bytes());
    format!("{}|{}", BASE64.encode(&sealed), BASE64.encode(&iv))
}

/// Creates a server certificate with its key, as a PKCS#12 store in base64.
pub fn certificate() -> String {
    let request = "req -x509 -newkey rsa:2048 -nodes -keyout - -subj /CN=Octopus -days 36500";
    let pem = run("openssl", &request.split(' ').collect::<Vec<_>>(), b"");
    BASE64.encode(&run("openssl", &["pkcs12", "-export", "-passout", "pass:"], &pem))
}

/// Compresses a text as `COMPRESS` does with `nvarchar`: gzip of UTF-16, as a binary literal. Uses Python.
pub fn compressed(text: &str) -> String {
    let program = "import gzip,sys; sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read().decode().encode('utf-16-le')))";
    format!("0x{}", HEXLOWER.encode(&run("python3", &["-c", program], text.as_bytes())))
}
