//! The entities of the tables.

use kit::db::{Table, table};

use crate::secret_key::{Sealed, SealedColumn, associated};

/// Lists the tables for a copy of the database; tables that others refer to come first.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<endpoint::Entity>(), table::<former_secret::Entity>(), table::<delivery::Entity>(), table::<attempt::Entity>()]
}

/// Lists the columns with sealed signing secrets.
pub(crate) fn sealed() -> Vec<Box<dyn Sealed>> {
    vec![
        Box::new(SealedColumn::<endpoint::Entity> {
            column: endpoint::Column::Secret,
            associated: |row| associated("webhook", row.id),
        }),
        Box::new(SealedColumn::<former_secret::Entity> {
            column: former_secret::Column::Secret,
            associated: |row| associated("webhook_former", row.id),
        }),
    ]
}

pub(super) mod endpoint {
    use sea_orm::entity::prelude::*;

    use crate::cluster::NodeId;
    use crate::webhooks::model::{EndpointId, Schedule};
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_endpoints")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: EndpointId,
        pub workspace_id: WorkspaceId,
        pub url: String,
        pub description: Option<String>,
        /// Patterns of event types, separated by commas.
        pub events: String,
        pub is_active: bool,
        pub schedule: Schedule,
        pub secret: Vec<u8>,
        pub secret_hint: String,
        pub secret_rotated_at: Option<Time>,
        pub created_by_id: String,
        pub created_by_name: String,
        pub created_at: Time,
        pub updated_at: Time,
        /// The sequence of the last event before the endpoint was created.
        pub created_sequence: i64,
        /// The sequence up to which events were turned into deliveries.
        pub planned_sequence: i64,
        /// The sequence of the last event of which it has a delivery.
        pub last_sequence: Option<i64>,
        /// The node that delivers.
        pub owner: Option<NodeId>,
        pub last_success_at: Option<Time>,
        pub last_failure_at: Option<Time>,
        /// The first failed attempt since the last success.
        pub failing_since: Option<Time>,
        /// Failed attempts since the last success.
        pub failed_attempts: i32,
        /// Failed deliveries since the last success.
        pub failed_deliveries: i32,
        /// The time at which administrators were warned that it will be disabled.
        pub warned_at: Option<Time>,
        /// The time at which the server disabled it.
        pub disabled_at: Option<Time>,
        pub disabled_reason: Option<String>,
        /// The time at which it was deleted. It is inactive as well, and its rows are deleted in batches.
        pub deleted_at: Option<Time>,
    }

    kit::row!(Model {
        id,
        workspace_id,
        url,
        description,
        events,
        is_active,
        schedule,
        secret,
        secret_hint,
        secret_rotated_at,
        created_by_id,
        created_by_name,
        created_at,
        updated_at,
        created_sequence,
        planned_sequence,
        last_sequence,
        owner,
        last_success_at,
        last_failure_at,
        failing_since,
        failed_attempts,
        failed_deliveries,
        warned_at,
        disabled_at,
        disabled_reason,
        deleted_at,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod former_secret {
    use sea_orm::entity::prelude::*;

    use crate::webhooks::model::{EndpointId, SecretId};
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// A secret from before a rotation, which still signs.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_former_secrets")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SecretId,
        pub workspace_id: WorkspaceId,
        pub endpoint_id: EndpointId,
        pub secret: Vec<u8>,
        pub expires_at: Time,
    }

    kit::row!(Model { id, workspace_id, endpoint_id, secret, expires_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod delivery {
    use sea_orm::entity::prelude::*;

    use crate::audit::EventId;
    use crate::webhooks::model::{DeliveryId, DeliveryStatus, EndpointId};
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_deliveries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: DeliveryId,
        pub workspace_id: WorkspaceId,
        pub endpoint_id: EndpointId,
        pub event_id: EventId,
        pub event_type: String,
        /// Empty for a test, as is the next.
        pub sequence: Option<i64>,
        /// The sequence of the event before it for this endpoint.
        pub previous_sequence: Option<i64>,
        /// The payload of a test. Other payloads are those of their events.
        pub body: Option<String>,
        pub status: DeliveryStatus,
        pub attempts: i32,
        /// The time of the next attempt, as long as the delivery is pending.
        pub due_at: Option<Time>,
        pub resend_of: Option<DeliveryId>,
        pub created_at: Time,
        pub ended_at: Option<Time>,
    }

    kit::row!(Model {
        id,
        workspace_id,
        endpoint_id,
        event_id,
        event_type,
        sequence,
        previous_sequence,
        body,
        status,
        attempts,
        due_at,
        resend_of,
        created_at,
        ended_at,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod attempt {
    use sea_orm::entity::prelude::*;

    use crate::webhooks::model::DeliveryId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub delivery_id: DeliveryId,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub workspace_id: WorkspaceId,
        pub started_at: Time,
        pub duration_ms: i64,
        pub status_code: Option<i16>,
        /// One sentence that names the cause of a failure.
        pub error: Option<String>,
        /// Names and values as JSON; signatures are masked.
        pub request_headers: String,
        pub response_headers: Option<String>,
        pub response_body: Option<String>,
    }

    kit::row!(Model {
        delivery_id,
        number,
        workspace_id,
        started_at,
        duration_ms,
        status_code,
        error,
        request_headers,
        response_headers,
        response_body,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
