//! The job that keeps `key_checks`: it adds changed keys, and looks again at keys whose time has come.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::checks::{self, WithFacts};
use super::summary::{self, Rule};
use crate::core::Core;
use crate::keys::model::KeyId;
use crate::keys::tables::check::Model;
use crate::keys::tables::key::{Column, Entity};
use crate::scopes::Scopes;
use kit::clock::Time;
use kit::db::{DbResult, Source, find_tuples};

/// Keys in one transaction, in between which other writers get their turn.
const BATCH: u64 = 200;

/// Transactions of one run for each rule: the rest waits for the next run.
const BATCHES: usize = 200;

/// Brings the checks of all workspaces up to date.
pub async fn review(core: &Core) -> DbResult<()> {
    for _ in 0..BATCHES {
        if !add_changed(core).await? {
            break;
        }
    }
    for rule in Rule::ALL {
        for _ in 0..BATCHES {
            if !make(core, *rule).await? {
                break;
            }
        }
    }
    Ok(())
}

/// Begins the checks of changed keys anew. Returns whether there may be more.
async fn add_changed(core: &Core) -> DbResult<bool> {
    let (db, now) = (core.db.read(), core.clock.now());
    let after = summary::progress(db).await?;
    let changed = changed_since(db, after).await?;
    let Some((_, last)) = changed.last() else { return Ok(false) };
    let keys: Vec<KeyId> = changed.iter().map(|(key, _)| *key).collect();
    let facts = checks::facts(db, keys.clone(), now).await?;
    let of_key = |key: &KeyId| facts.get(key).map(|facts| (*key, facts));
    let of_rules = |(key, facts)| Rule::ALL.iter().filter_map(move |rule| checks::new_check(key, facts, *rule));
    let new: Vec<Model> = keys.iter().filter_map(of_key).flat_map(of_rules).collect();
    let tx = core.db.begin().await?;
    summary::delete(&tx, &keys, None).await?;
    summary::put(&tx, new).await?;
    summary::set_progress(&tx, *last).await?;
    tx.commit().await?;
    Ok(changed.len() as u64 == BATCH)
}

async fn changed_since(db: &impl Source, revision: i64) -> DbResult<Vec<(KeyId, i64)>> {
    let changed = Entity::find().select_only().columns([Column::Id, Column::Revision]).filter(Column::Revision.gt(revision));
    find_tuples(db, changed.order_by_asc(Column::Revision).limit(BATCH)).await
}

/// Makes due checks of a rule. Returns whether there may be more.
async fn make(core: &Core, rule: Rule) -> DbResult<bool> {
    let (db, now) = (core.db.read(), core.clock.now());
    let due = summary::to_make(db, rule, now, BATCH).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let found = due.len() as u64;
    let mut ended: Vec<KeyId> = due.iter().map(|check| check.key_id).collect();
    let open = checks::with_facts(db, due, now).await?;
    ended.retain(|key| !open.iter().any(|(check, _)| check.key_id == *key));
    let made = judge(db, rule, &open, now).await?;
    let tx = core.db.begin().await?;
    summary::put(&tx, made).await?;
    summary::delete(&tx, &ended, Some(rule)).await?;
    tx.commit().await?;
    Ok(found == BATCH)
}

async fn judge(db: &impl Source, rule: Rule, open: &[WithFacts], now: Time) -> DbResult<Vec<Model>> {
    Ok(match rule {
        Rule::Idle => {
            let verdicts = checks::judge_idle(db, open, now).await?;
            verdicts.iter().map(|(check, verdict)| verdict.stored(check, |_| Scopes::NONE, now)).collect()
        }
        Rule::Excess => {
            let verdicts = checks::judge_excess(db, open, now).await?;
            verdicts.iter().map(|(check, verdict)| verdict.stored(check, |excess| excess.unused, now)).collect()
        }
        Rule::Everywhere => {
            let verdicts = checks::judge_everywhere(db, open, now).await?;
            verdicts.iter().map(|(check, verdict)| verdict.stored(check, |_| Scopes::NONE, now)).collect()
        }
    })
}
