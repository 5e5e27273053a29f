//! Reports of secrets: an event and a notice for each key of this server, and what the policy of its workspace wants.

use std::collections::{BTreeMap, HashMap};

use super::model::{Feedback, Match, Source};
use super::{remedies, store};
use crate::audit::AuditedTx;
use crate::keys::{self, Error, Key, KeyId, Keys, Leak, OnLeak};
use crate::mail::{self, Content, LeakedKey, MAX_LISTED};
use crate::workspaces::WorkspaceId;
use kit::db::{self, DbResult};

/// The longest address in the reason of a revocation, in characters.
const MAX_URL: usize = 400;

/// Where keys of a workspace were found.
type Places = BTreeMap<KeyId, Vec<Source>>;

/// Records the matches that are keys of this server, and does what the policies of their workspaces say. Returns the feedback on
/// each match.
pub(super) async fn report(keys: &Keys, matches: &[Match]) -> Result<Vec<Feedback>, Error> {
    let digests = matches.iter().filter_map(Match::digest);
    let known: HashMap<_, _> =
        keys::find_by_digests(keys.db.read(), digests).await?.into_iter().map(|key| (key.digest, key)).collect();
    let key_of = |found: &Match| known.get(&found.digest()?);
    let mut by_workspace: BTreeMap<WorkspaceId, Places> = BTreeMap::new();
    for (found, key) in matches.iter().filter_map(|found| Some((found, key_of(found)?))) {
        let sources = by_workspace.entry(key.workspace).or_default().entry(key.id).or_default();
        let source = found.source();
        let is_new = sources.iter().all(|known| known.fingerprint != source.fingerprint);
        if is_new && (sources.len() as u64) < store::MAX_SOURCES {
            sources.push(source);
        }
    }
    let mut outcome = Ok(());
    for (workspace, places) in &by_workspace {
        // The log of one workspace does not hold up the others.
        let carried_out = match record(keys, *workspace, places).await {
            Ok(policy) => carry_out(keys, *workspace, policy, places).await,
            Err(error) => Err(error.into()),
        };
        outcome = outcome.and(carried_out);
    }
    outcome?;
    Ok(matches.iter().map(|found| found.feedback(key_of(found).is_some())).collect())
}

/// Records where keys of a workspace were found and what is to be done about them, in one transaction with the notices. It takes
/// precedence like a revocation. Returns the policy of the workspace.
async fn record(keys: &Keys, workspace: WorkspaceId, places: &Places) -> DbResult<OnLeak> {
    let mut tx = AuditedTx::begin_essential_system(keys, workspace).await?;
    let policy = keys::policy_of(tx.db(), workspace).await?.on_leak;
    let (mut leaked, mut is_changed) = (Vec::new(), false);
    for (id, sources) in places {
        let Some(key) = keys::find(tx.db(), workspace, *id).await? else { continue };
        let is_live = key.status(tx.now()).is_live();
        let mut news = Vec::new();
        for source in sources {
            if store::note(tx.db(), workspace, *id, source.fingerprint, tx.now()).await? {
                news.push(source);
            }
        }
        let remedy = remedy(tx.db(), &key, is_live, policy).await?;
        if remedy != OnLeak::Notify {
            remedies::plan(&tx, *id, remedy, reason(sources)).await?;
            is_changed = true;
        }
        for source in news {
            let leak = Leak { found_by: "github", location: &source.location, url: &source.url, is_live, remedy };
            keys::record_leak(&mut tx, &key, leak).await?;
            is_changed = true;
            if is_live {
                leaked.push((remedy, leaked_key(&key, source)));
            }
        }
    }
    for remedy in OnLeak::ALL {
        let keys_of_remedy: Vec<_> = leaked.iter().filter(|(of_key, _)| of_key == remedy).map(|(_, key)| key.clone()).collect();
        notify(&tx, *remedy, &keys_of_remedy).await?;
    }
    if is_changed {
        tx.commit().await?;
    }
    Ok(policy)
}

/// Returns what is done about a key that was found. A key that somebody has resumed is not paused again for places of which it was
/// paused before.
async fn remedy(db: &impl db::Source, key: &Key, is_live: bool, policy: OnLeak) -> DbResult<OnLeak> {
    Ok(match policy {
        OnLeak::Pause if is_live && store::has_unhandled(db, key.workspace, key.id).await? => OnLeak::Pause,
        OnLeak::Revoke if is_live => OnLeak::Revoke,
        OnLeak::Notify | OnLeak::Pause | OnLeak::Revoke => OnLeak::Notify,
    })
}

/// Does what the policy of a workspace says about keys that were found, after that is recorded. What fails is done later, by the
/// background job. The fault of one key does not hold up the others: the first one is returned at the end.
async fn carry_out(keys: &Keys, workspace: WorkspaceId, policy: OnLeak, places: &Places) -> Result<(), Error> {
    let mut outcome = Ok(());
    for (id, sources) in places {
        outcome = outcome.and(carry_out_for(keys, workspace, policy, (*id, sources)).await);
    }
    outcome
}

async fn carry_out_for(
    keys: &Keys,
    workspace: WorkspaceId,
    policy: OnLeak,
    (id, sources): (KeyId, &[Source]),
) -> Result<(), Error> {
    let Some(key) = keys::find(keys.db.read(), workspace, id).await? else { return Ok(()) };
    let is_live = key.status(keys.clock.now()).is_live();
    let remedy = remedy(keys.db.read(), &key, is_live, policy).await?;
    remedies::carry_out(keys, workspace, id, remedy, &reason(sources)).await
}

/// Returns the reason of a revocation.
fn reason(sources: &[Source]) -> String {
    let url: String = sources.first().map(|source| source.url.chars().take(MAX_URL).collect()).unwrap_or_default();
    format!("Found in public by GitHub: {url}")
}

fn leaked_key(key: &Key, source: &Source) -> LeakedKey {
    let (name, hint) = (key.name.clone(), key.hint.clone());
    LeakedKey { key: key.id.to_string(), name, hint, url: source.url.clone() }
}

/// Queues one email about all of them to each administrator. It says what is done about them.
async fn notify(tx: &AuditedTx, remedy: OnLeak, leaked: &[LeakedKey]) -> DbResult<()> {
    let Some(first) = leaked.first() else { return Ok(()) };
    let listed = leaked.len().min(MAX_LISTED);
    let event = format!("key_leaked {} {}", first.key, tx.now());
    let (listed, more) = (leaked[..listed].to_vec(), (leaked.len() - listed) as u64);
    let content = Content::KeyLeaked { at: tx.now(), keys: listed, more, policy: remedy.as_str().to_owned() };
    mail::notify_administrators(tx, &event, &content).await
}
