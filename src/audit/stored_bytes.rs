//! The bytes that a transaction adds to those that its workspace stores today.

use std::io::{self, Write};

use sea_orm::DbErr;
use serde::Serialize;

use super::transaction::AuditedTx;
use kit::db::DbResult;

/// A writer that only counts.
#[derive(Default)]
struct Counter(usize);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the length in bytes of `value` as JSON.
fn json_length(value: &impl Serialize) -> serde_json::Result<usize> {
    let mut counter = Counter::default();
    serde_json::to_writer(&mut counter, value)?;
    Ok(counter.0)
}

impl AuditedTx {
    /// Adds the bytes of a row to those that the workspace stores today.
    pub fn add_stored(&mut self, bytes: usize) {
        self.stored = self.stored.saturating_add(bytes);
    }

    /// Adds the bytes of a row, which is about as long as the response that shows it.
    pub(super) fn add_row(&mut self, view: &impl Serialize) -> DbResult<()> {
        let length = json_length(view).map_err(|error| DbErr::Json(error.to_string()))?;
        self.add_stored(length);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_that_of_the_text() {
        for value in [serde_json::json!(null), serde_json::json!({ "a": ["é", 1.5, "\n"], "b": {} })] {
            assert_eq!(json_length(&value).expect("JSON"), value.to_string().len(), "{value}");
        }
    }
}
