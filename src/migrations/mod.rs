//! Migrations of the schema, forward only. A change expands the schema first, and contracts it in a later release.
//!
//! Each table with data of workspaces has the workspace id, first in its indexes. Times are `timestamptz` on Postgres and
//! sortable text on SQLite; ids are UUIDs; enums are text, so that people can read rows.
//!
//! A migration is a transaction on a Postgres that is in use. One that adds a column to a large table does nothing else to it: the
//! table is locked against reads until that transaction ends.
//!
//! The name of a file is stored in each database, and cannot be changed.

use sea_orm_migration::prelude::*;

mod m0001_people;
mod m0002_audit;
mod m0003_keys;
mod m0004_operations;
mod m0005_refused_everywhere;
mod m0006_setup_links;
mod m0007_key_order;
mod m0008_nodes;
mod m0009_filters;
mod m0010_revoked_keys;
mod m0011_room;
mod m0012_sign_ins;
mod m0015_node_runs;
mod m0016_node_probe;
mod m0017_session_authentication;
mod m0018_text_forms;
mod m0019_rotation_root;
mod m0020_places_and_payments;
mod m0021_member_order;
mod m0023_icao_severity;
mod m0024_account;
mod m0025_second_factor;
mod m0026_two_factor;
mod m0027_security_settings;
mod m0028_event_authentication;
mod m0029_passkeys;
mod m0030_mail;
mod m0031_upgrade_watch;
mod m0032_webhooks;
mod m0033_notices;
mod m0035_deleted_webhooks;
mod m0036_nodes_that_deliver;
mod m0038_delivery_indexes;
mod m0040_pauses;
mod m0041_key_policy;
mod m0042_custodians;
mod m0043_findings;
mod m0044_request_log;
mod m0045_key_leaks;
mod m0046_pages_of_data;
mod m0047_unusual_activity;
mod m0048_key_shadows;
mod m0049_digests_and_remedies;
mod m0050_sandboxes;
mod m0051_key_indexes;
mod m0052_keys_by_custodian;
mod m0053_sandbox_indexes;
mod m0056_trip_order;
mod m0057_usage_storage;
mod schema;

/// All migrations, in order.
#[derive(Debug)]
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_people::Migration),
            Box::new(m0002_audit::Migration),
            Box::new(m0003_keys::Migration),
            Box::new(m0004_operations::Migration),
            Box::new(m0005_refused_everywhere::Migration),
            Box::new(m0006_setup_links::Migration),
            Box::new(m0007_key_order::Migration),
            Box::new(m0008_nodes::Migration),
            Box::new(m0009_filters::Migration),
            Box::new(m0010_revoked_keys::Migration),
            Box::new(m0011_room::Migration),
            Box::new(m0012_sign_ins::Migration),
            Box::new(m0015_node_runs::Migration),
            Box::new(m0016_node_probe::Migration),
            Box::new(m0017_session_authentication::Migration),
            Box::new(m0018_text_forms::Migration),
            Box::new(m0019_rotation_root::Migration),
            Box::new(m0020_places_and_payments::Migration),
            Box::new(m0021_member_order::Migration),
            Box::new(m0023_icao_severity::Migration),
            Box::new(m0024_account::Migration),
            Box::new(m0025_second_factor::Migration),
            Box::new(m0026_two_factor::Migration),
            Box::new(m0027_security_settings::Migration),
            Box::new(m0028_event_authentication::Migration),
            Box::new(m0029_passkeys::Migration),
            Box::new(m0030_mail::Migration),
            Box::new(m0031_upgrade_watch::Migration),
            Box::new(m0032_webhooks::Migration),
            Box::new(m0033_notices::Migration),
            Box::new(m0035_deleted_webhooks::Migration),
            Box::new(m0036_nodes_that_deliver::Migration),
            Box::new(m0038_delivery_indexes::Migration),
            Box::new(m0040_pauses::Migration),
            Box::new(m0041_key_policy::Migration),
            Box::new(m0042_custodians::Migration),
            Box::new(m0043_findings::Migration),
            Box::new(m0044_request_log::Migration),
            Box::new(m0045_key_leaks::Migration),
            Box::new(m0046_pages_of_data::Migration),
            Box::new(m0047_unusual_activity::Migration),
            Box::new(m0048_key_shadows::Migration),
            Box::new(m0049_digests_and_remedies::Migration),
            Box::new(m0050_sandboxes::Migration),
            Box::new(m0051_key_indexes::Migration),
            Box::new(m0052_keys_by_custodian::Migration),
            Box::new(m0053_sandbox_indexes::Migration),
            Box::new(m0056_trip_order::Migration),
            Box::new(m0057_usage_storage::Migration),
        ]
    }
}
