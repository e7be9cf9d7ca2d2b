//! What is put into a gateway's tables beside it, and counted in them.

use weir_store::statements;

statements! {
    write fn accept_all(appid: &str, remaining: i64) -> affected = "UPDATE credits SET remaining = $2 WHERE appid = $1";
    read fn waiting(queue: &str) -> one i64 = "SELECT COUNT(*) FROM jobs WHERE queue = $1";
    write fn forget_jobs(queue: &str) -> affected = "DELETE FROM jobs WHERE queue = $1";
    write fn fill_messages(appid: &str, openid: &str, template: &str, data: &str, first: i64, last: i64, now: i64) -> affected =
        "WITH RECURSIVE n (i) AS (SELECT CAST($5 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $6)
         INSERT INTO messages (id, appid, openid, template_id, data, origin, state, credit_taken, attempts, due_at, expires_at, created_at, updated_at)
         SELECT 'msg_' || SUBSTR('00000000000000000000000000000000' || CAST(i AS TEXT), LENGTH(CAST(i AS TEXT)) + 1), $1,
            $2 || CAST(i AS TEXT), $3, $4, 'queued', 'queued', FALSE, 0, $7, CAST($7 AS BIGINT) + 864000000, $7, $7 FROM n";
    write fn fill_jobs(appid: &str, openid: &str, first: i64, last: i64, now: i64) -> affected =
        "WITH RECURSIVE n (i) AS (SELECT CAST($3 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $4)
         INSERT INTO jobs (id, kind, subject, queue, lane, due_at, runs, created_at)
         SELECT 'job_' || SUBSTR('00000000000000000000000000000000' || CAST(i AS TEXT), LENGTH(CAST(i AS TEXT)) + 1), 'send_message',
            'msg_' || SUBSTR('00000000000000000000000000000000' || CAST(i AS TEXT), LENGTH(CAST(i AS TEXT)) + 1), $1,
            $1 || ':' || $2 || CAST(i AS TEXT), $5, 0, $5 FROM n";
}
