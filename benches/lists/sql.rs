//! The statements of the product for these calls: their texts, which are the same for both engines, as Postgres logs them with
//! `log_statement=all`. Statements that look up the session of a call are not among them: `whoami` has them, too.

/// A table, and its columns in the order in which the product selects them.
pub(super) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    /// The end of the condition of a page.
    filter: &'static str,
}

pub(super) const TRIPS: Table = Table {
    name: "trips",
    columns: &[
        "id",
        "workspace_id",
        "external_id",
        "trip_type",
        "status",
        "origin",
        "origin_name",
        "destination",
        "destination_name",
        "departure_date",
        "arrival_date",
        "aircraft_id",
        "passenger_count",
        "notes",
        "created_at",
        "updated_at",
    ],
    filter: "",
};

pub(super) const INVOICES: Table = Table {
    name: "invoices",
    columns: &[
        "id",
        "workspace_id",
        "number",
        "client_name",
        "client_email",
        "trip_id",
        "currency",
        "line_items",
        "total",
        "amount_paid",
        "status",
        "due_date",
        "notes",
        "external_id",
        "created_at",
        "updated_at",
        "search_text",
        "search_text_of",
        "overdue_recorded_at",
    ],
    filter: "",
};

pub(super) const REPORTS: Table = Table {
    name: "reports",
    columns: &[
        "id",
        "workspace_id",
        "number",
        "report_type",
        "title",
        "description",
        "location",
        "occurred_at",
        "severity",
        "icao_severity",
        "status",
        "confidentiality",
        "filed_as",
        "reporter_id",
        "reporter_name",
        "assigned_to",
        "created_at",
        "updated_at",
    ],
    filter: "",
};

pub(super) const KEYS: Table = Table {
    name: "api_keys",
    columns: &[
        "id",
        "workspace_id",
        "digest",
        "hint",
        "name",
        "name_folded",
        "name_skeleton",
        "name_forms_of",
        "description",
        "permissions",
        "scopes",
        "ip_allowlist",
        "rate_requests",
        "rate_per_seconds",
        "created_at",
        "created_by_id",
        "created_by_name",
        "expires_at",
        "expiry_recorded_at",
        "expiry_announced_days",
        "paused_at",
        "paused_until",
        "paused_by_id",
        "paused_by_name",
        "paused_everywhere_at",
        "revoked_at",
        "revoked_by_id",
        "revoked_by_name",
        "revoke_reason",
        "refused_everywhere_at",
        "rotated_from",
        "rotation_root",
        "custodian_id",
        "revoke_old_at",
        "revoke_old_forced",
        "rotation_blocked_at",
        "sandbox_id",
        "revision",
    ],
    filter: " AND TRUE AND TRUE",
};

pub(super) const EVENTS: Table = Table {
    name: "audit_events",
    columns: &[
        "id",
        "workspace_id",
        "sequence",
        "occurred_at",
        "action",
        "outcome",
        "actor_type",
        "actor_id",
        "actor_name",
        "target_type",
        "target_id",
        "target_name",
        "ip",
        "user_agent",
        "request_id",
        "details",
        "hash",
        "auth_methods",
        "auth_age_seconds",
    ],
    filter: "",
};

const HEADS: Table = table("audit_heads", &["workspace_id", "sequence", "hash", "event_types"]);
const LAST_USES: Table = table("api_key_last_uses", &["key_id", "at", "ip"]);
const REVISIONS: Table = table("revisions", &["id", "value"]);
const SUCCESSORS: Table = table("api_keys", &["created_at", "id", "rotated_from"]);
const USAGE: Table = table("api_key_usage", &["workspace_id", "key_id", "hour", "scope", "allowed", "denied"]);
const ADDRESSES: Table = table("api_key_addresses", &["workspace_id", "key_id", "ip", "first_used_at", "last_used_at"]);
const MEMBERS: Table = table(
    "members",
    &[
        "id",
        "workspace_id",
        "email",
        "name",
        "role",
        "password_hash",
        "invite_digest",
        "invite_expires_at",
        "invited_by",
        "created_at",
        "second_factor_at",
        "password_is_short",
        "muted_notices",
    ],
);

const fn table(name: &'static str, columns: &'static [&'static str]) -> Table {
    Table { name, columns, filter: "" }
}

impl Table {
    fn column(&self, column: &str) -> String {
        format!(r#""{}"."{column}""#, self.name)
    }

    /// Returns the statement that selects all rows for which the condition holds.
    fn select(&self, condition: &str) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| self.column(column)).collect();
        format!(r#"SELECT {} FROM "{}" WHERE {condition}"#, columns.join(", "), self.name)
    }

    /// The condition that a column is equal to a parameter.
    fn is(&self, column: &str, parameter: usize) -> String {
        format!("{} = ${parameter}", self.column(column))
    }

    /// The condition that a column is one of `count` parameters, from the one with this number on.
    fn is_in(&self, column: &str, first: usize, count: usize) -> String {
        let parameters: Vec<String> = (first..first + count).map(|number| format!("${number}")).collect();
        format!("{} IN ({})", self.column(column), parameters.join(", "))
    }
}

/// The statements of the calls on one table, as far as they need them.
pub(super) struct Sql {
    pub(super) count: String,
    pub(super) page: String,
    pub(super) find: String,
    pub(super) revision: String,
    pub(super) last_uses: String,
    pub(super) successors: String,
    pub(super) members: String,
    pub(super) usage: String,
    pub(super) addresses: String,
    pub(super) head: String,
    pub(super) events: String,
}

impl Sql {
    /// Returns the statements for a table, with details of this many keys.
    pub(super) fn new(table: &Table, keys: usize) -> Self {
        let (workspace, created, id) = (table.is("workspace_id", 1), table.column("created_at"), table.column("id"));
        let sequence = EVENTS.column("sequence");
        let hour = USAGE.column("hour");
        Self {
            count: format!(r#"SELECT COUNT(*) FROM (SELECT {created} FROM "{}" WHERE {workspace}) AS "counted""#, table.name),
            page: format!(
                "{} ORDER BY {created} DESC, {id} DESC LIMIT $2 OFFSET $3",
                table.select(&(workspace.clone() + table.filter))
            ),
            find: table.select(&format!("{} AND {} LIMIT $3", table.is("id", 1), table.is("workspace_id", 2))),
            revision: REVISIONS.select(&format!("{} LIMIT $2", REVISIONS.is("id", 1))),
            last_uses: LAST_USES.select(&LAST_USES.is_in("key_id", 1, keys)),
            successors: SUCCESSORS.select(&format!(
                "{} AND {}",
                SUCCESSORS.is("workspace_id", 1),
                SUCCESSORS.is_in("rotated_from", 2, keys)
            )),
            // One member has created all keys.
            members: MEMBERS.select(&format!("{} AND {}", MEMBERS.is("workspace_id", 1), MEMBERS.is_in("id", 2, 1))),
            usage: USAGE.select(&format!("{} AND {hour} >= $2 AND {hour} < $3 ORDER BY {hour} ASC", USAGE.is("key_id", 1))),
            addresses: ADDRESSES.select(&format!(
                "{} ORDER BY {} DESC LIMIT $2",
                ADDRESSES.is("key_id", 1),
                ADDRESSES.column("last_used_at")
            )),
            head: HEADS.select(&format!("{} LIMIT $2", HEADS.is("workspace_id", 1))),
            events: EVENTS
                .select(&format!("{} AND ({sequence} BETWEEN $2 AND $3) ORDER BY {sequence} DESC", EVENTS.is("workspace_id", 1))),
        }
    }
}
