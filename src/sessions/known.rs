//! Browsers and addresses that a member signed in from before. Guessing from anywhere cannot keep these out.
//!
//! A browser is known by a random token in a cookie, an address by its network. Of both only a digest is stored, that of a network
//! with the member's id, so that rows of different members cannot be compared. They end with the member, or unused after 180
//! days.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::HeaderMap;
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

use super::cookie::Jar;
use super::store;
use crate::app::App;
use crate::members::{self, Email, Member, MemberId};
use kit::clock::Time;
use kit::db::DbResult;
use kit::http::client;
use kit::secret::{SecretToken, TokenKind};

/// The tokens of browsers: `pcd_…`.
const TOKEN: TokenKind = TokenKind::new('d');

/// How long a browser or an address stays known without a sign-in.
pub(super) const LIFETIME: Duration = Duration::from_hours(180 * 24);

/// The most browsers and the most networks of one member; the longest unused make room.
const MOST: u64 = 20;

/// The kind of a known caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Browser,
    Network,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Network => "network",
        }
    }
}

/// SHA-256 of a browser's token, or of a member's id and a network.
pub(super) type Mark = [u8; 32];

/// The caller of a sign-in.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The address.
    pub address: IpAddr,
    /// The browser, if a page is called.
    pub browser: Option<Browser>,
}

/// A browser that keeps cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The token that it sent, if it sent one.
    pub token: Option<SecretToken>,
}

impl Browser {
    /// The token in the browser's cookie.
    pub(crate) fn sent(app: &App, headers: &HeaderMap) -> Option<SecretToken> {
        Jar::Browser.read(&app.config, headers).and_then(|text| SecretToken::presented(TOKEN, &text))
    }
}

impl Origin {
    /// The marks of this caller for a member. An address that is not known marks nobody.
    fn marks(&self, member: MemberId) -> impl Iterator<Item = (Kind, Mark)> {
        let network = (self.address != client::UNKNOWN).then(|| client::network(self.address));
        let network = network.map(|network| (Kind::Network, Sha256::digest(format!("{member} {network}")).into()));
        let token = self.browser.as_ref().and_then(|browser| browser.token.as_ref());
        token.map(|token| (Kind::Browser, token.digest().to_bytes())).into_iter().chain(network)
    }
}

/// A caller that is known, and the members who signed in from there: only their passwords may be tried beyond the limits of
/// unknown callers, so that a seat that another workspace made for the same email opens nothing.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) kind: Kind,
    pub(super) mark: Mark,
    pub(super) members: Vec<MemberId>,
}

/// Finds the seats of this email that were signed in from this browser, or else from this network, before.
pub(super) async fn find(app: &App, email: &Email, origin: &Origin) -> DbResult<Option<Known>> {
    let seats = members::with_password(app.db.read(), email.as_str(), None).await?;
    let ids: Vec<MemberId> = seats.iter().map(|(member, _)| member.id).collect();
    let marks: Vec<(MemberId, Kind, Mark)> =
        ids.iter().flat_map(|id| origin.marks(*id).map(|(kind, mark)| (*id, kind, mark))).collect();
    let stored = store::find_known(app.db.read(), &ids, marks.iter().map(|(_, _, mark)| *mark)).await?;
    let of_kind = |wanted: Kind| {
        let mut known = marks.iter().filter(|(id, kind, mark)| *kind == wanted && stored.contains(&(*id, *mark))).peekable();
        let mark = known.peek().map(|(_, _, mark)| *mark)?;
        Some(Known { kind: wanted, mark, members: known.map(|(id, _, _)| *id).collect() })
    };
    Ok(of_kind(Kind::Browser).or_else(|| of_kind(Kind::Network)))
}

/// Remembers the caller of a sign-in, in its transaction. Gives the token for the browser's cookie.
pub(super) async fn remember(
    app: &App,
    tx: &impl ConnectionTrait,
    member: &Member,
    origin: &Origin,
    now: Time,
) -> DbResult<Option<SecretToken>> {
    let token = match &origin.browser {
        Some(browser) => Some(cookie_token(app, tx, browser).await?),
        None => None,
    };
    let browser = token.clone().map(|token| Browser { token: Some(token) });
    for (kind, mark) in (Origin { address: origin.address, browser }).marks(member.id) {
        store::upsert_known(tx, member, kind, mark, now).await?;
        store::keep_known(tx, member.id, kind, MOST).await?;
    }
    Ok(token)
}

/// The token of a browser: its own if it was given here, so that several people who use the browser stay known; else a new one,
/// so that nobody can plant one.
async fn cookie_token(app: &App, tx: &impl ConnectionTrait, browser: &Browser) -> DbResult<SecretToken> {
    match &browser.token {
        Some(token) if store::is_known(tx, token.digest().to_bytes()).await? => Ok(token.clone()),
        _ => Ok(SecretToken::generate(TOKEN, &app.random)),
    }
}
