//! Links that open a message.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but letters, digits and the punctuation that RFC 6068 allows in an address; `?` and `&` start header fields.
const ESCAPED: AsciiSet = {
    let kept = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');
    kept.remove(b'+').remove(b'!').remove(b'$').remove(b'\'').remove(b'*')
};

/// Returns the address of a link that writes to `email`.
pub fn mailto(email: &str) -> String {
    format!("mailto:{}", utf8_percent_encode(email, &ESCAPED))
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
