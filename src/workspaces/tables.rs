//! `workspaces` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use super::model::WorkspaceId;
use crate::kit::clock::Time;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkspaceId,
    pub slug: String,
    pub name: String,
    pub timezone: String,
    pub api_keys_enabled: bool,
    pub created_at: Time,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
