//! The search form: redirects to the list with the text in its address. A pasted secret must not get into an address.

use axum::response::{IntoResponse, Redirect, Response};
use sha2::{Digest, Sha256};

use super::query::{BY_DIGEST, LIST, ListQuery};
use crate::access::{Form, ManageKeys, PageSession};
use key_format::find_key;
use kit::page::Fields;

/// Redirects to the list. A browser with scripts hashes a pasted secret itself and does not send it.
pub(super) async fn search(_: PageSession<ManageKeys>, Form { fields, .. }: Form) -> Response {
    Redirect::to(&address(&fields)).into_response()
}

fn address(fields: &Fields) -> String {
    match find_key(fields.text("search")) {
        // A secret with a wrong checksum is hashed as well, and finds nothing.
        Some(secret) => format!("{LIST}?search={BY_DIGEST}{}", hex::encode(Sha256::digest(secret))),
        None => ListQuery::read(fields).link(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use key_format::PlainSecret;
    use kit::random::Random;

    #[test]
    fn secret_becomes_its_digest_and_other_text_keeps_its_filters() {
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
    fn pasted_secret_never_gets_into_an_address() {
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
