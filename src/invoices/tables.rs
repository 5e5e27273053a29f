//! The SeaORM entities of the tables.

use kit::db::{Table, table};

/// Returns the tables for a copy of the database; a table comes after those that it refers to.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<invoice::Entity>(), table::<payment::Entity>()]
}

pub(super) mod invoice {
    use sea_orm::entity::prelude::*;

    use crate::invoices::model::{InvoiceId, Stage};
    use crate::trips::TripId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;
    use kit::day::Day;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "invoices")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: InvoiceId,
        pub workspace_id: WorkspaceId,
        pub number: String,
        pub client_name: String,
        pub client_email: Option<String>,
        pub trip_id: Option<TripId>,
        pub currency: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub line_items: Json,
        pub total: i64,
        pub amount_paid: i64,
        pub status: Stage,
        pub due_date: Day,
        pub notes: Option<String>,
        pub external_id: Option<String>,
        pub created_at: Time,
        pub updated_at: Time,
        /// The client in the form that is searched, and the `updated_at` of the row that it was derived from.
        #[sea_orm(column_type = "Text", nullable)]
        pub search_text: Option<String>,
        pub search_text_of: Option<Time>,
        /// The time at which the event was recorded that the invoice is overdue.
        pub overdue_recorded_at: Option<Time>,
    }

    kit::row!(Model {
        id,
        workspace_id,
        number,
        client_name,
        client_email,
        trip_id,
        currency,
        line_items,
        total,
        amount_paid,
        status,
        due_date,
        notes,
        external_id,
        created_at,
        updated_at,
        search_text,
        search_text_of,
        overdue_recorded_at,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod payment {
    use sea_orm::entity::prelude::*;

    use crate::invoices::model::{InvoiceId, PaymentId};
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;
    use kit::day::Day;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "payments")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: PaymentId,
        pub workspace_id: WorkspaceId,
        pub invoice_id: InvoiceId,
        pub amount: i64,
        pub paid_on: Day,
        pub reference: Option<String>,
        pub created_at: Time,
    }

    kit::row!(Model { id, workspace_id, invoice_id, amount, paid_on, reference, created_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
