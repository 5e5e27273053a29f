//! The form of the filter on properties of keys.

use crate::keys::model::{KeyProperty, Only};
use crate::keys::pages::custodian::Custodians;
use crate::scopes::Module;
use crate::workspaces::WorkspaceId;
use kit::db::{DbResult, Source};

/// The choices of the form.
#[derive(Debug)]
pub(super) struct FilterForm {
    pub(super) properties: Vec<Choice>,
    pub(super) modules: Vec<Choice>,
    pub(super) custodians: Custodians,
}

#[derive(Debug)]
pub(super) struct Choice {
    /// The parameter or its value.
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) is_chosen: bool,
}

impl FilterForm {
    pub(super) async fn read(db: &impl Source, workspace: WorkspaceId, only: &Only) -> DbResult<Self> {
        let property =
            |property: &KeyProperty| Choice { name: property.as_str(), text: title(*property), is_chosen: only.has(*property) };
        let module =
            |module: Module| Choice { name: module.as_str(), text: module.title(), is_chosen: only.module == Some(module) };
        Ok(Self {
            properties: KeyProperty::ALL.iter().map(property).collect(),
            modules: Module::ALL.map(module).into(),
            custodians: Custodians::read(db, workspace, only.custodian).await?,
        })
    }
}

const fn title(property: KeyProperty) -> &'static str {
    match property {
        KeyProperty::Unused => "Not used for 30 days",
        KeyProperty::Expiring => "Expires within 14 days",
        KeyProperty::NoExpiration => "No expiration",
        KeyProperty::CanWrite => "Can write",
        KeyProperty::Test => "Test key",
    }
}
