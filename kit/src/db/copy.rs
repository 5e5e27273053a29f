//! Every row of one database into another, whatever the engines.

use std::marker::PhantomData;

use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Iterable, ModelTrait, PaginatorTrait, PrimaryKeyToColumn,
    QueryFilter, QueryOrder, QuerySelect,
};
use sea_orm_migration::async_trait::async_trait;

use super::{Db, DbResult, Engine, Tx};

/// Values in one statement: SQLite binds at most 32,766.
const VALUES: usize = 30_000;

/// Rows in one statement, however narrow.
const ROWS: usize = 2_000;

/// A table that can be copied.
#[async_trait]
pub trait Table: Send + Sync {
    fn name(&self) -> &str;
    async fn count(&self, db: &Tx) -> DbResult<u64>;
    /// Copies every row in place of what is there, and says after each batch how many that makes.
    async fn copy(&self, from: &Tx, to: &Tx, progress: &mut (dyn FnMut(u64) + Send)) -> DbResult<u64>;
}

/// The table of `E`.
pub fn table<E>() -> Box<dyn Table>
where
    E: EntityTrait<Model: IntoActiveModel<E::ActiveModel> + Send + Sync, ActiveModel: Send>,
{
    Box::new(Of::<E>(PhantomData))
}

struct Of<E>(PhantomData<fn() -> E>);

#[async_trait]
impl<E> Table for Of<E>
where
    E: EntityTrait<Model: IntoActiveModel<E::ActiveModel> + Send + Sync, ActiveModel: Send>,
{
    fn name(&self) -> &str {
        E::default().table_name()
    }

    async fn count(&self, db: &Tx) -> DbResult<u64> {
        E::find().count(db).await
    }

    async fn copy(&self, from: &Tx, to: &Tx, progress: &mut (dyn FnMut(u64) + Send)) -> DbResult<u64> {
        let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
        let rows = (VALUES / E::Column::iter().count()).min(ROWS);
        // Rows that a schema begins with give way.
        E::delete_many().exec(to).await?;
        let (mut copied, mut last) = (0, None::<Vec<SimpleExpr>>);
        loop {
            let mut next = E::find().limit(rows as u64);
            for column in &key {
                next = next.order_by_asc(*column);
            }
            if let Some(last) = last.take() {
                let place = Expr::tuple(key.iter().map(|column| Expr::col(*column)));
                next = next.filter(place.gt(Expr::tuple(last)));
            }
            let batch = next.all(from).await?;
            let Some(end) = batch.last() else { return Ok(copied) };
            last = Some(key.iter().map(|column| Expr::val(end.get(*column))).collect());
            copied += batch.len() as u64;
            let batch = batch.into_iter().map(|row| row.into_active_model().reset_all());
            E::insert_many(batch).exec_without_returning(to).await?;
            progress(copied);
        }
    }
}

impl Db {
    /// Keeps everybody from writing until it ends, for a copy of all there is.
    pub async fn begin_view(&self) -> DbResult<Tx> {
        let tx = self.begin_without_timeout().await?;
        if let Engine::Postgres(_) = self.engine {
            let tables = names(self).await?.join(", ");
            tx.execute_unprepared(&format!("LOCK TABLE {tables} IN SHARE MODE")).await?;
        }
        Ok(tx)
    }

    /// Begins to write a copy, which takes as long as it takes. All of it is there at the end, or nothing.
    pub async fn begin_copy(&self) -> DbResult<Tx> {
        self.begin_without_timeout().await
    }
}

/// The names of all tables there are.
pub async fn names(db: &Db) -> DbResult<Vec<String>> {
    let names = match db.engine {
        Engine::Sqlite(..) => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Engine::Postgres(_) => "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()",
    };
    let rows = db.read.query_all_raw(sea_orm::Statement::from_string(db.read.get_database_backend(), names)).await?;
    rows.into_iter().map(|row| row.try_get_by_index(0)).collect()
}
