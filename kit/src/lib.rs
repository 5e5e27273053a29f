//! Plumbing that knows no product noun: it could be lifted into another service as it is.
//!
//! - `background_thread` CPU-heavy work on threads of lower priority
//! - `cidr`        blocks of client addresses
//! - `clock`       wall and monotonic time, and a clock that a test can set
//! - `csv`         files for spreadsheets
//! - `day`         calendar days
//! - `dirty_set`   keys that writers mark for a reader
//! - `db`          both engines behind one handle, write transactions, paging
//! - `http`        route table, extractors, response envelope, serving connections
//! - `ids`         TypeIDs as newtypes
//! - `limit`       a GCRA rate limiter of eight bytes
//! - `lock`        locks that ignore poisoning
//! - `log`         buffered log lines and the access log
//! - `page`        HTML, forms, times and charts
//! - `paging`      pages of lists
//! - `random`      the operating system's generator, or a seeded one for tests
//! - `secret`      tokens, and the finder of secrets in text
//! - `secret_file` files that only their owner may read
//! - `sharded`     per-thread shards of counters
//! - `string_enum` enums with one string for code, wire and database
//! - `text`        strings that are validated when they are parsed
//! - `wakeups`     waiting for the next change of a subject

pub mod background_thread;
pub mod cidr;
pub mod clock;
pub mod csv;
pub mod day;
pub mod db;
pub mod dirty_set;
pub mod http;
pub mod ids;
pub mod limit;
pub mod lock;
pub mod log;
pub mod page;
pub mod paging;
pub mod random;
pub mod secret;
pub mod secret_file;
pub mod sharded;
pub mod string_enum;
pub mod text;
pub mod wakeups;
