//! Columns with sealed secrets: the keys that their rows need, and sealing rows anew with the current key.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait, Func, SimpleExpr, Value};
use sea_orm::{
    ColumnTrait, EntityTrait, IdenStatic, Iterable, ModelTrait, PrimaryKeyToColumn, QueryFilter, QueryOrder, QuerySelect,
};
use sea_orm_migration::async_trait::async_trait;

use super::keys::{HEAD, KeyId, SecretKeys};
use kit::db::{Db, DbResult, find_tuples};
use kit::random::Random;

/// Rows in one transaction.
const BATCH: u64 = 200;

/// A column of sealed secrets, whatever its table.
#[async_trait]
pub trait Sealed: Send + Sync {
    /// Table and column, such as `totp_factors.secret`.
    fn name(&self) -> String;
    fn table(&self) -> &str;
    /// Counts the rows by the key that sealed them. `None` is for rows that have no envelope.
    async fn keys(&self, db: &Db) -> DbResult<BTreeMap<Option<KeyId>, u64>>;
    /// Seals all rows of old keys with the current one, in short transactions, while others read and write.
    async fn reseal(&self, db: &Db, keys: &SecretKeys, random: &Random) -> DbResult<Resealed>;
}

/// The outcome of sealing the rows of a column anew.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Resealed {
    pub rows: u64,
    /// Rows that do not open, and were left as they are.
    pub unreadable: u64,
}

/// A column with sealed secrets of the table of `E`. It may be nullable.
#[derive(Clone, Copy, Debug)]
pub struct SealedColumn<E: EntityTrait> {
    pub column: E::Column,
    /// Returns the data that the secret of a row is sealed with.
    pub associated: fn(&E::Model) -> Vec<u8>,
}

impl<E: EntityTrait> SealedColumn<E> {
    /// Returns the first bytes of the envelope, as an expression that both engines know.
    fn head(&self) -> SimpleExpr {
        let number = |number: usize| SimpleExpr::Constant(Value::Int(i32::try_from(number).ok()));
        Func::cust("substr").arg(self.column.into_expr()).arg(number(1)).arg(number(HEAD)).into()
    }
}

#[async_trait]
impl<E> Sealed for SealedColumn<E>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Send + Sync>,
{
    fn name(&self) -> String {
        format!("{}.{}", E::default().table_name(), self.column.as_str())
    }

    fn table(&self) -> &str {
        E::default().table_name()
    }

    async fn keys(&self, db: &Db) -> DbResult<BTreeMap<Option<KeyId>, u64>> {
        let counted = E::find().select_only().expr_as(self.head(), "head").expr_as(Expr::col(self.column).count(), "rows");
        let counted = counted.filter(self.column.is_not_null()).group_by(self.head());
        let mut keys = BTreeMap::new();
        for (head, rows) in find_tuples::<_, (Vec<u8>, i64)>(db.read(), counted).await? {
            *keys.entry(KeyId::in_envelope(&head)).or_default() += u64::try_from(rows).unwrap_or(0);
        }
        Ok(keys)
    }

    async fn reseal(&self, db: &Db, keys: &SecretKeys, random: &Random) -> DbResult<Resealed> {
        let mut total = Resealed::default();
        loop {
            let pass = self.pass(db, keys, random).await?;
            total.rows += pass.rows;
            if pass.rows == 0 {
                // Counted in the last pass only: each pass meets them again.
                return Ok(Resealed { unreadable: pass.unreadable, ..total });
            }
        }
    }
}

impl<E> SealedColumn<E>
where
    E: EntityTrait<Model: ModelTrait<Entity = E> + Send + Sync>,
{
    /// Goes once through all rows that another key than the current one has sealed, in the order of the primary key.
    async fn pass(&self, db: &Db, keys: &SecretKeys, random: &Random) -> DbResult<Resealed> {
        let key: Vec<E::Column> = E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column).collect();
        let (mut total, mut last) = (Resealed::default(), None::<Vec<SimpleExpr>>);
        loop {
            let mut next = E::find().filter(self.column.is_not_null()).filter(self.head().ne(keys.current().head()));
            for column in &key {
                next = next.order_by_asc(*column);
            }
            if let Some(last) = last.take() {
                next = next.filter(Expr::tuple(key.iter().map(|column| Expr::col(*column))).gt(Expr::tuple(last)));
            }
            let rows = next.limit(BATCH).all(db.read()).await?;
            let Some(end) = rows.last() else { return Ok(total) };
            last = Some(key.iter().map(|column| Expr::val(end.get(*column))).collect());
            let done = self.batch(db, keys, random, &rows).await?;
            total.rows += done.rows;
            total.unreadable += done.unreadable;
        }
    }

    /// Seals rows anew in one transaction. A row that was changed meanwhile is left to the next pass.
    async fn batch(&self, db: &Db, keys: &SecretKeys, random: &Random, rows: &[E::Model]) -> DbResult<Resealed> {
        use secrecy::ExposeSecret;
        let (tx, mut done) = (db.begin().await?, Resealed::default());
        for row in rows {
            let Value::Bytes(Some(sealed)) = row.get(self.column) else { continue };
            let associated = (self.associated)(row);
            let Ok(plain) = keys.open(&associated, &sealed) else {
                done.unreadable += 1;
                continue;
            };
            let anew = keys.seal(random, &associated, plain.expose_secret());
            let mut update = E::update_many().filter(self.column.eq(sealed)).col_expr(self.column, Expr::value(anew));
            for column in E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column) {
                update = update.filter(column.eq(row.get(column)));
            }
            done.rows += update.exec(&tx).await?.rows_affected;
        }
        tx.commit().await?;
        Ok(done)
    }
}

/// Rows of a column that one key has sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Use {
    /// Table and column.
    pub column: String,
    /// `None` for rows that have no envelope.
    pub key: Option<KeyId>,
    pub rows: u64,
}

/// The keys that the rows of all sealed columns need.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct KeyUse(pub Vec<Use>);

impl KeyUse {
    /// Reads the key ids of all rows. A table that an older schema does not have has no rows.
    pub async fn of(db: &Db, columns: &[Box<dyn Sealed>]) -> DbResult<Self> {
        let (existing, mut found) = (kit::db::names(db).await?, Vec::new());
        for column in columns.iter().filter(|column| existing.iter().any(|name| name == column.table())) {
            let keys = column.keys(db).await?;
            found.extend(keys.into_iter().map(|(key, rows)| Use { column: column.name(), key, rows }));
        }
        Ok(Self(found))
    }

    /// Returns the rows that these keys cannot open.
    pub fn unreadable(&self, keys: Option<&SecretKeys>) -> impl Iterator<Item = &Use> {
        let is_known = move |id| keys.is_some_and(|keys| keys.ids().any(|(known, _)| known == id));
        self.0.iter().filter(move |each| !each.key.is_some_and(is_known))
    }

    /// Returns whether some row was sealed with this key.
    pub fn has(&self, key: KeyId) -> bool {
        self.0.iter().any(|each| each.key == Some(key))
    }
}
