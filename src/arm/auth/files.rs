//! Texts, secrets and certificates that stand in files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use secrecy::SecretString;

use super::{Secret, Text};
use crate::arm::error::SignInError;

/// A file with an id, a secret or a certificate is short; anything larger is another file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

impl Text {
    /// The text; `argument` is the one that names the file.
    pub(super) fn read(&self, argument: &str) -> Result<String, SignInError> {
        match self {
            Self::Given(text) => Ok(text.clone()),
            Self::File(path) => read_trimmed(path, argument),
        }
    }
}

impl Secret {
    /// The secret; `argument` is the one that names the file.
    pub(super) fn read(&self, argument: &str) -> Result<SecretString, SignInError> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::File(path) => read_trimmed(path, argument).map(SecretString::from),
        }
    }
}

/// Reads a small file whole.
pub(super) fn read_bytes(path: &Path, argument: &str) -> Result<Vec<u8>, SignInError> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content))
        .map_err(|error| refusal(path, argument, &error.to_string()))?;
    if content.len() as u64 > FILE_BYTES_MAX {
        let reason = format!("it is larger than {FILE_BYTES_MAX} bytes");
        return Err(refusal(path, argument, &reason));
    }
    Ok(content)
}

/// Reads a text without the line end that editors leave: Entra ID would take it as a part.
fn read_trimmed(path: &Path, argument: &str) -> Result<String, SignInError> {
    let content = read_bytes(path, argument)?;
    let Ok(text) = std::str::from_utf8(&content) else {
        return Err(refusal(path, argument, "it is no text in UTF-8"));
    };
    match text.trim_start_matches('\u{feff}').trim() {
        "" => Err(refusal(path, argument, "it is empty")),
        trimmed => Ok(trimmed.to_owned()),
    }
}

fn refusal(path: &Path, argument: &str, reason: &str) -> SignInError {
    let path = path.display();
    SignInError::permanent(format!(
        "cannot read the file {path}, which {argument} names: {reason}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn files_are_read_anew_and_trimmed() {
        let path = std::env::temp_dir().join(format!("secret-{}", uuid::Uuid::new_v4()));
        let secret = Secret::File(path.clone());
        let missing = secret.read("client_secret_file_path").unwrap_err();
        assert!(missing.permanent);
        for part in [path.to_str().unwrap(), "client_secret_file_path"] {
            assert!(missing.to_string().contains(part), "{missing}");
        }

        let read = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            let found = secret.read("a").map_err(|error| error.to_string())?;
            Ok::<_, String>(found.expose_secret().to_owned())
        };
        assert_eq!(read(b"one\r\n").as_deref(), Ok("one"));
        assert_eq!(read(b"two").as_deref(), Ok("two"));
        assert_eq!(read(b"\xef\xbb\xbfthree\n").as_deref(), Ok("three"));
        assert!(read(b" \n").unwrap_err().contains("empty"));
        assert!(read(b"\xff\xfe").unwrap_err().contains("UTF-8"));
        assert!(
            read(&vec![b'x'; 64 * 1024 + 1])
                .unwrap_err()
                .contains("larger")
        );
        std::fs::remove_file(&path).unwrap();
    }
}
