//! The key of a call: from a file that only its owner may read, standard input or the environment.

use std::io::{self, ErrorKind, IsTerminal, Read};
use std::path::Path;

use axum::http::HeaderValue;
use kit::secret_file;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::output::Failure;

/// The header with the key.
pub(super) const HEADER: &str = "x-api-key";

/// The environment variables with the key itself: the name of this command, and that of the guides.
const VARIABLES: [&str; 2] = ["PLANECONNECTION_API_KEY", "PLANECONNECTION_KEY"];

/// Bytes of standard input that are read: a key is shorter.
const LONGEST: u64 = 4096;

/// An API key in the form that the server gave it.
pub(super) struct Credential(SecretString);

/// Returns whether the key is read from standard input.
pub(super) fn is_stdin(file: Option<&Path>) -> bool {
    file.is_some_and(|path| path.as_os_str() == "-")
}

impl Credential {
    /// Reads the key. Without a file it is that of the environment, if there is one.
    pub(super) fn read(file: Option<&Path>) -> Result<Option<Self>, Failure> {
        let Some(path) = file else { return Self::from_environment() };
        let (text, name) = if is_stdin(file) {
            (from_stdin()?, "standard input".to_owned())
        } else {
            let failed = |error: io::Error| match error.kind() {
                // Names the file, and what to do.
                ErrorKind::InvalidData => Failure::refused(format!("--key-file {error}")),
                _ => Failure::refused(format!("cannot read --key-file {}: {error}", path.display())),
            };
            (secret_file::read(path).map_err(failed)?, path.display().to_string())
        };
        Self::parse(&text, &name).map(Some)
    }

    fn from_environment() -> Result<Option<Self>, Failure> {
        let given = |name: &&str| std::env::var(name).ok().filter(|text| !text.trim().is_empty()).map(SecretString::from);
        let found = VARIABLES.iter().find_map(|name| given(name).map(|text| (name, text)));
        found.map(|(name, text)| Self::parse(&text, name)).transpose()
    }

    /// Takes a key, without the blanks around it. Anything else stays on this machine: it may be another secret.
    fn parse(text: &SecretString, name: &str) -> Result<Self, Failure> {
        let text = text.expose_secret().trim();
        if key_format::digest_of(text.as_bytes()).is_err() {
            return Err(Failure::refused(format!(
                "there is no API key in {name}: expected pck_ and 38 letters and digits, as it was shown when it was created"
            )));
        }
        Ok(Self(text.to_owned().into()))
    }

    /// The value of the header, which `Debug` does not show.
    pub(super) fn header(&self) -> Result<HeaderValue, Failure> {
        let value = HeaderValue::from_str(self.0.expose_secret());
        let mut value = value.map_err(|_| Failure::refused("the API key cannot be sent in a header"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

fn from_stdin() -> Result<SecretString, Failure> {
    if io::stdin().is_terminal() {
        return Err(Failure::usage("--key-file -: pipe the key in, for example: pass show planes | planeconnection api …"));
    }
    let mut text = String::new();
    io::stdin().take(LONGEST).read_to_string(&mut text)?;
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use key_format::PlainSecret;

    use super::*;

    fn secret() -> PlainSecret {
        let random = kit::random::Random::seeded(1);
        PlainSecret::generate(|bytes| random.fill(bytes))
    }

    #[test]
    fn key_in_a_file_is_read_without_the_end_of_its_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, secret) = (folder.path().join("key"), secret());
        std::fs::write(&path, format!("{}\n", secret.expose())).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        let refused = Credential::read(Some(&path)).err().expect("others may read it").to_string();
        assert!(refused.contains("chmod 600") && refused.contains("key-file"), "{refused}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
        let header = Credential::read(Some(&path)).ok().flatten().expect("a key").header().expect("a header");
        assert_eq!(header.to_str().ok(), Some(secret.expose()));
        assert!(!format!("{header:?}").contains("pck_"), "{header:?}");
    }

    #[test]
    fn text_that_is_no_key_is_neither_sent_nor_repeated() {
        let wrong = secret().expose().replace("pck_", "pck_0");
        for text in ["", "correct horse battery", "pck_not-a-key", &wrong] {
            let refused = Credential::parse(&text.to_owned().into(), "the file").err().expect("refused").to_string();
            assert!(refused.starts_with("there is no API key in the file:"), "{refused}");
            assert!(text.is_empty() || !refused.contains(text), "{refused}");
        }
    }
}
