//! Rows as values.

use rusqlite::types::ValueRef;
use sea_orm::DbErr;
use sea_orm::sea_query::ValueType;

use super::decode::decode;
use crate::db::DbResult;

/// The cells of a row, from the first to the last.
pub struct Cells<'a> {
    row: &'a rusqlite::Row<'a>,
    place: usize,
}

impl<'a> Cells<'a> {
    pub(super) fn new(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row, place: 0 }
    }

    /// Returns whether the next `count` cells are all null.
    fn are_null(&self, count: usize) -> bool {
        (self.place..self.place + count).all(|place| matches!(self.row.get_ref(place), Ok(ValueRef::Null)))
    }

    /// Returns the next cell. Fails if there is none, or none of this type.
    pub fn next_cell<T: ValueType>(&mut self) -> DbResult<T> {
        let place = self.place;
        self.place += 1;
        let cell = self.row.get_ref(place).map_err(|error| DbErr::Type(error.to_string()))?;
        let value = decode(&T::array_type(), cell).and_then(|value| <T as ValueType>::try_from(value).ok());
        value.ok_or_else(|| DbErr::Type(format!("column {place} is no {}", T::type_name())))
    }
}

/// A value that is read from a row.
pub trait Row: Sized + Send + 'static {
    /// Reads the cells in the order in which the statement selects them.
    fn read(cells: &mut Cells<'_>) -> DbResult<Self>;
}

macro_rules! tuples {
    ($(($($kind:ident),+);)+) => {$(
        impl<$($kind: ValueType + Send + 'static),+> Row for ($($kind,)+) {
            fn read(cells: &mut Cells<'_>) -> DbResult<Self> {
                Ok(($(cells.next_cell::<$kind>()?,)+))
            }
        }
    )+};
}

tuples! { (A); (A, B); (A, B, C); (A, B, C, D); (A, B, C, D, E); (A, B, C, D, E, F, G); }

/// A row of an entity, with all columns.
pub trait EntityRow: Row {
    /// The names of the columns, in the order of the entity.
    const COLUMNS: &'static [&'static str];
}

/// A row with one of another table, if one belongs to it.
pub(in crate::db) struct Pair<A, B>(pub(in crate::db) A, pub(in crate::db) Option<B>);

impl<A: EntityRow, B: EntityRow> Row for Pair<A, B> {
    fn read(cells: &mut Cells<'_>) -> DbResult<Self> {
        Ok(Self(A::read(cells)?, if cells.are_null(B::COLUMNS.len()) { None } else { Some(B::read(cells)?) }))
    }
}

/// Declares how a model is read from a row: `row!(Model { id, workspace_id })` names its fields in the order of its columns.
#[macro_export]
macro_rules! row {
    ($model:path { $($field:ident),+ $(,)? }) => {
        impl $crate::db::Row for $model {
            fn read(cells: &mut $crate::db::Cells<'_>) -> $crate::db::DbResult<Self> {
                Ok(Self { $($field: cells.next_cell()?),+ })
            }
        }

        impl $crate::db::EntityRow for $model {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),+];
        }
    };
}
