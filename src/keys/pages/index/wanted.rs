//! What the address of the list asks for, and the addresses of the same list a little otherwise.

use crate::keys::model::Status;
use crate::keys::store::{Counts, KeyQuery, Order, Search, SortBy};
use key_format::SecretDigest;
use key_format::scrub;
use kit::http::Paging;
use kit::page::Fields;
use kit::page::number::grouped;

/// The list's address.
pub(in crate::keys::pages) const LIST: &str = "/settings/api-keys";

/// What a search for a digest begins with.
pub(super) const BY_DIGEST: &str = "sha256:";

/// Characters that are searched for.
const LONGEST: usize = 200;

const PAGE: u32 = 25;

/// A status to choose.
#[derive(Debug)]
pub(super) struct Tab {
    /// “Active 20”
    pub(super) text: String,
    pub(super) link: String,
    pub(super) is_current: bool,
}

/// The heads of the columns that the list can be sorted by.
#[derive(Debug)]
pub(super) struct Heads {
    pub(super) name: Head,
    pub(super) created: Head,
    pub(super) last_used: Head,
    pub(super) expires: Head,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) text: &'static str,
    /// The list sorted by it; if it is, the other way round.
    pub(super) link: String,
    /// As `aria-sort` says it.
    pub(super) sorted: Option<&'static str>,
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) query: KeyQuery,
    /// The same in the words of an address, with nothing else.
    asked: Asked,
    page: u32,
}

#[derive(Clone, Debug)]
struct Asked {
    status: &'static str,
    search: String,
    sort: String,
}

impl Wanted {
    pub(super) fn read(fields: &Fields) -> Self {
        // No key is searched for as text: it would be in the address.
        let text: String = scrub(fields.text("search")).chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        let search = text.strip_prefix(BY_DIGEST).and_then(digest).map_or_else(|| Search::parse(&text), Search::Secret);
        // A secret has one key, whatever its status.
        let status = fields.read::<Status>("status").filter(|_| !matches!(search, Search::Secret(_)));
        let order = read_order(fields.text("sort")).unwrap_or(Order::Descending(SortBy::Created));
        let asked = Asked { status: status.map_or("", Status::as_str), search: text, sort: word(order) };
        Self { query: KeyQuery { status, search, order }, asked, page: fields.paging(PAGE).page }
    }

    /// What is searched for, to be shown in the search field; a digest is none of the words that a person typed.
    pub(super) fn text(&self) -> &str {
        if self.is_for_secret() { "" } else { &self.asked.search }
    }

    pub(super) fn status(&self) -> &str {
        self.asked.status
    }

    pub(super) fn sort(&self) -> &str {
        &self.asked.sort
    }

    /// Whether it looks for the key with a secret.
    pub(super) fn is_for_secret(&self) -> bool {
        matches!(self.query.search, Search::Secret(_))
    }

    /// Whether it looks for all keys.
    pub(super) fn is_for_all(&self) -> bool {
        self.query.search == Search::Anything && self.query.status.is_none()
    }

    /// The page that is asked for, or the last one there is.
    pub(super) fn paging(&self, total: u64) -> Paging {
        let last = u32::try_from(total.div_ceil(PAGE.into())).unwrap_or(u32::MAX).max(1);
        Paging { page: self.page.min(last), page_size: PAGE }
    }

    /// As the fields of an address.
    pub(super) fn fields(&self) -> Fields {
        let Asked { status, search, sort } = &self.asked;
        Fields::from([("status", *status), ("search", search), ("sort", sort)])
    }

    /// The address of this list.
    pub(super) fn link(&self) -> String {
        link(&self.fields())
    }

    /// The address of the list of every key, in the same order.
    pub(super) fn clear(&self) -> String {
        link(&Fields::from([("sort", self.sort())]))
    }

    pub(super) fn tabs(&self, counts: &Counts) -> Vec<Tab> {
        let statuses = [None, Some(Status::Active), Some(Status::Expired), Some(Status::Revoked)];
        let tab = |status: Option<Status>| {
            let name = match status {
                None => "All",
                Some(Status::Active) => "Active",
                Some(Status::Expired) => "Expired",
                Some(Status::Revoked) => "Revoked",
            };
            Tab {
                text: format!("{name} {}", grouped(counts.of(status))),
                link: link(&self.fields().with("status", status.map_or("", Status::as_str))),
                is_current: status == self.query.status,
            }
        };
        statuses.map(tab).into()
    }

    pub(super) fn heads(&self) -> Heads {
        Heads {
            name: self.head("Name", SortBy::Name, Order::Ascending),
            created: self.head("Created", SortBy::Created, Order::Descending),
            last_used: self.head("Last used", SortBy::LastUsed, Order::Descending),
            expires: self.head("Expires", SortBy::Expires, Order::Ascending),
        }
    }

    /// `first` is the order of a list that is not sorted by this yet.
    fn head(&self, text: &'static str, by: SortBy, first: fn(SortBy) -> Order) -> Head {
        let (sorted, next) = match self.query.order {
            Order::Ascending(now) if now == by => (Some("ascending"), Order::Descending(by)),
            Order::Descending(now) if now == by => (Some("descending"), Order::Ascending(by)),
            _ => (None, first(by)),
        };
        Head { text, sorted, link: link(&self.fields().with("sort", word(next))) }
    }
}

fn link(fields: &Fields) -> String {
    format!("{LIST}{}", fields.to_query())
}

fn digest(text: &str) -> Option<SecretDigest> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok().map(|()| SecretDigest(digest))
}

/// An order as an address says it; of the usual one it says nothing.
fn word(order: Order) -> String {
    let name = |by| match by {
        SortBy::Name => "name",
        SortBy::Created => "created",
        SortBy::LastUsed => "last_used",
        SortBy::Expires => "expires",
    };
    match order {
        Order::Descending(SortBy::Created) => String::new(),
        Order::Descending(by) => format!("-{}", name(by)),
        Order::Ascending(by) => name(by).to_owned(),
    }
}

fn read_order(text: &str) -> Option<Order> {
    let orders = [SortBy::Name, SortBy::Created, SortBy::LastUsed, SortBy::Expires]
        .into_iter()
        .flat_map(|by| [Order::Ascending(by), Order::Descending(by)]);
    orders.into_iter().find(|order| word(*order) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_says_nothing_known_asks_for_all_keys_and_the_newest_first() {
        let wanted = Wanted::read(&Fields::from([("status", "gone"), ("sort", "secret"), ("page", "x"), ("utm_source", "mail")]));
        assert!(wanted.is_for_all() && wanted.query.order == Order::Descending(SortBy::Created));
        assert_eq!((wanted.link().as_str(), wanted.paging(1_000).page), (LIST, 1));
    }

    #[test]
    fn a_page_past_the_end_is_the_last() {
        let paging = |total| Wanted::read(&Fields::from([("page", "9")])).paging(total).page;
        assert_eq!([0, 25, 26, 1_000].map(paging), [1, 1, 2, 9]);
    }

    #[test]
    fn a_digest_is_64_hexadecimal_digits_and_anything_else_is_text() {
        let search = |text: &str| Wanted::read(&Fields::from([("search", text)])).query.search;
        assert_eq!(search(&format!("sha256:{}", "0F".repeat(32))), Search::Secret(SecretDigest([15; 32])));
        for text in ["sha256:", "sha256:0f", &format!("sha256:{}", "0g".repeat(32)), &format!("sha256:{}", "0f".repeat(33))] {
            assert_eq!(search(text), Search::Text(text.to_owned()));
        }
    }

    #[test]
    fn every_order_survives_an_address() {
        for text in ["name", "-name", "created", "", "last_used", "-last_used", "expires", "-expires"] {
            assert_eq!(Wanted::read(&Fields::from([("sort", text)])).sort(), text);
        }
    }
}
