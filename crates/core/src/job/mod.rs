//! What must happen outside our database. A job is a row written in the transaction that makes it necessary; a worker
//! leases it, works, and deletes it in the transaction that writes down what came of it. Whoever dies holding a lease loses
//! it when it ends, and somebody else goes on (decision 0025).

pub mod flow;
pub mod model;
pub mod queues;
pub mod rows;
pub mod runner;

pub use flow::{add, condition};
pub use model::{Done, JobId, JobKind, Leased};
pub use queues::Jobs;
