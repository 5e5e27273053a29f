//! A look-up of the host name in a URL, when the URL is entered.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use tokio::time::timeout;
use tower_service::Service;

use super::error::OutboundError;
use super::guard::{AllowedRanges, ForbiddenAddress, Guard, check_url};

/// The outcome of a look-up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lookup {
    /// The URL has an address, or its host name leads to addresses, that may be connected to.
    Found,
    /// The host name leads to no address now, or DNS did not answer in time.
    Nothing,
}

/// Checks a URL, and the addresses that its host name leads to now. A connection checks both again.
pub async fn look_up(url: &str, allowed: &AllowedRanges, limit: Duration) -> Result<Lookup, OutboundError> {
    let allowed = Arc::new(allowed.clone());
    let (url, scheme) = check_url(url, &allowed)?;
    // An address in the URL was checked with it.
    let Some(name) = url.domain().and_then(|name| Name::from_str(name).ok()) else { return Ok(Lookup::Found) };
    match timeout(limit, Guard::new(allowed, scheme).call(name)).await {
        Ok(Ok(mut addresses)) => Ok(if addresses.next().is_some() { Lookup::Found } else { Lookup::Nothing }),
        Ok(Err(error)) => match error.downcast_ref::<ForbiddenAddress>() {
            Some(forbidden) => Err((*forbidden).into()),
            None => Ok(Lookup::Nothing),
        },
        Err(_late) => Ok(Lookup::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn names_of_this_machine_are_refused_and_unknown_ones_are_not() {
        let internet = AllowedRanges::default();
        let refused = look_up("https://localhost/", &internet, LIMIT).await.expect_err("refused");
        assert!(matches!(refused, OutboundError::Address(_)), "{refused:?}");
        let loopback = ["127.0.0.0/8", "::1/128"].map(|block| block.parse().expect("a block"));
        let allowed = AllowedRanges { ranges: loopback.to_vec(), allows_http: false };
        assert_eq!(look_up("https://localhost/", &allowed, LIMIT).await.expect("taken"), Lookup::Found);
        assert_eq!(look_up("https://receiver.invalid/", &internet, LIMIT).await.expect("taken"), Lookup::Nothing);
        assert_eq!(look_up("https://8.8.8.8/", &internet, LIMIT).await.expect("taken"), Lookup::Found);
        assert!(matches!(look_up("https://10.0.0.1/", &internet, LIMIT).await, Err(OutboundError::Url(_))));
    }
}
