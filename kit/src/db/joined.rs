//! Several statements in one, for Postgres.

use sea_orm::{DbBackend, Statement};

/// Joins statements that change rows into one, which returns how many rows all of them have changed. None of them sees what
/// another has changed.
pub(super) fn joined(statements: Vec<Statement>) -> Statement {
    let (mut parts, mut counts, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for (place, statement) in statements.into_iter().enumerate() {
        parts.push(format!("s{place} AS ({} RETURNING 1)", renumbered(&statement.sql, values.len())));
        counts.push(format!("(SELECT COUNT(*) FROM s{place})"));
        values.extend(statement.values.into_iter().flat_map(|values| values.0));
    }
    let sql = format!("WITH {} SELECT {}", parts.join(", "), counts.join(" + "));
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Numbers the parameters of a statement from the one after `before`. It must have no texts but in parameters.
fn renumbered(sql: &str, before: usize) -> String {
    debug_assert!(!sql.contains('\''), "{sql}");
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len()));
        let number = digits.parse::<usize>().unwrap_or_default() + before;
        text.extend(["$", number.to_string().as_str(), rest]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_statements_keep_their_parameters() {
        let statement = |sql: &str, values: &[i64]| {
            Statement::from_sql_and_values(DbBackend::Postgres, sql, values.iter().map(|value| (*value).into()))
        };
        let joined = joined(vec![
            statement("INSERT INTO a VALUES ($1, $2), ($3, $1)", &[1, 2, 3]),
            statement("DELETE FROM b", &[]),
            statement("UPDATE c SET d = $1 WHERE e = $10", &[4]),
        ]);
        assert_eq!(
            joined.sql,
            "WITH s0 AS (INSERT INTO a VALUES ($1, $2), ($3, $1) RETURNING 1), s1 AS (DELETE FROM b RETURNING 1), \
             s2 AS (UPDATE c SET d = $4 WHERE e = $13 RETURNING 1) \
             SELECT (SELECT COUNT(*) FROM s0) + (SELECT COUNT(*) FROM s1) + (SELECT COUNT(*) FROM s2)"
        );
        assert_eq!(joined.values.expect("values").0, [1_i64, 2, 3, 4].map(Into::into));
    }
}
