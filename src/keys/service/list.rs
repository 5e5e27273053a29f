//! The list of a workspace's keys, for the API, the command line and the pages.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

use crate::keys::context::Keys;
use crate::keys::model::{Key, KeyId, KeyOrder, KeyQuery, KeySearch, Person, StatusCounts};
use crate::keys::name_cache::Found;
use crate::keys::store;
use crate::keys::tables::last_use;
use crate::keys::usage::{self, HourCount};
use crate::members::{self, MemberId};
use crate::workspaces::WorkspaceId;
use key_format::SecretDigest;
use kit::clock::Time;
use kit::db::{DbResult, Source};
use kit::paging::{Page, Paging, Position, Start};

/// One page of keys, and how many keys of each status the search finds.
#[derive(Debug)]
pub struct KeyList {
    pub counts: StatusCounts,
    pub page: Page<KeyDetails>,
}

/// A key with data of other tables, as far as [`Include`] asks for them.
#[derive(Clone, Debug)]
pub struct KeyDetails {
    pub key: Key,
    pub(in crate::keys) last_use: Option<last_use::Model>,
    /// The latest key that replaces this one.
    pub(in crate::keys) successor: Option<KeyId>,
    /// The custodian, if they are a member of the workspace.
    pub custodian: Option<Person>,
    /// Requests by hour, of hours with requests.
    pub(in crate::keys) hours: Vec<HourCount>,
}

/// The data to read with each key of a list; each kind is one query, however many keys there are.
#[derive(Clone, Copy, Debug)]
pub enum Include {
    Nothing,
    LastUseAndSuccessor,
    LastUseAndHours { since: Time },
}

/// Lists a part of a workspace's keys, and counts them for a numbered page only.
pub async fn list_part(
    keys: &Keys,
    workspace: WorkspaceId,
    query: &KeyQuery,
    paging: Paging,
    include: Include,
    now: Time,
) -> DbResult<Page<KeyDetails>> {
    if let Start::Page(_) = paging.start {
        return Ok(list(keys, workspace, query, |_| paging, include, now).await?.page);
    }
    let (query, found) = search(keys, workspace, query).await?;
    let (found, next) = find_page(keys.db.read(), workspace, &query, found, paging, now).await?;
    Ok(Page::new(read_details(keys.db.read(), found, include).await?, None, paging, next))
}

/// Lists one page of a workspace's keys. `paging` returns the page to read, given the number of keys that match.
pub async fn list(
    keys: &Keys,
    workspace: WorkspaceId,
    query: &KeyQuery,
    paging: impl FnOnce(u64) -> Paging,
    include: Include,
    now: Time,
) -> DbResult<KeyList> {
    let db = keys.db.read();
    let (query, found) = search(keys, workspace, query).await?;
    let counts = match (&found, &query.search) {
        (Some(found), _) => found.count(now),
        (None, KeySearch::Anything) if query.only.is_default() => keys.counts.count(&keys.core, workspace, now).await?,
        (None, KeySearch::Anything | KeySearch::Text(_) | KeySearch::Secret(_) | KeySearch::Keys(_)) => {
            store::count_by_status(db, workspace, (&query.search, &query.only), now).await?
        }
    };
    let total = counts.of(query.status);
    let paging = paging(total);
    let (found, next) = find_page(db, workspace, &query, found, paging, now).await?;
    let items = read_details(db, found, include).await?;
    Ok(KeyList { counts, page: Page::new(items, Some(total), paging, next) })
}

/// Finds up to `most` keys by a part of their name or hint, the newest first. Counts nothing.
pub async fn suggest(keys: &Keys, workspace: WorkspaceId, text: &str, most: u32, now: Time) -> DbResult<Vec<Key>> {
    let query = KeyQuery { search: KeySearch::parse(text), ..KeyQuery::default() };
    let (query, found) = search(keys, workspace, &query).await?;
    Ok(find_page(keys.db.read(), workspace, &query, found, Paging::page(1, most), now).await?.0)
}

/// Searches names in memory. Returns the query with the ids of the keys if these are few, and what was found if the query has no
/// filter but the status, so that nothing else has to be counted.
async fn search(keys: &Keys, workspace: WorkspaceId, query: &KeyQuery) -> DbResult<(KeyQuery, Option<Found>)> {
    let Some(found) = keys.names.search(&keys.core, workspace, &query.search).await? else { return Ok((query.clone(), None)) };
    let search = found.few().map_or_else(|| query.search.clone(), KeySearch::Keys);
    Ok((KeyQuery { search, ..query.clone() }, Some(found).filter(|_| query.only.is_default())))
}

/// Finds the keys of a part of the list: by their ids if they were `found` in memory and the list has its default order.
async fn find_page(
    db: &impl Source,
    workspace: WorkspaceId,
    query: &KeyQuery,
    found: Option<Found>,
    paging: Paging,
    now: Time,
) -> DbResult<(Vec<Key>, Option<Position>)> {
    let Some(found) = found.filter(|_| query.order == KeyOrder::default()) else {
        return store::find_page(db, workspace, query, paging, now).await;
    };
    let (ids, next) = found.page(query.status, paging, now);
    drop(found);
    let mut page = store::find_all(db, workspace, &ids).await?;
    page.sort_unstable_by_key(|key| Reverse((key.created_at, key.id)));
    Ok((page, next))
}

/// Finds keys of a workspace by the digests of their secrets, with their last uses.
pub(in crate::keys) async fn find_by_secrets(
    keys: &Keys,
    workspace: WorkspaceId,
    digests: HashSet<SecretDigest>,
) -> DbResult<Vec<KeyDetails>> {
    let db = keys.db.read();
    read_details(db, store::find_all_by_digest(db, workspace, digests).await?, Include::LastUseAndSuccessor).await
}

/// Reads the last use and the successor of one key.
pub async fn details_of(db: &impl Source, key: Key) -> DbResult<KeyDetails> {
    let last_use = usage::last_uses(db, vec![key.id]).await?.remove(&key.id);
    let successor = store::successors(db, key.workspace, vec![key.id]).await?.remove(&key.id);
    let custodian = custodian_of(db, &key).await?;
    Ok(KeyDetails { key, last_use, successor, custodian, hours: Vec::new() })
}

/// Finds the custodian of a key; `None` if they have left the workspace, or the operator created the key and named no one.
pub async fn custodian_of(db: &impl Source, key: &Key) -> DbResult<Option<Person>> {
    Ok(custodians(db, std::slice::from_ref(key)).await?.into_values().next())
}

/// Finds the custodians of keys of one workspace.
async fn custodians(db: &impl Source, keys: &[Key]) -> DbResult<HashMap<MemberId, Person>> {
    let Some(workspace) = keys.first().map(|key| key.workspace) else { return Ok(HashMap::new()) };
    let ids: BTreeSet<MemberId> = keys.iter().filter_map(Key::custodian).collect();
    let found = members::find_all(db, workspace, ids.into_iter().collect()).await?;
    Ok(found.into_iter().map(|member| (member.id, Person { id: member.id.to_string(), name: member.name })).collect())
}

/// Reads the data that the lists and calls show with keys of one workspace.
pub(in crate::keys) async fn read_details(db: &impl Source, keys: Vec<Key>, include: Include) -> DbResult<Vec<KeyDetails>> {
    let ids = || keys.iter().map(|key| key.id).collect::<Vec<_>>();
    let (mut last_uses, mut successors, mut hours) = (HashMap::new(), HashMap::new(), HashMap::<KeyId, Vec<HourCount>>::new());
    match (include, keys.first().map(|key| key.workspace)) {
        (Include::Nothing, _) | (_, None) => {}
        (Include::LastUseAndSuccessor, Some(workspace)) => {
            last_uses = usage::last_uses(db, ids()).await?;
            successors = store::successors(db, workspace, ids()).await?;
        }
        (Include::LastUseAndHours { since }, Some(_)) => {
            for count in usage::hours_of(db, ids(), since).await? {
                hours.entry(count.key).or_default().push(count);
            }
            last_uses = usage::last_uses(db, ids()).await?;
        }
    }
    let custodians = match include {
        Include::Nothing => HashMap::new(),
        Include::LastUseAndSuccessor | Include::LastUseAndHours { .. } => custodians(db, &keys).await?,
    };
    let with_details = |key: Key| KeyDetails {
        custodian: key.custodian().and_then(|id| custodians.get(&id)).cloned(),
        last_use: last_uses.remove(&key.id),
        successor: successors.remove(&key.id),
        hours: hours.remove(&key.id).unwrap_or_default(),
        key,
    };
    Ok(keys.into_iter().map(with_details).collect())
}
