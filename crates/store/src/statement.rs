//! Statements, declared once.

use crate::{Param, Row, StoreError};

/// Whether a statement may run on a reader's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

/// One SQL text for both engines, or one for each where they differ.
#[derive(Debug)]
pub struct Statement {
    /// Used in errors, metrics and in the test that prepares each statement on both engines.
    pub name: &'static str,
    pub access: Access,
    /// With `?1` for the first parameter.
    pub sqlite: &'static str,
    /// With `$1` for the first parameter.
    pub postgres: &'static str,
}

/// What statements run on: a [`crate::Store`] (each by itself) or a [`crate::Tx`] (together).
pub trait Executor: Send {
    fn rows<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Vec<R>, StoreError>> + Send;

    fn optional<R: Row>(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<Option<R>, StoreError>> + Send;

    fn affected(
        self,
        statement: &'static Statement,
        params: &[Param<'_>],
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// SQLite reads `$2` as a *name* and numbers names by first use, so `$n` becomes `?n`, at compile time.
pub const fn question_marks<const N: usize>(sql: &str) -> [u8; N] {
    let bytes = sql.as_bytes();
    let mut out = [0; N];
    let mut at = 0;
    while at < N {
        let placeholder = bytes[at] == b'$' && at + 1 < N && bytes[at + 1].is_ascii_digit();
        out[at] = if placeholder { b'?' } else { bytes[at] };
        at += 1;
    }
    out
}

/// Declares statements as functions that take a [`crate::Store`] or a [`crate::Tx`] first, and lists them in
/// `STATEMENTS`.
///
/// ```ignore
/// statements! {
///     /// The person, if we know them.
///     read fn by_id(id: UserId) -> optional UserRow = "SELECT * FROM users WHERE id = $1";
///     write fn rename(id: UserId, nickname: &str) -> affected = "UPDATE users SET nickname = $2 WHERE id = $1";
/// }
/// ```
///
/// Cardinalities: `one Row` (else [`StoreError::Missing`]), `optional Row`, `many Row`, `affected`. Where the engines
/// need different texts: `= sqlite "…", postgres "…"`.
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $access:ident fn $name:ident($($arg:ident: $type:ty),* $(,)?) -> $card:ident $($row:ty)? = $(sqlite $lite:literal, postgres $pg:literal)? $($sql:literal)?;)*) => {
        $(
            $(#[$doc])*
            pub async fn $name(db: impl $crate::Executor, $($arg: $type),*) -> ::std::result::Result<$crate::statement_output!($card $($row)?), $crate::StoreError> {
                static STATEMENT: $crate::Statement = $crate::statement!($access $name $(sqlite $lite, postgres $pg)? $($sql)?);
                let params = [$($crate::ToParam::to_param(&$arg)),*];
                $crate::statement_run!($card db, &STATEMENT, &params $(, $row)?)
            }
        )*

        /// Every statement of this file, for the test that prepares each on both engines.
        pub const STATEMENTS: &[$crate::Statement] = &[
            $($crate::statement!($access $name $(sqlite $lite, postgres $pg)? $($sql)?)),*
        ];
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! statement {
    (@build $access:ident $name:ident $lite:expr, $pg:expr) => {{
        const LITE: &str = $lite;
        const LENGTH: usize = LITE.len();
        static BYTES: [u8; LENGTH] = $crate::question_marks(LITE);
        const TEXT: &str = match ::std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("replacing an ASCII character keeps UTF-8"),
        };
        $crate::Statement {
            name: concat!(module_path!(), "::", stringify!($name)),
            access: $crate::statement!(@access $access),
            sqlite: TEXT,
            postgres: $pg,
        }
    }};
    (@access read) => { $crate::Access::Read };
    (@access write) => { $crate::Access::Write };
    ($access:ident $name:ident sqlite $lite:literal, postgres $pg:literal) => { $crate::statement!(@build $access $name $lite, $pg) };
    ($access:ident $name:ident $sql:literal) => { $crate::statement!(@build $access $name $sql, $sql) };
}

#[doc(hidden)]
#[macro_export]
macro_rules! statement_output {
    (one $row:ty) => { $row };
    (optional $row:ty) => { Option<$row> };
    (many $row:ty) => { Vec<$row> };
    (affected) => { u64 };
}

#[doc(hidden)]
#[macro_export]
macro_rules! statement_run {
    (one $db:ident, $statement:expr, $params:expr, $row:ty) => {
        $crate::Executor::optional::<$row>($db, $statement, $params)
            .await?
            .ok_or($crate::StoreError::Missing { statement: $statement.name })
    };
    (optional $db:ident, $statement:expr, $params:expr, $row:ty) => {
        $crate::Executor::optional::<$row>($db, $statement, $params).await
    };
    (many $db:ident, $statement:expr, $params:expr, $row:ty) => {
        $crate::Executor::rows::<$row>($db, $statement, $params).await
    };
    (affected $db:ident, $statement:expr, $params:expr) => {
        $crate::Executor::affected($db, $statement, $params).await
    };
}
