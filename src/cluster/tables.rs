//! The entities of SeaORM for nodes, their runs and revisions.

use kit::db::{Table, table};

/// The tables to copy, in the order of their references.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<revision::Entity>(), table::<run::Entity>()]
}

pub(super) mod node {
    use sea_orm::entity::prelude::*;

    use crate::cluster::model::NodeId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "nodes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: NodeId,
        pub started_at: Time,
        pub applied_revision: i64,
        pub lease_until: Time,
        pub address: String,
        pub name: String,
        pub version: String,
        pub probe: i64,
        pub log_format: i16,
        pub delivers: bool,
        pub key_rules: i16,
    }

    kit::row!(Model {
        id,
        started_at,
        applied_revision,
        lease_until,
        address,
        name,
        version,
        probe,
        log_format,
        delivers,
        key_rules,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod revision {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "revisions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i16,
        pub value: i64,
    }

    kit::row!(Model { id, value });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod run {
    use sea_orm::entity::prelude::*;

    use crate::cluster::model::NodeId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "node_runs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: NodeId,
        pub name: String,
        pub address: String,
        pub version: String,
        pub started_at: Time,
    }

    kit::row!(Model { id, name, address, version, started_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
