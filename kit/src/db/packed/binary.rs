//! [`BinaryRows`]: a decoder of rows in the binary format of COPY, by the manual of Postgres (SQL commands, COPY, "Binary
//! Format").

use std::slice;

use sea_orm::DbErr;
use serde::de::value::{Error, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use super::columns::Packing;
use crate::db::DbResult;

/// The beginning of every stream.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// The number of columns that marks the end of the rows.
const NO_MORE_ROWS: i16 = -1;

/// The length of a column that is null.
const NULL: i32 = -1;

/// The most bytes that are kept of a row that has not arrived completely.
const LONGEST_ROW: usize = 16 * 1024 * 1024;

/// The microseconds from 1970 to 2000, where times of Postgres begin.
const EPOCH: i64 = 946_684_800_000_000;

/// Rows that are decoded while they arrive, in parts of any size. Of the stream, only the beginning of one row is kept.
pub(in crate::db) struct BinaryRows<T> {
    packings: Vec<Packing>,
    next: Next,
    /// The beginning of what has not arrived completely.
    rest: Vec<u8>,
    rows: Vec<T>,
}

/// The next part of the stream.
#[derive(Clone, Copy)]
enum Next {
    Header,
    Row,
    Nothing,
}

impl<T: DeserializeOwned> BinaryRows<T> {
    pub(super) fn new(packings: Vec<Packing>) -> Self {
        Self { packings, next: Next::Header, rest: Vec::new(), rows: Vec::new() }
    }

    /// Decodes what has arrived completely.
    pub(super) fn push(&mut self, bytes: &[u8]) -> DbResult<()> {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(bytes);
        let mut decoded = 0;
        while let Some(length) = self.decode(&rest[decoded..]).map_err(malformed)? {
            decoded += length;
        }
        rest.drain(..decoded);
        if rest.len() > LONGEST_ROW {
            return Err(malformed(Error::custom("a row is too long")));
        }
        self.rest = rest;
        Ok(())
    }

    /// Returns the rows. Fails if the end of the stream has not arrived.
    pub(super) fn finish(self) -> DbResult<Vec<T>> {
        match self.next {
            Next::Nothing => Ok(self.rows),
            Next::Header | Next::Row => Err(malformed(Error::custom("the end is missing"))),
        }
    }

    /// Decodes the next part of the stream and returns its length; `None` if it has not arrived completely.
    fn decode(&mut self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        match self.next {
            Next::Header => {
                let length = header_length(bytes)?;
                if length.is_some() {
                    self.next = Next::Row;
                }
                Ok(length)
            }
            Next::Row => self.decode_row(bytes),
            Next::Nothing if bytes.is_empty() => Ok(None),
            Next::Nothing => Err(Error::custom("there is more after the end")),
        }
    }

    fn decode_row(&mut self, bytes: &[u8]) -> Result<Option<usize>, Error> {
        let Some((columns, cells)) = bytes.split_first_chunk() else { return Ok(None) };
        let columns = i16::from_be_bytes(*columns);
        if columns == NO_MORE_ROWS {
            self.next = Next::Nothing;
            return Ok(Some(size_of::<i16>()));
        }
        if usize::try_from(columns) != Ok(self.packings.len()) {
            return Err(Error::custom(format_args!("a row has {columns} columns instead of {}", self.packings.len())));
        }
        let Some(length) = row_length(cells, self.packings.len())? else { return Ok(None) };
        self.rows.push(row(&cells[..length], &self.packings)?);
        Ok(Some(size_of::<i16>() + length))
    }
}

fn malformed(error: Error) -> DbErr {
    DbErr::Type(format!("rows of COPY: {error}"))
}

/// Returns the length of the header; `None` if it has not arrived completely.
fn header_length(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let Some((signature, rest)) = bytes.split_first_chunk::<11>() else { return Ok(None) };
    if signature != SIGNATURE {
        return Err(Error::custom("the signature is another one"));
    }
    let Some((flags, rest)) = rest.split_first_chunk() else { return Ok(None) };
    // A reader that does not know a flag of the upper half cannot read the rows.
    if u32::from_be_bytes(*flags) >> 16 != 0 {
        return Err(Error::custom("the header has unknown flags"));
    }
    let Some((extension, rest)) = rest.split_first_chunk() else { return Ok(None) };
    let extension = length(i32::from_be_bytes(*extension))?;
    Ok(rest.get(extension..).map(|rows| bytes.len() - rows.len()))
}

/// Returns the length of a row's cells; `None` if they have not arrived completely.
fn row_length(bytes: &[u8], cells: usize) -> Result<Option<usize>, Error> {
    let mut rest = bytes;
    for _ in 0..cells {
        let Some((_, after)) = split_cell(rest)? else { return Ok(None) };
        rest = after;
    }
    Ok(Some(bytes.len() - rest.len()))
}

/// The bytes of a cell, unless it is null, and those after it.
type SplitCell<'a> = (Option<&'a [u8]>, &'a [u8]);

/// Splits the first cell off; `None` if it has not arrived completely.
fn split_cell(bytes: &[u8]) -> Result<Option<SplitCell<'_>>, Error> {
    let Some((cell, rest)) = bytes.split_first_chunk() else { return Ok(None) };
    match i32::from_be_bytes(*cell) {
        NULL => Ok(Some((None, rest))),
        cell => Ok(rest.split_at_checked(length(cell)?).map(|(cell, rest)| (Some(cell), rest))),
    }
}

fn length(number: i32) -> Result<usize, Error> {
    usize::try_from(number).map_err(|_| Error::custom("a length is negative"))
}

/// Decodes a row from its cells.
fn row<T: DeserializeOwned>(bytes: &[u8], packings: &[Packing]) -> Result<T, Error> {
    let mut cells = Cells { packings: packings.iter(), bytes };
    let row = T::deserialize(SeqAccessDeserializer::new(&mut cells))?;
    if cells.packings.next().is_some() { Err(Error::custom("a row has more columns than are read")) } else { Ok(row) }
}

/// The cells of a row that have not been read.
struct Cells<'a, 'de> {
    packings: slice::Iter<'a, Packing>,
    bytes: &'de [u8],
}

impl<'de> SeqAccess<'de> for Cells<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(packing) = self.packings.next() else { return Ok(None) };
        let (bytes, rest) = split_cell(self.bytes)?.ok_or_else(|| Error::custom("a row is cut off"))?;
        self.bytes = rest;
        seed.deserialize(Cell { packing: *packing, bytes }).map(Some)
    }
}

struct Cell<'de> {
    packing: Packing,
    /// `None` is null.
    bytes: Option<&'de [u8]>,
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Some(bytes) = self.bytes else { return visitor.visit_unit() };
        match self.packing {
            Packing::Integer => visitor.visit_i64(integer(bytes)?),
            Packing::Time => visitor.visit_i64(micros(bytes)?),
            Packing::Text => visitor.visit_borrowed_str(text(bytes)?),
            Packing::JsonText => visitor.visit_string(without_blanks(text(bytes)?)),
            Packing::Uuid | Packing::OptionalUuid | Packing::Digest => visitor.visit_borrowed_bytes(bytes),
            Packing::Json => {
                let mut json = serde_json::Deserializer::from_slice(bytes);
                let value = json.deserialize_any(visitor).map_err(Error::custom)?;
                json.end().map_err(Error::custom).map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.bytes.is_some() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

fn text(bytes: &[u8]) -> Result<&str, Error> {
    str::from_utf8(bytes).map_err(Error::custom)
}

/// Removes the blanks between the tokens of JSON: the server writes one after each comma and colon.
fn without_blanks(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut in_string, mut is_escaped) = (false, false);
    for c in json.chars() {
        if in_string || c != ' ' {
            compact.push(c);
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = in_string && c == '\\' && !is_escaped;
    }
    compact
}

/// Decodes a smallint, an integer or a bigint.
fn integer(bytes: &[u8]) -> Result<i64, Error> {
    match bytes.len() {
        2 => bytes.try_into().map(i16::from_be_bytes).map(i64::from),
        4 => bytes.try_into().map(i32::from_be_bytes).map(i64::from),
        _ => bytes.try_into().map(i64::from_be_bytes),
    }
    .map_err(|_| Error::custom(format_args!("a number has {} bytes", bytes.len())))
}

/// Decodes a time as microseconds since 1970. Infinity becomes a time that is out of range.
fn micros(bytes: &[u8]) -> Result<i64, Error> {
    let since_2000 = bytes.try_into().map(i64::from_be_bytes).map_err(|_| Error::custom("a time has not 8 bytes"))?;
    Ok(since_2000.saturating_add(EPOCH))
}

#[cfg(test)]
mod tests;
