//! The SQL in which the engines differ.

pub(super) struct Dialect {
    pub(super) id: &'static str,
    pub(super) digest: &'static str,
    /// So many seconds after the beginning of 2020.
    pub(super) time: fn(&str) -> String,
    /// Refreshes the statistics of the query planner.
    pub(super) statistics: Option<&'static str>,
}

pub(super) const SQLITE: Dialect = Dialect {
    id: "randomblob(16)",
    digest: "randomblob(32)",
    time: |seconds| format!("strftime('%Y-%m-%dT%H:%M:%S', '2020-01-01', '+' || ({seconds}) || ' seconds') || '.000000+00:00'"),
    statistics: None,
};

pub(super) const POSTGRES: Dialect = Dialect {
    id: "gen_random_uuid()",
    digest: "sha256(gen_random_uuid()::text::bytea)",
    time: |seconds| format!("timestamptz '2020-01-01 00:00:00Z' + make_interval(secs => {seconds})"),
    statistics: Some("ANALYZE"),
};
