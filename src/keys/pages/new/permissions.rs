//! The permissions of a new key: a preset, or a choice for each module.

use crate::keys::model::check_scopes;
use crate::keys::pages::fields::faults_of;
use crate::keys::pages::labels;
use crate::scopes::{Access, Module, Permissions, Scope};
use kit::page::{Fields, FormErrors};

/// A preset as the form offers it.
#[derive(Debug)]
pub(super) struct Tile {
    pub(super) value: &'static str,
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) is_chosen: bool,
}

/// Returns the presets, beginning with the fewest permissions.
pub(super) fn tiles(fields: &Fields) -> Vec<Tile> {
    let tile = |permissions: Permissions, name, about| {
        let value = permissions.as_str();
        Tile { value, name, about, is_chosen: fields.is("permissions", value) }
    };
    vec![
        tile(Permissions::ReadOnly, "Read-only", "Read trips, aircraft, safety reports and invoices."),
        tile(Permissions::ReadWrite, "Read-write", "Read, create and change trips, aircraft, safety reports and invoices."),
        tile(Permissions::Custom, "Specific modules", "Choose the access to each module. Grant only what the application needs."),
    ]
}

/// A row of the table of modules.
#[derive(Debug)]
pub(super) struct ModuleRow {
    pub(super) field: String,
    pub(super) title: &'static str,
    pub(super) cells: Vec<Option<ModuleChoice>>,
}

/// A choice of access to a module; absent where the module cannot be written.
#[derive(Debug)]
pub(super) struct ModuleChoice {
    pub(super) value: &'static str,
    pub(super) name: &'static str,
    pub(super) means: String,
    pub(super) is_chosen: bool,
}

/// Returns every module with the choices None, Read and Write.
pub(super) fn rows(fields: &Fields) -> Vec<ModuleRow> {
    let row = |module: Module| {
        let field = field_of(module);
        let cell = |access| cell(module, access, fields.text(&field));
        let cells = [None, Some(Access::Read), Some(Access::Write)].into_iter().map(cell).collect();
        ModuleRow { title: module.title(), cells, field }
    };
    Module::ALL.into_iter().map(row).collect()
}

fn cell(module: Module, access: Option<Access>, chosen: &str) -> Option<ModuleChoice> {
    let (value, name) = match access {
        None => ("none", "None"),
        Some(Access::Read) => ("read", "Read"),
        Some(Access::Write) => ("write", "Write"),
    };
    let exists = access.is_none_or(|access| Scope::all().any(|scope| scope == Scope { module, access }));
    let is_chosen = chosen == value || chosen.is_empty() && access.is_none();
    let means = access.map_or_else(|| "No access".to_owned(), |access| format!("Can {}", labels::ability(module, access)));
    exists.then_some(ModuleChoice { value, name, means, is_chosen })
}

fn field_of(module: Module) -> String {
    format!("scope-{}", module.as_str())
}

/// Reads the chosen permissions. The table of modules matters only with “Specific modules”.
pub(super) fn read(fields: &Fields, faults: &mut FormErrors) -> Option<(Permissions, Option<Vec<Scope>>)> {
    let Ok(permissions) = fields.text("permissions").parse::<Permissions>() else {
        faults.add("permissions", "Choose what the key may do.");
        return None;
    };
    let scopes = (permissions == Permissions::Custom).then(|| scopes(fields));
    if !faults_of(|faults| check_scopes(permissions, scopes.as_deref(), faults)).is_empty() {
        faults.add("modules", "Choose Read or Write for at least one module.");
    }
    Some((permissions, scopes))
}

fn scopes(fields: &Fields) -> Vec<Scope> {
    let chosen = |module: Module| format!("{}:{}", module.as_str(), fields.text(&field_of(module)));
    Module::ALL.into_iter().filter_map(|module| chosen(module).parse().ok()).collect()
}
