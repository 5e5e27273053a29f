//! The permissions of a new key: a preset, or a choice for each module; of a replacement, those of the old key or fewer.

use crate::keys::model::Key;
use crate::keys::model::check_scopes;
use crate::keys::pages::fields::faults_of;
use crate::keys::pages::labels;
use crate::scopes::{Access, Module, Permissions, Scope, Scopes};
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

/// Returns the choices of a replacement, beginning with the permissions of the old key.
pub(super) fn narrower_tiles(fields: &Fields, old: &Key) -> Vec<Tile> {
    let tile = |value, name, about| Tile { value, name, about, is_chosen: fields.is("permissions", value) };
    let mut tiles = vec![tile(SAME, "Same permissions", "What the old key may do.")];
    let covers_reading = Permissions::ReadOnly.preset().is_some_and(|preset| preset.iter().all(|scope| old.scopes.cover(scope)));
    if old.permissions != Permissions::ReadOnly && covers_reading {
        tiles.push(tile(Permissions::ReadOnly.as_str(), "Read-only", "Read trips, aircraft, safety reports and invoices."));
    }
    tiles.push(tile(Permissions::Custom.as_str(), "Fewer modules", "Choose of what the old key may do. It cannot be more."));
    tiles
}

/// Returns the fields of the table of modules that say these scopes.
pub(super) fn of(fields: &Fields, scopes: Scopes) -> Fields {
    let chosen = |fields: Fields, scope: Scope| fields.with(&field_of(scope.module), access_word(scope.access));
    // Write comes after read in a set, and replaces it.
    scopes.iter().fold(fields.clone(), chosen)
}

const fn access_word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}

/// The choice of a replacement with the permissions of the old key.
pub(super) const SAME: &str = "same";

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

/// Returns every module with the choices None, Read and Write; of these scopes and modules only, if there is a limit.
pub(super) fn rows(fields: &Fields, limit: Option<Scopes>) -> Vec<ModuleRow> {
    let is_within = |scope: Scope| limit.is_none_or(|limit| limit.cover(scope));
    let row = |module: Module| {
        let field = field_of(module);
        let cell = |access: Option<Access>| {
            let is_offered = access.is_none_or(|access| is_within(Scope { module, access }));
            is_offered.then(|| cell(module, access, fields.text(&field))).flatten()
        };
        let cells = [None, Some(Access::Read), Some(Access::Write)].into_iter().map(cell).collect();
        ModuleRow { title: module.title(), cells, field }
    };
    Module::ALL.into_iter().filter(|module| is_within(Scope::read(*module))).map(row).collect()
}

fn cell(module: Module, access: Option<Access>, chosen: &str) -> Option<ModuleChoice> {
    let (value, name) = match access {
        None => ("none", "None"),
        Some(Access::Read) => (access_word(Access::Read), "Read"),
        Some(Access::Write) => (access_word(Access::Write), "Write"),
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
