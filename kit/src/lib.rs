//! Plumbing that knows no product noun: it could be lifted into another service as it is.
//!
//! - `aside`   work that takes long, behind that of requests
//! - `clock`   time, and a clock that a test can set
//! - `day`     calendar days
//! - `db`      the two engines behind one handle, write transactions, paging
//! - `http`    the route table, extractors, the answer envelope, serving connections
//! - `ids`     TypeIDs as newtypes
//! - `limit`   a rate limit in eight bytes (GCRA)
//! - `lock`    locks that outlive a panic
//! - `log`     lines on their way to stderr, and the one of each request
//! - `page`    HTML, forms, times and charts
//! - `random`  the operating system's generator, or a seeded one for tests
//! - `secret`  tokens, and the finder of secrets in text
//! - `stripes` what every thread adds to, a part for each
//! - `text`    strings that were checked when they were parsed
//! - `words`   closed vocabularies, one word each in the code, on the wire and in the database

pub mod aside;
pub mod clock;
pub mod day;
pub mod db;
pub mod http;
pub mod ids;
pub mod limit;
pub mod lock;
pub mod log;
pub mod page;
pub mod random;
pub mod secret;
pub mod stripes;
pub mod text;
pub mod words;
