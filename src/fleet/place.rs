//! Names of places, which say where a place without a code is.

use super::code::Airport;
use kit::text::Line;

/// The name of a place: 1 to 100 characters.
pub type PlaceName = Line<1, 100>;

/// The message for a place that has neither a code nor a name.
pub const NAME_REQUIRED: &str = "Give the name of the place: ZZZZ stands for a place without a code.";

/// Returns whether the code of a place, or its name, says where it is. As in item 18 of an ICAO flight plan, `ZZZZ` requires a
/// name.
pub fn is_identified<N>(code: &Airport, name: Option<&N>) -> bool {
    name.is_some() || !code.is_placeholder()
}

/// Returns the name of a place after a change of its code or name. The name of another place is dropped.
pub fn name_after(old: Option<String>, is_moved: bool, given: Option<Option<PlaceName>>) -> Option<String> {
    match given {
        Some(name) => name.map(Line::into_string),
        None => old.filter(|_| !is_moved),
    }
}
