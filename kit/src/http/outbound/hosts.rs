//! Names and addresses of the hosts file.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;

use hickory_resolver::proto::rr::Name;

/// The addresses of each name in a hosts file, in their order.
#[derive(Debug, Default)]
pub(super) struct Hosts(HashMap<Name, Vec<IpAddr>>);

impl Hosts {
    /// Reads a file. Without one, there are no names.
    pub(super) fn read(file: &Path) -> Self {
        match std::fs::read(file) {
            Ok(text) => Self::parse(&String::from_utf8_lossy(&text)),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    tracing::warn!(file = %file.display(), %error, "hosts file cannot be read, going on without it");
                }
                Self::default()
            }
        }
    }

    /// Parses lines of an address and names. What is neither is ignored; an address counts without its scope, as in `fe80::1%eth0`.
    fn parse(text: &str) -> Self {
        let mut hosts = Self::default();
        for line in text.trim_start_matches('\u{feff}').lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let address = words.next().and_then(|word| word.split('%').next()?.parse::<IpAddr>().ok());
            let Some(address) = address else { continue };
            for name in words.filter_map(complete) {
                hosts.0.entry(name).or_default().push(address);
            }
        }
        hosts
    }

    /// Returns the addresses of a name. They are the only ones that count, also if they are of one family.
    pub(super) fn get(&self, name: &Name) -> Option<&[IpAddr]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// Returns a name to which no search domain is added; `None` if it, or a part of it, is too long.
pub(super) fn complete(host: &str) -> Option<Name> {
    let mut name = Name::from_ascii(host).ok()?;
    name.set_fqdn(true);
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_an_address_and_names_are_taken() {
        let text = "\u{feff}127.0.0.1 localhost\n# 10.0.0.1 comment\n\n10.0.0.2\tReceiver.Example receiver # pinned\r\n\
            not-an-address name\n10.0.0.3 receiver.example with_underscore.example\nfe80::1%eth0 router";
        let hosts = Hosts::parse(text);
        let of = |name: &str| {
            hosts
                .get(&complete(name).expect("a name"))
                .map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(of("localhost").as_deref(), Some("127.0.0.1"));
        assert_eq!(of("receiver.example.").as_deref(), Some("10.0.0.2 10.0.0.3"));
        assert_eq!(of("receiver").as_deref(), Some("10.0.0.2"));
        assert_eq!(of("with_underscore.example").as_deref(), Some("10.0.0.3"));
        assert_eq!(of("router").as_deref(), Some("fe80::1"));
        assert_eq!([of("comment"), of("name"), of("pinned"), of("other.example")], [None, None, None, None]);
    }
}
