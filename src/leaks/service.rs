//! Reports of secrets: an event and a notice for each key of this server, and what the policy of its workspace wants.

use std::collections::{BTreeMap, HashMap};

use super::model::{Feedback, Match, Source};
use super::store;
use crate::audit::AuditedTx;
use crate::keys::{self, Error, Key, KeyId, Keys, Leak};
use crate::mail::{self, Content, LeakedKey, MAX_LISTED};
use crate::members::{self, Role};
use crate::workspaces::WorkspaceId;
use kit::db::DbResult;

/// Where keys of a workspace were found.
type Places = BTreeMap<KeyId, Vec<Source>>;

/// Records the matches that are keys of this server, and does what the policies of their workspaces say. Returns the feedback on
/// each match.
pub(super) async fn report(keys: &Keys, matches: &[Match]) -> Result<Vec<Feedback>, Error> {
    let digests = matches.iter().filter_map(Match::digest).collect();
    let known: HashMap<_, _> =
        keys::find_by_digests(keys.db.read(), digests).await?.into_iter().map(|key| (key.digest, key)).collect();
    let key_of = |found: &Match| known.get(&found.digest()?);
    let mut by_workspace: BTreeMap<WorkspaceId, Places> = BTreeMap::new();
    for (found, key) in matches.iter().filter_map(|found| Some((found, key_of(found)?))) {
        let sources = by_workspace.entry(key.workspace).or_default().entry(key.id).or_default();
        let source = found.source();
        if !sources.iter().any(|known| known.fingerprint == source.fingerprint) {
            sources.push(source);
        }
    }
    for (workspace, places) in &by_workspace {
        record(keys, *workspace, places).await?;
    }
    Ok(matches.iter().map(|found| found.feedback(key_of(found).is_some())).collect())
}

/// Records where keys of a workspace were found, in one transaction with the notices. It takes precedence like a revocation.
async fn record(keys: &Keys, workspace: WorkspaceId, places: &Places) -> DbResult<()> {
    let mut tx = AuditedTx::begin_essential_system(keys, workspace).await?;
    let (mut leaked, mut is_news) = (Vec::new(), false);
    for (id, sources) in places {
        let Some(key) = keys::find(tx.db(), workspace, *id).await? else { continue };
        let is_live = key.status(tx.now()).is_live();
        for source in sources {
            if store::note(tx.db(), workspace, *id, source.fingerprint, tx.now()).await? {
                let leak = Leak { found_by: "github", location: &source.location, url: &source.url, is_live };
                keys::record_leak(&mut tx, &key, leak).await?;
                is_news = true;
                if is_live {
                    leaked.push(leaked_key(&key, source));
                }
            }
        }
    }
    notify(keys, &tx, &leaked).await?;
    if is_news { tx.commit().await } else { Ok(()) }
}

fn leaked_key(key: &Key, source: &Source) -> LeakedKey {
    let (name, hint) = (key.name.clone(), key.hint.clone());
    LeakedKey { key: key.id.to_string(), name, hint, url: source.url.clone() }
}

/// Queues one email about all of them to each administrator.
async fn notify(keys: &Keys, tx: &AuditedTx, leaked: &[LeakedKey]) -> DbResult<()> {
    let Some(first) = leaked.first() else { return Ok(()) };
    if !mail::is_on(keys) {
        return Ok(());
    }
    let listed = leaked.len().min(MAX_LISTED);
    let event = format!("key_leaked {} {}", first.key, tx.now());
    let content = Content::KeyLeaked { at: tx.now(), keys: leaked[..listed].to_vec(), more: (leaked.len() - listed) as u64 };
    for member in members::with_role(tx.db(), tx.workspace(), &[Role::AccountOwner, Role::Admin]).await? {
        mail::notify_of(keys, tx, &member, event.clone(), content.clone()).await?;
    }
    Ok(())
}
