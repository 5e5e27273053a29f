//! Events as sentences.

use super::model::Event;

/// Who did what to what: “Ana Keller created the key Fleet Dashboard”.
pub fn told(event: &Event) -> String {
    let actor = event.actor.name.as_deref().unwrap_or("Somebody");
    let target = event.target.as_ref().and_then(|target| target.name.as_deref()).unwrap_or_default();
    format!("{actor} {} {target}", event.action)
}

/// Why an event deserves a second look, if it does.
pub fn unusual(_event: &Event) -> Option<&'static str> {
    None
}
