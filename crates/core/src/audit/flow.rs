use super::{AuditId, rows};
use crate::{App, Outcome};

/// Deletes all entries that need not be kept any longer, a few at once so that others can write between. Answers how
/// many.
pub async fn sweep(app: &App) -> Outcome<u64> {
    const AT_ONCE: i64 = 200;
    let keep = app.settings.audit.keep.0;
    if keep.is_zero() {
        return Ok(0);
    }
    let first_kept = AuditId::least_of(app.clock.now().minus(keep));
    let mut all = 0;
    loop {
        let deleted = rows::delete_before(&app.store, &first_kept, AT_ONCE).await?;
        all += deleted;
        if deleted == 0 {
            return Ok(all);
        }
    }
}
