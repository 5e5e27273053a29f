//! Links that open a message.

use std::fmt::Write;

/// The address of a link to write to `email` (RFC 6068): a question mark in it does not begin header fields.
pub fn mailto(email: &str) -> String {
    let mut link = "mailto:".to_owned();
    for byte in email.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@+!$'*".contains(&byte) {
            link.push(byte.into());
        } else {
            let _infallible = write!(link, "%{byte:02X}");
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_adds_no_header_fields_to_its_link() {
        assert_eq!(mailto("ana+1@skyline.example"), "mailto:ana+1@skyline.example");
        assert_eq!(mailto("q?cc=evil&x@x.example"), "mailto:q%3Fcc%3Devil%26x@x.example");
        assert_eq!(mailto("ä%@x.example"), "mailto:%C3%A4%25@x.example");
    }
}
