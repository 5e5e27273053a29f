//! Brings the schema up to date, once, however many processes start at once.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbErr, Statement};
use sea_orm_migration::MigratorTrait;

use super::{Db, DbResult, Engine, Tx, postgres};

/// The part of the schema that is missing.
#[derive(PartialEq, Eq, Debug)]
enum Missing {
    Nothing,
    Some,
}

impl Db {
    /// Applies what is missing, in transactions under a lock: of several processes one does it, and the others find it done.
    ///
    /// On a Postgres that is in use, each migration is a transaction of its own, since nodes of the version before wait for its locks.
    /// Elsewhere all of them are one.
    ///
    /// A schema that has all of ours and more was made by a later version, which only expands what this one needs: an
    /// earlier node may start on it, so that it can be restarted while a later version is being rolled out.
    pub async fn migrate<M: MigratorTrait>(&self) -> DbResult<()> {
        while self.missing::<M>(&self.read).await? == Missing::Some {
            let tx = self.begin_without_timeout().await?;
            if let Engine::Postgres(_) = self.engine {
                postgres::lock_schema(&tx).await?;
            }
            if self.missing::<M>(&tx).await? == Missing::Some {
                let steps = self.steps(&tx).await?;
                M::up(tx.driver()?, steps).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Returns the number of migrations of one transaction; `None` for all that are missing.
    async fn steps(&self, tx: &Tx) -> DbResult<Option<u32>> {
        let is_in_use = matches!(self.engine, Engine::Postgres(_)) && self.has_migrated(tx).await?;
        Ok(is_in_use.then_some(1))
    }

    /// Begins a write that takes as long as it takes.
    pub(super) async fn begin_without_timeout(&self) -> DbResult<Tx> {
        let options = match self.engine {
            Engine::Sqlite(..) => super::sqlite::immediate(),
            Engine::Postgres(_) => postgres::read_committed(),
        };
        Tx::alone(self.write.without_timeout(), options).await
    }

    async fn missing<M: MigratorTrait>(&self, db: &impl ConnectionTrait) -> DbResult<Missing> {
        if !self.has_migrated(db).await? {
            return Ok(Missing::Some);
        }
        // In our own words: the library's would make the table first, which a node that only serves need not be allowed to.
        let versions = Statement::from_string(db.get_database_backend(), "SELECT version FROM seaql_migrations");
        let applied = db.query_all_raw(versions).await?.into_iter().map(|row| row.try_get_by_index(0));
        let applied = applied.collect::<DbResult<HashSet<String>>>()?;
        let known: HashSet<String> = M::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        match (known.is_subset(&applied), applied.is_subset(&known)) {
            (true, true) => Ok(Missing::Nothing),
            (true, false) => {
                tracing::warn!("the database was made by a later version; this one goes on with the part that it knows");
                Ok(Missing::Nothing)
            }
            (false, true) => Ok(Missing::Some),
            (false, false) => Err(DbErr::Custom("the database was made by another line of versions than this one".to_owned())),
        }
    }

    /// Returns whether any migration was ever applied. The query is written for each engine, as it runs before there is a
    /// schema.
    async fn has_migrated(&self, db: &impl ConnectionTrait) -> DbResult<bool> {
        let known = match self.engine {
            Engine::Sqlite(..) => "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'",
            Engine::Postgres(_) => "SELECT 1 WHERE to_regclass('seaql_migrations') IS NOT NULL",
        };
        Ok(db.query_one_raw(Statement::from_string(db.get_database_backend(), known)).await?.is_some())
    }
}
