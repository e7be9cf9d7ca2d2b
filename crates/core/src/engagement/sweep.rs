//! How long what is over is kept (decision 0030).

use weir_base::Timestamp;

use super::rows;
use crate::{App, Outcome, action::ActionId, credit::EntryId, message::MessageId};

/// What one statement deletes at the most, so that nobody waits long behind it.
const AT_ONCE: i64 = 500;

/// Deletes what is older than `engagement.keep`: messages that nothing will become of any more, with their attempts,
/// actions, and entries of ledgers but for the newest of each, which says what remains. Answers how many rows went.
pub async fn sweep(app: &App) -> Outcome<u64> {
    let keep = app.settings.engagement.keep.0;
    if keep.is_zero() {
        return Ok(0);
    }
    let before = app.clock.now().minus(keep);
    let mut all = in_pieces(app, Swept::Messages, before).await?;
    // After their messages: one that is sent right now still has its own.
    loop {
        let attempts = rows::delete_attempts(&app.store, &MessageId::least_of(before), AT_ONCE).await?;
        all += attempts;
        if attempts == 0 {
            break;
        }
    }
    all += in_pieces(app, Swept::Actions, before).await?;
    all += in_pieces(app, Swept::Entries, before).await?;
    Ok(all)
}

#[derive(Clone, Copy)]
enum Swept {
    Messages,
    Actions,
    Entries,
}

/// Each piece begins where the one before ended: what stays is looked at once.
async fn in_pieces(app: &App, what: Swept, before: Timestamp) -> Outcome<u64> {
    let (store, mut all, mut after) = (&app.store, 0, String::new());
    loop {
        let deleted = match what {
            Swept::Messages => {
                rows::delete_messages(store, &after, &MessageId::least_of(before), AT_ONCE).await?
            }
            Swept::Actions => {
                rows::delete_actions(store, &after, &ActionId::least_of(before), AT_ONCE).await?
            }
            Swept::Entries => {
                rows::delete_entries(store, &after, &EntryId::least_of(before), AT_ONCE).await?
            }
        };
        all += deleted.len() as u64;
        match deleted.into_iter().max() {
            Some(last) => after = last,
            None => return Ok(all),
        }
    }
}
