//! The table of scopes and the calls that they open, from the route table.

use std::collections::BTreeSet;

use crate::access::Rule;
use crate::scopes::Scope;

use super::calls::Call;

/// Returns a table of the calls that API keys can make, by scope.
pub(super) fn table(calls: &[Call<'_>]) -> String {
    let row = |name: &str, calls: &mut dyn Iterator<Item = &Call<'_>>| {
        let calls: Vec<_> = calls.map(|call| format!("[{}]({})", call.summary, call.page())).collect();
        format!("| {name} | {} |\n", calls.join(", "))
    };
    let of_keys = || calls.iter().filter(|call| call.opens_to_keys());
    let mut text = "| scope | calls |\n| --- | --- |\n".to_owned();
    let any = Rule::Identified.to_string();
    text.push_str(&row("every key", &mut of_keys().filter(|call| call.permission == any)));
    // Permissions that several scopes grant.
    let others = of_keys().map(|call| call.permission).filter(|permission| !permission.contains(':') && *permission != any);
    for permission in others.collect::<BTreeSet<_>>() {
        text.push_str(&row(permission, &mut of_keys().filter(|call| call.permission == permission)));
    }
    for scope in Scope::all() {
        text.push_str(&row(&format!("`{scope}`"), &mut of_keys().filter(|call| call.scope() == scope.as_str())));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{calls, document};
    use crate::router;

    #[test]
    fn calls_of_every_key_need_no_scope() {
        let routes = router::table();
        let document = document("http://localhost", &routes);
        let table = table(&calls::of(&routes, &document));
        let row = |name: &str| table.lines().find(|line| line.starts_with(&format!("| {name} |"))).expect("a row");
        assert!(row("every key").contains("[Who am I]"), "{table}");
        let several = row("a scope to read trips, fleet, safety or invoices");
        assert!(several.ends_with("| [Follow changes](/docs/api/follow-changes) |"), "{several}");
        assert_eq!(table.matches("[Follow changes]").count(), 1, "{table}");
    }

    #[test]
    fn every_call_that_keys_can_make_is_in_the_table_of_scopes() {
        let routes = router::table();
        let document = document("http://localhost", &routes);
        let calls = calls::of(&routes, &document);
        let table = table(&calls);
        for call in &calls {
            assert_eq!(table.contains(&format!("]({})", call.page())), call.opens_to_keys(), "{}", call.summary);
        }
    }
}
