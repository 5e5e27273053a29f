//! Reading rows from SQLite in one row: the columns of bytes each as one value, all other columns as one JSON text.
//!
//! JSON cannot hold bytes, and hexadecimal digits would take as long as all the rest.

use std::fmt;
use std::marker::PhantomData;
use std::slice::{self, ChunksExact};

use sea_orm::sea_query::{Expr, ExprTrait, Func, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait, DbErr, QueryResult};
use serde::de::value::{BytesDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::columns::{PackedColumn, Packing};
use crate::db::{DbResult, Pool};

/// Rows as the statement returns them.
pub(super) struct JsonRows {
    text: String,
    packings: Vec<Packing>,
    /// The columns of bytes.
    columns: Vec<Vec<u8>>,
}

/// Reads rows in one statement. All its values are in the order in which it finds the rows.
pub(super) async fn rows(db: &Pool, mut from: SelectStatement, columns: Vec<PackedColumn>) -> DbResult<JsonRows> {
    let packings: Vec<Packing> = columns.iter().map(|(_, packing)| *packing).collect();
    from.exprs(values(columns));
    let none = || DbErr::RecordNotFound("the row of an aggregate".to_owned());
    let row = db.query_one(&from).await?.ok_or_else(none)?;
    let of_other_length: i64 = row.try_get_by_index(1)?;
    if of_other_length > 0 {
        return Err(DbErr::Type(format!("{of_other_length} rows have a UUID or a digest of another length")));
    }
    let text: String = row.try_get_by_index(0)?;
    let columns = widths(&packings).zip(2..).map(|(_, place)| bytes(&row, place)).collect::<DbResult<Vec<_>>>()?;
    Ok(JsonRows { text, packings, columns })
}

impl JsonRows {
    pub(super) fn decode<T: DeserializeOwned>(&self) -> DbResult<Vec<T>> {
        decode(&self.text, &self.packings, &self.columns).map_err(|error| DbErr::Json(error.to_string()))
    }
}

/// Returns the JSON text, the number of rows with bytes of another length than they should have, and the columns of bytes.
fn values(columns: Vec<PackedColumn>) -> Vec<SimpleExpr> {
    let (bytes, others): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(_, packing)| width(*packing).is_some());
    // A value that is too short, beside one that is too long, would shift all values between them.
    let is_other = |(column, packing): &PackedColumn| {
        let width = Expr::Constant(i64::from(width(*packing)?).into());
        Some(SimpleExpr::from(Func::cust("length").arg(column.clone())).ne(width))
    };
    let is_other = bytes.iter().filter_map(is_other).reduce(ExprTrait::or);
    let is_other = is_other.unwrap_or_else(|| Expr::Constant(false.into()));
    let one = Expr::Constant(1_i32.into());
    let of_other_length = Func::count(Expr::case(is_other, one));
    let expressions = |columns: Vec<PackedColumn>| columns.into_iter().map(|(column, packing)| expression(column, packing));
    let array = Func::cust("json_array").args(expressions(others));
    let rows = Func::cust("json_group_array").arg(array);
    [SimpleExpr::from(rows), SimpleExpr::from(of_other_length)].into_iter().chain(expressions(bytes)).collect()
}

fn expression(column: SimpleExpr, packing: Packing) -> SimpleExpr {
    match packing {
        Packing::Uuid | Packing::Digest => {
            let all = Func::cust("group_concat").arg(column).arg(Expr::Constant("".into()));
            SimpleExpr::from(all).cast_as("blob")
        }
        Packing::OptionalUuid => Expr::case(column.clone().is_not_null(), Func::cust("hex").arg(column)).into(),
        Packing::Json => Func::cust("json").arg(column).into(),
        Packing::Integer | Packing::Text | Packing::Time | Packing::JsonText => column,
    }
}

/// Returns the length of each value of a column of bytes; `None` for a column that is part of the JSON text.
const fn width(packing: Packing) -> Option<u8> {
    match packing {
        Packing::Uuid => Some(16),
        Packing::Digest => Some(32),
        Packing::Integer | Packing::Text | Packing::Time | Packing::OptionalUuid | Packing::Json | Packing::JsonText => None,
    }
}

fn widths(packings: &[Packing]) -> impl Iterator<Item = usize> {
    packings.iter().filter_map(|packing| width(*packing)).map(usize::from)
}

/// Reads a column of bytes. There is no value if there are no rows.
fn bytes(row: &QueryResult, place: usize) -> DbResult<Vec<u8>> {
    Ok(row.try_get_by_index::<Option<Vec<u8>>>(place)?.unwrap_or_default())
}

/// Decodes rows from a JSON text and the columns of bytes.
fn decode<T: DeserializeOwned>(text: &str, packings: &[Packing], bytes: &[Vec<u8>]) -> serde_json::Result<Vec<T>> {
    let columns = widths(packings).zip(bytes).map(|(width, column)| column.chunks_exact(width)).collect();
    let mut json = serde_json::Deserializer::from_str(text);
    let rows = json.deserialize_seq(Rows { packings, columns, of: PhantomData::<T> })?;
    json.end()?;
    let is_whole = widths(packings).zip(bytes).all(|(width, column)| column.len() == rows.len() * width);
    if is_whole { Ok(rows) } else { Err(serde_json::Error::custom("a column of bytes has more values than there are rows")) }
}

/// All rows.
struct Rows<'a, T> {
    packings: &'a [Packing],
    columns: Vec<ChunksExact<'a, u8>>,
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Rows<'_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut json: A) -> Result<Vec<T>, A::Error> {
        let mut rows = Vec::with_capacity(self.columns.first().map_or(0, ChunksExact::len));
        while let Some(row) =
            json.next_element_seed(Row { packings: self.packings, columns: &mut self.columns, of: PhantomData::<T> })?
        {
            rows.push(row);
        }
        Ok(rows)
    }
}

/// The next row.
struct Row<'a, 'b, T> {
    packings: &'a [Packing],
    columns: &'a mut [ChunksExact<'b, u8>],
    of: PhantomData<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Row<'_, '_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T, D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Row<'_, '_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row as an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, json: A) -> Result<T, A::Error> {
        let cells = Cells { packings: self.packings.iter(), columns: self.columns.iter_mut(), json };
        T::deserialize(SeqAccessDeserializer::new(cells))
    }
}

/// The cells of a row that have not been read: bytes from their columns, the others from the JSON text.
struct Cells<'a, 'b, A> {
    packings: slice::Iter<'a, Packing>,
    columns: slice::IterMut<'a, ChunksExact<'b, u8>>,
    json: A,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Cells<'_, '_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let Some(packing) = self.packings.next() else { return Ok(None) };
        if width(*packing).is_none() {
            return self.json.next_element_seed(seed);
        }
        let cell = self.columns.next().and_then(Iterator::next);
        let cell = cell.ok_or_else(|| A::Error::custom("a column of bytes has fewer values than there are rows"))?;
        seed.deserialize(BytesDeserializer::new(cell)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use sea_orm::sea_query::Query;
    use uuid::Uuid;

    use super::*;
    use crate::db::{Db, DbOptions, Location, PackedDigest, PackedTime, packed};

    const PACKINGS: [Packing; 3] = [Packing::Uuid, Packing::Text, Packing::Digest];

    type Decoded = serde_json::Result<Vec<(Uuid, String, PackedDigest)>>;

    fn columns(uuids: usize, digests: usize) -> Vec<Vec<u8>> {
        vec![vec![7; uuids], vec![9; digests]]
    }

    #[test]
    fn bytes_are_read_from_their_columns() {
        let rows: Decoded = decode(r#"[["a"],["b"]]"#, &PACKINGS, &columns(32, 64));
        let row = |name: &str| (Uuid::from_bytes([7; 16]), name.to_owned(), PackedDigest([9; 32]));
        assert_eq!(rows.expect("rows"), [row("a"), row("b")]);
        let none: Decoded = decode("[]", &PACKINGS, &columns(0, 0));
        assert_eq!(none.expect("no rows"), []);
    }

    #[test]
    fn columns_of_another_length_are_an_error() {
        for (uuids, digests) in [(16, 64), (31, 64), (33, 64), (48, 64), (32, 32), (32, 63), (32, 96), (0, 64), (32, 0)] {
            let rows: Decoded = decode(r#"[["a"],["b"]]"#, &PACKINGS, &columns(uuids, digests));
            assert!(rows.is_err(), "{uuids} and {digests} bytes");
        }
        for text in ["", "[", r#"["a","b"]"#, r#"[["a"],[]]"#, r#"[["a"],["b","c"]]"#, r#"[["a"],[1]]"#, r#"[["a"],["b"]]x"#] {
            let rows: Decoded = decode(text, &PACKINGS, &columns(32, 64));
            assert!(rows.is_err(), "{text}");
        }
    }

    const COLUMNS: [(&str, Packing); 7] = [
        ("id", Packing::Uuid),
        ("number", Packing::Integer),
        ("other", Packing::OptionalUuid),
        ("digest", Packing::Digest),
        ("at", Packing::Time),
        ("name", Packing::Text),
        ("list", Packing::Json),
    ];

    type Found = (Uuid, i64, Option<Uuid>, PackedDigest, Option<PackedTime>, Option<String>, Option<serde_json::Value>);

    async fn with_rows(rows: &[&str]) -> (tempfile::TempDir, Db) {
        let folder = tempfile::tempdir().expect("a folder");
        let location = Location::Sqlite(folder.path().join("p.db"));
        let db = Db::open(&location, &DbOptions::default()).await.expect("a database");
        let tx = db.begin().await.expect("begun");
        let table = "CREATE TABLE things (id BLOB, number INTEGER, other BLOB, digest BLOB, at TEXT, name TEXT, list TEXT)";
        for statement in iter::once(table.to_owned()).chain(rows.iter().map(|row| format!("INSERT INTO things VALUES ({row})"))) {
            tx.execute_unprepared(&statement).await.expect("executed");
        }
        tx.commit().await.expect("committed");
        (folder, db)
    }

    async fn find(db: &Db) -> DbResult<Vec<Found>> {
        packed(db.read(), Query::select().from("things").take(), COLUMNS).await
    }

    #[tokio::test]
    async fn rows_are_read_with_bytes_of_any_value_and_nulls() {
        let full = r#"zeroblob(16), -7, x'000102030405060708090a0b0c0d0eff', zeroblob(32), '2026-11-23T09:30:00.000001+00:00',
                      'a "quoted" \ name', '["x", 1]'"#;
        let bare = format!("x'ff{}ff', 9, NULL, x'ff{}', NULL, NULL, NULL", "00".repeat(14), "00".repeat(31));
        let (_folder, db) = with_rows(&[full, &bare]).await;
        let (mut digest, mut id) = ([0; 32], [0; 16]);
        (digest[0], id[0], id[15]) = (0xff, 0xff, 0xff);
        let other = Uuid::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        let at = PackedTime("2026-11-23T09:30:00.000001Z".parse().expect("a time"));
        let (name, list) = (r#"a "quoted" \ name"#.to_owned(), serde_json::json!(["x", 1]));
        let full = (Uuid::nil(), -7, Some(other), PackedDigest([0; 32]), Some(at), Some(name), Some(list));
        let bare = (Uuid::from_bytes(id), 9, None, PackedDigest(digest), None, None, None);
        assert_eq!(find(&db).await.expect("rows"), [full, bare]);
    }

    #[tokio::test]
    async fn text_of_json_is_read_as_it_is_stored() {
        for list in [r#" ["x",  1.0] "#, "nonsense", r#"{"a":1,"a":"\u0041"}"#] {
            let row = format!("zeroblob(16), 1, NULL, zeroblob(32), NULL, NULL, '{list}'");
            let (_folder, db) = with_rows(&[&row]).await;
            let things = Query::select().from("things").take();
            let read: Vec<(String,)> = packed(db.read(), things, [("list", Packing::JsonText)]).await.expect("a row");
            assert_eq!(read, [(list.to_owned(),)]);
        }
    }

    #[tokio::test]
    async fn no_rows_are_read_from_an_empty_table() {
        let (_folder, db) = with_rows(&[]).await;
        assert_eq!(find(&db).await.expect("no rows"), []);
    }

    #[tokio::test]
    async fn bytes_of_another_length_are_an_error_even_if_the_sum_is_right() {
        let row = |id: usize, digest: &str| format!("zeroblob({id}), 1, NULL, {digest}, NULL, NULL, NULL");
        let right = row(16, "zeroblob(32)");
        for wrong in [
            [row(15, "zeroblob(32)"), row(17, "zeroblob(32)")],
            [row(16, "zeroblob(30)"), row(16, "zeroblob(34)")],
            [row(16, "NULL"), right.clone()],
        ] {
            let (_folder, db) = with_rows(&[&right, &wrong[0], &wrong[1]]).await;
            find(&db).await.expect_err("bytes of another length");
        }
    }
}
