use weir_base::Timestamp;
use weir_store::statements;

use super::{JobId, JobKind, Leased, model::Place};

statements! {
    write fn insert(id: &JobId, kind: JobKind, subject: &str, queue: &str, lane: &str, due_at: Timestamp, now: Timestamp) -> affected =
        "INSERT INTO jobs (id, kind, subject, queue, lane, due_at, lease, leased_until, runs, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL, 0, $7)";
    /// A job that its maker does at once. Others find it only when the lease has ended.
    write fn insert_leased(id: &JobId, kind: JobKind, subject: &str, queue: &str, lane: &str, lease: &str, leased_until: Timestamp, now: Timestamp) -> affected =
        "INSERT INTO jobs (id, kind, subject, queue, lane, due_at, lease, leased_until, runs, created_at)
         VALUES ($1, $2, $3, $4, $5, $8, $6, $7, 1, $8)";
    /// Leases up to `limit` jobs of a queue that are due, the first of its lane each, in a lane where none is leased.
    /// Only so many places of the order are looked at, from behind `after_due` and `after_id`: jobs that wait behind others
    /// of their lane must not make every look as long as the queue. (SQLite takes them in their order as it is; asked to, it
    /// would look at all of them first.)
    write fn claim(queue: &str, now: Timestamp, after_due: Timestamp, after_id: &str, limit: i64, lease: &str, leased_until: Timestamp) -> many Leased =
        sqlite "UPDATE jobs SET lease = $6, leased_until = $7, runs = runs + 1 WHERE lease IS NULL AND id IN (
            SELECT w.id FROM (SELECT id, lane, due_at FROM jobs WHERE queue = $1 AND lease IS NULL AND due_at <= $2 AND (due_at, id) > ($3, $4)
                ORDER BY due_at, id LIMIT 256) w
            WHERE NOT EXISTS (SELECT 1 FROM jobs e WHERE e.lane = w.lane AND e.id < w.id)
                AND NOT EXISTS (SELECT 1 FROM jobs l WHERE l.lane = w.lane AND l.lease IS NOT NULL)
            LIMIT $5)
         RETURNING id, kind, subject, queue, lane, lease, runs",
        postgres "UPDATE jobs SET lease = $6, leased_until = $7, runs = runs + 1 WHERE lease IS NULL AND id IN (
            SELECT j.id FROM (SELECT id, lane, due_at FROM jobs WHERE queue = $1 AND lease IS NULL AND due_at <= $2 AND (due_at, id) > ($3, $4)
                ORDER BY due_at, id LIMIT 256) w JOIN jobs j ON j.id = w.id
            WHERE NOT EXISTS (SELECT 1 FROM jobs e WHERE e.lane = w.lane AND e.id < w.id)
                AND NOT EXISTS (SELECT 1 FROM jobs l WHERE l.lane = w.lane AND l.lease IS NOT NULL)
            ORDER BY w.due_at, w.id LIMIT $5 FOR UPDATE OF j SKIP LOCKED)
         RETURNING id, kind, subject, queue, lane, lease, runs";
    /// The last place that [`claim`] looked at, when there are as many as it looks at.
    read fn last_looked_at(queue: &str, now: Timestamp, after_due: Timestamp, after_id: &str) -> optional Place =
        "SELECT due_at, id FROM jobs WHERE queue = $1 AND lease IS NULL AND due_at <= $2 AND (due_at, id) > ($3, $4)
         ORDER BY due_at, id LIMIT 1 OFFSET 255";
    /// The next job of a queue by when it is due, ready or not.
    read fn first(queue: &str) -> optional Place =
        "SELECT due_at, id FROM jobs WHERE queue = $1 AND lease IS NULL ORDER BY due_at, id LIMIT 1";
    /// The next that is not due yet.
    read fn next_due(queue: &str, now: Timestamp) -> optional Place =
        "SELECT due_at, id FROM jobs WHERE queue = $1 AND lease IS NULL AND due_at > $2 ORDER BY due_at, id LIMIT 1";
    /// A lease that has ended, of another process than the one whose leases lie between `first` and `last`: whoever still
    /// works knows so, whatever the clock says.
    read fn over(now: Timestamp, first: &str, last: &str) -> optional String =
        "SELECT id FROM jobs WHERE lease IS NOT NULL AND leased_until <= $1 AND (lease < $2 OR lease > $3) LIMIT 1";
    /// Takes back the leases that have ended.
    write fn take_back(now: Timestamp, first: &str, last: &str) -> affected =
        "UPDATE jobs SET lease = NULL, leased_until = NULL WHERE lease IS NOT NULL AND leased_until <= $1 AND (lease < $2 OR lease > $3)";
    /// The clock was set back: what was to be done at a time that is far away again is due, and the leases of others end
    /// when they would if they were taken now.
    write fn bring_near(now: Timestamp, leased_until: Timestamp) -> affected =
        "UPDATE jobs SET due_at = CASE WHEN due_at > $1 THEN $1 ELSE due_at END,
            leased_until = CASE WHEN leased_until > $2 THEN $2 ELSE leased_until END
         WHERE due_at > $1 OR leased_until > $2";
    /// It is done. Nobody deleted: the lease was lost, and whatever else the transaction wrote must not be.
    write fn finish(id: &JobId, lease: &str) -> affected = "DELETE FROM jobs WHERE id = $1 AND lease = $2";
    /// It is to be done again. Nobody updated: the lease was lost.
    write fn later(id: &JobId, lease: &str, due_at: Timestamp) -> affected =
        "UPDATE jobs SET lease = NULL, leased_until = NULL, due_at = $3 WHERE id = $1 AND lease = $2";
}
