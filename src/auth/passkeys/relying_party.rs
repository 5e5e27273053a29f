//! [`RelyingParty`]: the host of the public URL, to which browsers bind passkeys.

use webauthn_rs::prelude::{Url, Webauthn};
use webauthn_rs::{DEFAULT_AUTHENTICATOR_TIMEOUT, WebauthnBuilder};

use super::ceremonies::LIFETIME;
use crate::config::Config;

/// The name that browsers show beside the host.
const NAME: &str = "PlaneConnection";

// The browser's time to ask the person is that of the ceremony.
const _: () = assert!(LIFETIME.as_secs() == DEFAULT_AUTHENTICATOR_TIMEOUT.as_secs());

/// The reason why this server cannot have passkeys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unavailable {
    #[error(
        "the public URL of this server is an IP address, and browsers bind passkeys to a host name: the operator has to set --public-url to a URL with a host name"
    )]
    IpAddress,
    #[error(
        "the public URL of this server has no TLS, without which browsers offer no passkeys: the operator has to set --public-url to a URL that begins with https://"
    )]
    NoTls,
    #[error("the public URL of this server cannot be read: the operator has to correct --public-url")]
    Malformed,
}

/// The party that passkeys are made for.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    id: String,
    pub(super) webauthn: Webauthn,
}

impl RelyingParty {
    /// Returns the relying party of the public URL, unless that cannot have passkeys.
    pub fn of(config: &Config) -> Result<Self, Unavailable> {
        let origin = Url::parse(config.origin()).map_err(|_| Unavailable::Malformed)?;
        let id = origin.domain().ok_or(Unavailable::IpAddress)?.to_owned();
        let is_local = id == "localhost" || id.ends_with(".localhost");
        if origin.scheme() != "https" && !is_local {
            return Err(Unavailable::NoTls);
        }
        let built = WebauthnBuilder::new(&id, &origin).and_then(|builder| builder.rp_name(NAME).build());
        let webauthn = built.map_err(|_| Unavailable::Malformed)?;
        Ok(Self { id, webauthn })
    }

    /// Returns the host.
    pub fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(public_url: &str) -> Result<String, Unavailable> {
        let config = Config { public_url: public_url.to_owned(), ..Config::default() };
        RelyingParty::of(&config).map(|party| party.id)
    }

    #[test]
    fn host_of_the_public_url_is_the_relying_party() {
        assert_eq!(of("https://planes.example").as_deref(), Ok("planes.example"));
        assert_eq!(of("https://Ops.Planes.example:8443/app").as_deref(), Ok("ops.planes.example"));
        assert_eq!(of("http://localhost:8080").as_deref(), Ok("localhost"));
        assert_eq!(of("http://node.localhost").as_deref(), Ok("node.localhost"));
    }

    #[test]
    fn addresses_and_hosts_without_tls_have_no_passkeys() {
        for address in ["http://127.0.0.1:8080", "https://192.0.2.7", "https://[2001:db8::1]:8443", "https://0x7f.1"] {
            assert_eq!(of(address), Err(Unavailable::IpAddress), "{address}");
        }
        assert_eq!(of("http://planes.example"), Err(Unavailable::NoTls));
        assert_eq!(of("http://notlocalhost"), Err(Unavailable::NoTls));
        assert_eq!(of("https://"), Err(Unavailable::Malformed));
    }
}
