//! Values on their way to and from both engines. Columns are TEXT, BIGINT or BOOLEAN, nothing else, so that the two
//! cannot disagree.

use std::borrow::Cow;

use bytes::BytesMut;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, WrongType, to_sql_checked};
use weir_base::Timestamp;

use crate::StoreError;

type BoxError = Box<dyn std::error::Error + Sync + Send>;

/// A value given to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(Cow<'a, str>),
}

impl Param<'_> {
    pub(crate) fn into_owned(self) -> Param<'static> {
        match self {
            Self::Null => Param::Null,
            Self::Int(number) => Param::Int(number),
            Self::Bool(truth) => Param::Bool(truth),
            Self::Text(text) => Param::Text(Cow::Owned(text.into_owned())),
        }
    }
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            // PostgreSQL refuses it by itself.
            Self::Text(text) if text.contains('\0') => {
                return Err(rusqlite::Error::ToSqlConversionFailure("a text may hold no NUL".into()));
            }
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Self::Bool(truth) if *kind == Type::BOOL => truth.to_sql(kind, out),
            Self::Text(text) if *kind == Type::TEXT => text.as_ref().to_sql(kind, out),
            _ => Err(Box::new(WrongType::new::<Self>(kind.clone()))),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::BOOL | Type::TEXT)
    }

    to_sql_checked!();
}

/// A value found in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(&'a str),
}

impl<'a> FromSql<'a> for Cell<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Cell::Int),
            Type::BOOL => bool::from_sql(kind, raw).map(Cell::Bool),
            _ => <&str>::from_sql(kind, raw).map(Cell::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, BoxError> {
        Ok(Cell::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::INT8 | Type::BOOL | Type::TEXT)
    }
}

/// A Rust value that can be given to a statement.
pub trait ToParam {
    fn to_param(&self) -> Param<'_>;
}

/// A Rust type that can be read from one column.
pub trait Field: Sized {
    /// `None` when the cell holds what this type cannot be.
    fn from_cell(cell: Cell<'_>) -> Option<Self>;
}

impl<T: ToParam + ?Sized> ToParam for &T {
    fn to_param(&self) -> Param<'_> {
        (**self).to_param()
    }
}

impl<T: ToParam> ToParam for Option<T> {
    fn to_param(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, ToParam::to_param)
    }
}

impl ToParam for i64 {
    fn to_param(&self) -> Param<'_> {
        Param::Int(*self)
    }
}

impl ToParam for bool {
    fn to_param(&self) -> Param<'_> {
        Param::Bool(*self)
    }
}

impl ToParam for str {
    fn to_param(&self) -> Param<'_> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl ToParam for String {
    fn to_param(&self) -> Param<'_> {
        Param::Text(Cow::Borrowed(self))
    }
}

impl ToParam for Timestamp {
    fn to_param(&self) -> Param<'_> {
        Param::Int(self.millis())
    }
}

impl Field for i64 {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if let Cell::Int(number) = cell { Some(number) } else { None }
    }
}

impl Field for bool {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Bool(truth) => Some(truth),
            Cell::Int(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl Field for String {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if let Cell::Text(text) = cell { Some(text.to_owned()) } else { None }
    }
}

impl Field for Timestamp {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        i64::from_cell(cell).map(Self::from_millis)
    }
}

impl<T: Field> Field for Option<T> {
    fn from_cell(cell: Cell<'_>) -> Option<Self> {
        if cell == Cell::Null { Some(None) } else { T::from_cell(cell).map(Some) }
    }
}

/// A row of either engine.
pub trait Cells {
    /// `None` when there is no such column, or its type is none of ours.
    fn named(&self, column: &str) -> Option<Cell<'_>>;
    fn first(&self) -> Option<Cell<'_>>;
}

/// A row on its way into a struct. Statements name their columns mostly in the order of the struct's fields, so the next
/// column is looked at before all are searched.
pub(crate) struct InOrder<'r, R> {
    row: &'r R,
    next: std::cell::Cell<usize>,
}

impl<'r, R> InOrder<'r, R> {
    pub(crate) fn new(row: &'r R) -> Self {
        Self { row, next: std::cell::Cell::new(0) }
    }

    /// The position of the column called so; `name` tells the name at a position, of which there are `count`.
    fn position<'n>(
        &self,
        column: &str,
        count: usize,
        name: impl Fn(usize) -> Option<&'n str>,
    ) -> Option<usize> {
        let next = self.next.get();
        let at = if name(next) == Some(column) {
            next
        } else {
            (0..count).find(|at| name(*at) == Some(column))?
        };
        self.next.set(at + 1);
        Some(at)
    }
}

impl Cells for InOrder<'_, rusqlite::Row<'_>> {
    fn named(&self, column: &str) -> Option<Cell<'_>> {
        let statement = self.row.as_ref();
        let at = self.position(column, statement.column_count(), |at| statement.column_name(at).ok())?;
        cell_of(self.row.get_ref(at).ok()?)
    }

    fn first(&self) -> Option<Cell<'_>> {
        cell_of(self.row.get_ref(0).ok()?)
    }
}

fn cell_of(value: ValueRef<'_>) -> Option<Cell<'_>> {
    match value {
        ValueRef::Null => Some(Cell::Null),
        ValueRef::Integer(number) => Some(Cell::Int(number)),
        ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Cell::Text),
        ValueRef::Real(_) | ValueRef::Blob(_) => None,
    }
}

impl Cells for InOrder<'_, tokio_postgres::Row> {
    fn named(&self, column: &str) -> Option<Cell<'_>> {
        let columns = self.row.columns();
        let at =
            self.position(column, columns.len(), |at| columns.get(at).map(tokio_postgres::Column::name))?;
        self.row.try_get(at).ok()
    }

    fn first(&self) -> Option<Cell<'_>> {
        self.row.try_get(0).ok()
    }
}

/// What a statement's rows become. Declared with [`crate::row!`]; an `i64` or a `String` reads the only column.
pub trait Row: Sized + Send + 'static {
    fn read(cells: &impl Cells, statement: &'static str) -> Result<Self, StoreError>;
}

impl Row for i64 {
    fn read(cells: &impl Cells, statement: &'static str) -> Result<Self, StoreError> {
        only(cells, statement)
    }
}

impl Row for String {
    fn read(cells: &impl Cells, statement: &'static str) -> Result<Self, StoreError> {
        only(cells, statement)
    }
}

fn only<T: Field>(cells: &impl Cells, statement: &'static str) -> Result<T, StoreError> {
    let cell = cells.first().and_then(T::from_cell);
    cell.ok_or_else(|| StoreError::Inconsistent { statement, column: "1".to_owned() })
}

/// Declares the struct that a statement's rows become; its fields are read by their names as columns. After a `;`
/// comes another row struct that is read from the same row: `row! { struct Login { token: String; profile: Profile } }`.
#[macro_export]
macro_rules! row {
    ($(#[$doc:meta])* $vis:vis struct $name:ident {
        $($(#[$field_doc:meta])* $field_vis:vis $field:ident: $type:ty),* $(,)?
        $(; $inner_vis:vis $inner:ident: $inner_type:ty)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        $vis struct $name { $($(#[$field_doc])* $field_vis $field: $type,)* $($inner_vis $inner: $inner_type)? }

        impl $crate::Row for $name {
            fn read(cells: &impl $crate::Cells, statement: &'static str) -> ::std::result::Result<Self, $crate::StoreError> {
                $(
                    let $field = cells.named(stringify!($field)).and_then(<$type as $crate::Field>::from_cell).ok_or_else(
                        || $crate::StoreError::Inconsistent { statement, column: stringify!($field).to_owned() },
                    )?;
                )*
                $(let $inner = <$inner_type as $crate::Row>::read(cells, statement)?;)?
                Ok(Self { $($field,)* $($inner)? })
            }
        }
    };
}

/// Lets types with `as_str` and `parse` live in a TEXT column.
#[macro_export]
macro_rules! text_field {
    ($($name:ty),* $(,)?) => { $(
        impl $crate::ToParam for $name {
            fn to_param(&self) -> $crate::Param<'_> {
                $crate::Param::Text(::std::borrow::Cow::Borrowed(self.as_str()))
            }
        }

        impl $crate::Field for $name {
            fn from_cell(cell: $crate::Cell<'_>) -> Option<Self> {
                if let $crate::Cell::Text(text) = cell { <$name>::parse(text) } else { None }
            }
        }
    )* };
}

/// Lets a number id live in a column.
#[macro_export]
macro_rules! number_field {
    ($($name:ident),* $(,)?) => { $(
        impl $crate::ToParam for $name {
            fn to_param(&self) -> $crate::Param<'_> {
                $crate::Param::Int(self.0)
            }
        }

        impl $crate::Field for $name {
            fn from_cell(cell: $crate::Cell<'_>) -> Option<Self> {
                if let $crate::Cell::Int(number) = cell { Some(Self(number)) } else { None }
            }
        }

        impl $crate::Row for $name {
            fn read(cells: &impl $crate::Cells, statement: &'static str) -> ::std::result::Result<Self, $crate::StoreError> {
                <i64 as $crate::Row>::read(cells, statement).map(Self)
            }
        }
    )* };
}

/// Declares a state as an enum that lives in a TEXT column under the names given.
#[macro_export]
macro_rules! text_enum {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            pub const fn as_str(&self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        $crate::text_field!($name);
    };
}
