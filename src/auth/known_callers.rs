//! Browsers and addresses that a member signed in from before. Guessing from elsewhere cannot lock these out.
//!
//! A browser is recognised by a random token in a cookie, an address by its network. Only digests are stored, that of a network
//! with the member's id, so that rows of different members cannot be compared. They are deleted with the member, or after 180
//! days without use.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::HeaderMap;
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

use super::store;
use crate::audit::AuditedTx;
use crate::config::Config;
use crate::core::Core;
use crate::mail::{self, Content};
use crate::members::{self, Email, Member, MemberId};
use crate::sessions::CookieName;
use kit::db::DbResult;
use kit::http::{client_ip, user_agent};
use kit::secret::{SecretToken, TokenKind};

/// The tokens of browsers: `pcd_…`.
const TOKEN: TokenKind = TokenKind::new('d');

/// The time after which a browser or an address without a sign-in is forgotten.
pub(super) const LIFETIME: Duration = Duration::from_hours(180 * 24);

/// The browsers, and the networks, that are remembered of one member; the longest unused are deleted.
const MAX_REMEMBERED: u64 = 20;

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
pub(super) type CallerFingerprint = [u8; 32];

/// The caller of a sign-in.
#[derive(Clone, Debug)]
pub struct Origin {
    pub address: IpAddr,
    /// The browser, if a page was used.
    pub browser: Option<Browser>,
}

/// A browser, which may keep cookies.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The token that it sent, if it sent one.
    pub token: Option<SecretToken>,
}

impl Browser {
    /// Reads the token from the browser's cookie.
    pub(crate) fn read(config: &Config, headers: &HeaderMap) -> Option<SecretToken> {
        CookieName::Browser.read(config, headers).and_then(|text| SecretToken::presented(TOKEN, &text))
    }
}

impl Origin {
    /// Returns the fingerprints of this caller for a member. An unknown address has none.
    fn fingerprints(&self, member: MemberId) -> impl Iterator<Item = (Kind, CallerFingerprint)> {
        let network = (self.address != client_ip::UNKNOWN).then(|| client_ip::network(self.address));
        let network = network.map(|network| (Kind::Network, Sha256::digest(format!("{member} {network}")).into()));
        let token = self.browser.as_ref().and_then(|browser| browser.token.as_ref());
        token.map(|token| (Kind::Browser, token.digest().to_bytes())).into_iter().chain(network)
    }
}

/// A known caller, and the members who signed in from there: only their passwords may be tried beyond the limits of unknown
/// callers. So a seat that another workspace made for the same email gives no further attempts.
#[derive(Clone, Debug)]
pub(super) struct KnownCaller {
    pub(super) kind: Kind,
    pub(super) fingerprint: CallerFingerprint,
    pub(super) members: Vec<MemberId>,
}

/// Finds the seats of this email that signed in from this browser, or else from this network, before.
pub(super) async fn find(core: &Core, email: &Email, origin: &Origin) -> DbResult<Option<KnownCaller>> {
    let seats = members::with_password(core.db.read(), email.as_str(), None).await?;
    let ids: Vec<MemberId> = seats.iter().map(|(member, _)| member.id).collect();
    let fingerprints: Vec<(MemberId, Kind, CallerFingerprint)> =
        ids.iter().flat_map(|id| origin.fingerprints(*id).map(|(kind, fingerprint)| (*id, kind, fingerprint))).collect();
    let stored = store::find(core.db.read(), &ids, fingerprints.iter().map(|(_, _, fingerprint)| *fingerprint)).await?;
    let of_kind = |wanted: Kind| {
        let of_kind =
            fingerprints.iter().filter(|(id, kind, fingerprint)| *kind == wanted && stored.contains(&(*id, *fingerprint)));
        let mut known = of_kind.peekable();
        let fingerprint = known.peek().map(|(_, _, fingerprint)| *fingerprint)?;
        Some(KnownCaller { kind: wanted, fingerprint, members: known.map(|(id, _, _)| *id).collect() })
    };
    Ok(of_kind(Kind::Browser).or_else(|| of_kind(Kind::Network)))
}

/// Returns whether neither the browser nor the network of a sign-in is known, though others are. The first sign-in of a member is
/// not unfamiliar.
async fn is_unfamiliar(tx: &AuditedTx, member: &Member, origin: &Origin) -> DbResult<bool> {
    let fingerprints = origin.fingerprints(member.id).map(|(_, fingerprint)| fingerprint);
    let known = store::find(tx.db(), &[member.id], fingerprints).await?;
    Ok(known.is_empty() && store::has_any(tx.db(), member.id).await?)
}

/// Tells a member by email of a sign-in that is unfamiliar.
async fn announce(tx: &AuditedTx, member: &Member, origin: &Origin) -> DbResult<()> {
    if !mail::is_on(tx.core()) || !is_unfamiliar(tx, member, origin).await? {
        return Ok(());
    }
    let ip = (origin.address != client_ip::UNKNOWN).then(|| origin.address.to_string());
    let program = tx.context().user_agent.as_deref().and_then(user_agent::describe);
    mail::notify(tx.core(), tx, member, Content::NewDevice { at: tx.now(), ip, program }).await
}

/// Remembers the caller of a sign-in, in its transaction. Returns the token for the browser's cookie.
pub(super) async fn remember(tx: &AuditedTx, member: &Member, origin: &Origin) -> DbResult<Option<SecretToken>> {
    announce(tx, member, origin).await?;
    let token = match &origin.browser {
        Some(browser) => Some(cookie_token(tx, browser).await?),
        None => None,
    };
    let browser = token.clone().map(|token| Browser { token: Some(token) });
    for (kind, fingerprint) in (Origin { address: origin.address, browser }).fingerprints(member.id) {
        store::upsert(tx.db(), member, kind, fingerprint, tx.now()).await?;
        store::delete_excess(tx.db(), member.id, kind, MAX_REMEMBERED).await?;
    }
    Ok(token)
}

/// Deletes the known callers of a member, in the transaction of a reset of their password.
pub(super) async fn forget(db: &impl ConnectionTrait, member: MemberId) -> DbResult<()> {
    store::delete_of(db, member).await
}

/// Returns the browser's own token if this server issued it, so that several people who use the browser stay known; else a new
/// one, so that a planted token is worth nothing.
async fn cookie_token(tx: &AuditedTx, browser: &Browser) -> DbResult<SecretToken> {
    match &browser.token {
        Some(token) if store::is_known(tx.db(), token.digest().to_bytes()).await? => Ok(token.clone()),
        _ => Ok(SecretToken::generate(TOKEN, tx.random())),
    }
}
