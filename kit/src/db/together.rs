//! Statements that are sent together.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{DbResult, Tx};

/// Executes statements one after another, and returns the number of rows that they have changed. If one fails, the transaction
/// has to end.
///
/// SQLite receives them as one: the way to the thread of the connection and back takes longer than a short statement.
pub async fn execute_together(tx: &Tx, statements: Vec<Statement>) -> DbResult<u64> {
    let backend = tx.get_database_backend();
    let statements = if backend == DbBackend::Sqlite { vec![joined(statements)] } else { statements };
    let mut changed = 0;
    for statement in statements {
        changed += tx.execute_raw(statement).await?.rows_affected();
    }
    Ok(changed)
}

/// Joins statements whose parameters have no numbers.
fn joined(statements: Vec<Statement>) -> Statement {
    let (mut texts, mut values) = (Vec::new(), Vec::new());
    for statement in statements {
        texts.push(statement.sql);
        values.extend(statement.values.into_iter().flat_map(|values| values.0));
    }
    Statement::from_sql_and_values(DbBackend::Sqlite, texts.join("; "), values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tests::{stored, with_table};

    fn statement(sql: &str, ids: &[i64]) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, ids.iter().map(|id| (*id).into()))
    }

    #[tokio::test]
    async fn statements_are_executed_each_with_its_own_values() {
        let (_folder, db) = with_table().await;
        let tx = db.begin().await.expect("begun");
        let statements = vec![
            statement("INSERT INTO rows VALUES (?), (?)", &[1, 2]),
            statement("UPDATE rows SET id = ? WHERE id = ?", &[7, 2]),
            statement("DELETE FROM rows WHERE id IN (0, 2)", &[]),
            statement("UPDATE rows SET id = ? WHERE id = ?", &[8, 7]),
        ];
        assert_eq!(execute_together(&tx, statements).await.expect("executed"), 5);
        tx.commit().await.expect("committed");
        assert_eq!(stored(&db).await, 2);
    }

    #[tokio::test]
    async fn nothing_is_stored_if_one_statement_fails() {
        let (_folder, db) = with_table().await;
        let tx = db.begin().await.expect("begun");
        let insert = |id| statement("INSERT INTO rows VALUES (?)", &[id]);
        execute_together(&tx, vec![insert(1), insert(0), insert(2)]).await.expect_err("a duplicate");
        tx.commit().await.expect_err("a statement has failed");
        assert_eq!(stored(&db).await, 1);
    }
}
