//! [`ListQuery`]: the parameters in the address of the list, and links to the list with other parameters.

use crate::keys::model::{KeyOrder, KeyProperty, KeyQuery, KeySearch, KeySort, Only, Status, StatusCounts};
use crate::scopes::Module;
use key_format::{SecretDigest, scrub};
use kit::http::Paging;
use kit::page::Fields;
use kit::page::number::grouped;

/// The path of the list.
pub(crate) const LIST: &str = "/settings/api-keys";

/// The prefix of a search for the digest of a secret.
pub(super) const BY_DIGEST: &str = "sha256:";

/// The largest number of characters of a search.
const LONGEST: usize = 200;

const PAGE: u32 = 25;

/// A tab that selects a status.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) text: String,
    pub(super) link: String,
    pub(super) is_current: bool,
}

/// The heads of the sortable columns.
#[derive(Debug)]
pub(super) struct ColumnHeads {
    pub(super) name: ColumnHead,
    pub(super) created: ColumnHead,
    pub(super) last_used: ColumnHead,
    pub(super) expires: ColumnHead,
}

/// The head of a sortable column.
#[derive(Debug)]
pub(super) struct ColumnHead {
    pub(super) text: &'static str,
    /// The list sorted by this column; in reverse order if it is sorted by it already.
    pub(super) link: String,
    /// The value of `aria-sort`.
    pub(super) sorted: Option<&'static str>,
}

/// The query of the list page, as its address says it.
#[derive(Debug)]
pub(crate) struct ListQuery {
    pub(super) keys: KeyQuery,
    search: String,
    page: u32,
}

impl ListQuery {
    /// Reads the fields of an address. Values that are not known are ignored.
    pub(crate) fn read(fields: &Fields) -> Self {
        // Secrets are scrubbed: a text search would put them into the address.
        let text: String = scrub(fields.text("search")).chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let search = text.strip_prefix(BY_DIGEST).and_then(digest).map_or_else(|| KeySearch::parse(&text), KeySearch::Secret);
        // A secret has one key, whatever its status.
        let is_for_secret = matches!(search, KeySearch::Secret(_));
        let status = fields.read::<Status>("status").filter(|_| !is_for_secret);
        let only = if is_for_secret { Only::default() } else { read_only(fields) };
        let order = read_order(fields.text("sort")).unwrap_or_default();
        Self { keys: KeyQuery { status, search, only, order }, search: text, page: fields.page_number() }
    }

    /// Returns the text for the search field; empty for a digest, which the member has not typed.
    pub(super) fn text(&self) -> &str {
        if self.is_for_secret() { "" } else { &self.search }
    }

    pub(super) fn status(&self) -> &'static str {
        self.keys.status.map_or("", Status::as_str)
    }

    pub(super) fn sort(&self) -> String {
        order_text(self.keys.order)
    }

    /// Returns whether the search is for a secret.
    pub(super) fn is_for_secret(&self) -> bool {
        matches!(self.keys.search, KeySearch::Secret(_))
    }

    /// Returns whether the query selects all keys.
    pub(super) fn is_for_all(&self) -> bool {
        self.keys.search == KeySearch::Anything && self.keys.status.is_none() && self.keys.only.is_default()
    }

    /// Returns the requested page, or the last page if the list is shorter.
    pub(super) fn paging(&self, total: u64) -> Paging {
        let last = u32::try_from(total.div_ceil(PAGE.into())).unwrap_or(u32::MAX).max(1);
        Paging::page(self.page.min(last), PAGE)
    }

    /// Returns the fields of the address.
    pub(crate) fn fields(&self) -> Fields {
        let Only { properties, custodian, module } = &self.keys.only;
        let fields = Fields::from([("status", self.status()), ("search", &self.search), ("sort", &self.sort())]);
        let fields = properties.iter().fold(fields, |fields, property| fields.with(property.as_str(), true));
        let fields = fields.with("custodian_id", custodian.map(|id| id.to_string()).unwrap_or_default());
        fields.with("module", module.map_or("", Module::as_str))
    }

    /// Returns the fields of the filter on properties, for forms that keep it.
    pub(super) fn filter(&self) -> Vec<(String, String)> {
        let others = ["status", "search", "sort"];
        let fields = self.fields();
        let filter = fields.pairs().filter(|(name, _)| !others.contains(name));
        filter.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    /// Returns all fields that are set, for a form that leads back to this list.
    pub(super) fn kept(&self) -> Vec<(String, String)> {
        let fields = self.fields();
        let set = fields.pairs().filter(|(_, text)| !text.is_empty());
        set.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }

    /// Returns the address of the file with all keys of this list.
    pub(super) fn export(&self) -> String {
        format!("{LIST}/export{}", self.fields().with("sort", "").to_query())
    }

    /// Returns the address of this list without the filter on properties.
    pub(super) fn without_filter(&self) -> String {
        link(&Fields::from([("status", self.status()), ("search", &self.search), ("sort", &self.sort())]))
    }

    /// Returns the address of this list.
    pub(crate) fn link(&self) -> String {
        link(&self.fields())
    }

    /// Returns the address of the list of all keys, in the same order.
    pub(super) fn clear(&self) -> String {
        link(&Fields::from([("sort", self.sort().as_str())]))
    }

    pub(super) fn tabs(&self, counts: &StatusCounts) -> Vec<Tab> {
        let statuses = [None, Some(Status::Active), Some(Status::Paused), Some(Status::Expired), Some(Status::Revoked)];
        let tab = |status: Option<Status>| {
            let name = match status {
                None => "All",
                Some(Status::Active) => "Active",
                Some(Status::Paused) => "Paused",
                Some(Status::Expired) => "Expired",
                Some(Status::Revoked) => "Revoked",
            };
            Tab {
                text: format!("{name} {}", grouped(counts.of(status))),
                link: link(&self.fields().with("status", status.map_or("", Status::as_str))),
                is_current: status == self.keys.status,
            }
        };
        statuses.map(tab).into()
    }

    pub(super) fn heads(&self) -> ColumnHeads {
        ColumnHeads {
            name: self.head("Name", KeySort::Name, KeyOrder::Ascending),
            created: self.head("Created", KeySort::Created, KeyOrder::Descending),
            last_used: self.head("Last used", KeySort::LastUsed, KeyOrder::Descending),
            expires: self.head("Expires", KeySort::Expires, KeyOrder::Ascending),
        }
    }

    /// `first` is the order that the link selects if the list is not sorted by this column.
    fn head(&self, text: &'static str, by: KeySort, first: fn(KeySort) -> KeyOrder) -> ColumnHead {
        let (sorted, next) = match self.keys.order {
            KeyOrder::Ascending(now) if now == by => (Some("ascending"), KeyOrder::Descending(by)),
            KeyOrder::Descending(now) if now == by => (Some("descending"), KeyOrder::Ascending(by)),
            _ => (None, first(by)),
        };
        ColumnHead { text, sorted, link: link(&self.fields().with("sort", order_text(next))) }
    }
}

fn link(fields: &Fields) -> String {
    format!("{LIST}{}", fields.to_query())
}

fn digest(text: &str) -> Option<SecretDigest> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok().map(|()| SecretDigest(digest))
}

/// Reads the filter on properties. Values that are not known are ignored.
fn read_only(fields: &Fields) -> Only {
    let asked = KeyProperty::ALL.iter().copied().filter(|property| fields.is(property.as_str(), "true"));
    Only { properties: asked.collect(), custodian: fields.read("custodian_id"), module: fields.read("module") }
}

/// Formats an order for an address; the default order is empty.
fn order_text(order: KeyOrder) -> String {
    let name = |by| match by {
        KeySort::Name => "name",
        KeySort::Created => "created",
        KeySort::LastUsed => "last_used",
        KeySort::Expires => "expires",
    };
    match order {
        KeyOrder::Descending(KeySort::Created) => String::new(),
        KeyOrder::Descending(by) => format!("-{}", name(by)),
        KeyOrder::Ascending(by) => name(by).to_owned(),
    }
}

fn read_order(text: &str) -> Option<KeyOrder> {
    let orders = [KeySort::Name, KeySort::Created, KeySort::LastUsed, KeySort::Expires]
        .into_iter()
        .flat_map(|by| [KeyOrder::Ascending(by), KeyOrder::Descending(by)]);
    orders.into_iter().find(|order| order_text(*order) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameters_select_all_keys_newest_first() {
        let query =
            ListQuery::read(&Fields::from([("status", "gone"), ("sort", "secret"), ("page", "x"), ("utm_source", "mail")]));
        assert!(query.is_for_all() && query.keys.order == KeyOrder::Descending(KeySort::Created));
        assert_eq!((query.link().as_str(), query.paging(1_000).number()), (LIST, Some(1)));
    }

    #[test]
    fn page_past_the_end_is_the_last_page() {
        let paging = |total| ListQuery::read(&Fields::from([("page", "9")])).paging(total).number();
        assert_eq!([0, 25, 26, 1_000].map(paging), [1, 1, 2, 9].map(Some));
    }

    #[test]
    fn digest_has_64_hexadecimal_digits_and_other_text_is_searched() {
        let search = |text: &str| ListQuery::read(&Fields::from([("search", text)])).keys.search;
        assert_eq!(search(&format!("sha256:{}", "0F".repeat(32))), KeySearch::Secret(SecretDigest([15; 32])));
        for text in ["sha256:", "sha256:0f", &format!("sha256:{}", "0g".repeat(32)), &format!("sha256:{}", "0f".repeat(33))] {
            assert_eq!(search(text), KeySearch::Text(text.to_owned()));
        }
    }

    #[test]
    fn every_order_round_trips_through_an_address() {
        for text in ["name", "-name", "created", "", "last_used", "-last_used", "expires", "-expires"] {
            assert_eq!(ListQuery::read(&Fields::from([("sort", text)])).sort(), text);
        }
    }
}
