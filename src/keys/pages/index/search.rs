//! A text to search for, on its way into an address; a key that was pasted must not get there.

use axum::response::{IntoResponse, Redirect, Response};
use sha2::{Digest, Sha256};

use super::wanted::{BY_DIGEST, LIST, Wanted};
use crate::access::{Form, ManageKeys, PageSession};
use key_format::find_key;
use kit::page::Fields;

/// To the list that shows what was found. A browser with a script hashes a key itself and does not come here with it.
pub(super) async fn search(_: PageSession<ManageKeys>, Form { fields, .. }: Form) -> Response {
    Redirect::to(&address(&fields)).into_response()
}

fn address(fields: &Fields) -> String {
    match find_key(fields.text("search")) {
        // Whether or not its checksum fits: with a mistyped one nothing will be found.
        Some(secret) => format!("{LIST}?search={BY_DIGEST}{}", hex::encode(Sha256::digest(secret))),
        None => Wanted::read(fields).link(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use key_format::PlainSecret;
    use kit::random::Random;

    #[test]
    fn a_key_becomes_its_digest_and_any_other_text_stays_with_its_filters() {
        let random = Random::seeded(1);
        let secret = PlainSecret::generate(|bytes| random.fill(bytes));
        let expected = format!("/settings/api-keys?search=sha256:{}", hex::encode(secret.digest().0));
        for text in [secret.expose().to_owned(), format!("X-API-Key: {}\n", secret.expose())] {
            assert_eq!(address(&Fields::from([("search", text.as_str()), ("status", "active")])), expected);
        }
        let fields = Fields::from([("search", "a&b"), ("status", "active"), ("sort", "-name"), ("page", "3"), ("csrf", "1")]);
        assert_eq!(address(&fields), "/settings/api-keys?status=active&search=a%26b&sort=-name");
    }

    #[test]
    fn no_key_gets_into_an_address_however_it_was_pasted() {
        let random = Random::seeded(2);
        let secret = PlainSecret::generate(|bytes| random.fill(bytes)).expose().to_owned();
        for text in [
            format!("x{secret}x"),
            secret.repeat(3),
            format!("{secret}_"),
            format!("_{secret} {secret}"),
            "x".repeat(180) + &secret,
        ] {
            assert!(!address(&Fields::from([("search", text.as_str())])).contains(&secret), "{text}");
        }
    }
}
