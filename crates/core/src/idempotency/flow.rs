//! ```ignore
//! // In the transaction that does it, before anything else is written:
//! match idempotency::claim(tx, &once, now).await? {
//!     Claim::Answered(kept) => return again(kept),
//!     Claim::Ours => {}
//! }
//! // … and last, or in a later transaction when something slow comes between:
//! idempotency::answer(tx, &once, &kept).await?;
//! ```

use weir_base::Timestamp;
use weir_store::{Executor, StoreError, Tx};

use super::{
    Claim, Once,
    model::KEPT,
    rows::{self, KeptRow},
};
use crate::{App, Code, Failure, Outcome};

/// Claims the right to do what `once` asks for, in the transaction that does it or that writes down that it is being done.
///
/// # Errors
/// [`Code::Impossible`] when the key was used for something else; [`Code::Underway`] while somebody else is doing it.
pub async fn claim(tx: &Tx<'_>, once: &Once, now: Timestamp) -> Outcome<Claim> {
    let Once { caller, operation, key, request } = once;
    if rows::claim(tx, caller, operation, key, request, now, now.minus(KEPT)).await? > 0 {
        return Ok(Claim::Ours);
    }
    match rows::find(tx, caller, operation, key).await? {
        Some(KeptRow { request_digest, .. }) if request_digest != *request => {
            Err(Failure::new(Code::Impossible).detail("this Idempotency-Key was used for another request"))
        }
        Some(KeptRow { answer: Some(answer), .. }) => Ok(Claim::Answered(answer)),
        _ => Err(Failure::new(Code::Underway)
            .detail("the request with this Idempotency-Key is still being worked on")),
    }
}

/// Keeps what whoever comes again is told, for a day. No personal data: the request that comes again brings its own.
pub async fn answer(db: impl Executor, once: &Once, kept: &str) -> Result<(), StoreError> {
    rows::answer(db, &once.caller, once.operation, &once.key, kept).await?;
    Ok(())
}

/// Gives the right back: nothing was done, and whoever comes again may.
pub async fn release(db: impl Executor, once: &Once) -> Result<(), StoreError> {
    rows::release(db, &once.caller, once.operation, &once.key).await?;
    Ok(())
}

/// Forgets an answer that was kept before it came to nothing: whoever comes again may do it.
pub async fn forget(db: impl Executor, once: &Once) -> Result<(), StoreError> {
    rows::forget(db, &once.caller, once.operation, &once.key).await?;
    Ok(())
}

/// Deletes keys that are too old, a few at once. Answers how many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 500;
    let too_old = app.clock.now().minus(KEPT);
    let mut all = 0;
    loop {
        let deleted = rows::delete_old(&app.store, too_old, AT_ONCE).await?;
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
