//! Names and figures of the demo: a mid-sized charter operator in Central Europe.
//!
//! Days are counted from today: -3 is three days ago. Times of day are in the workspace's time zone, in minutes.

/// The home bases, in the order of [`Airport::miles`].
pub(super) const BASES: [&str; 3] = ["LSZH", "LSGG", "LSZB"];

pub(super) struct DemoAircraft {
    pub(super) tail: &'static str,
    pub(super) designator: &'static str,
    pub(super) model: &'static str,
    /// The place of the home base in [`BASES`].
    pub(super) base: usize,
    pub(super) knots: i32,
    /// The longest leg that it flies, in nautical miles.
    pub(super) range: i32,
    pub(super) seats: i32,
    /// The price of a flight hour, in minor units.
    pub(super) hour_price: i64,
    /// The day on which it leaves service.
    pub(super) leaves: Option<i32>,
}

const fn aircraft(
    (tail, designator, model): (&'static str, &'static str, &'static str),
    base: usize,
    [knots, range, seats]: [i32; 3],
    hour_price: i64,
    leaves: Option<i32>,
) -> DemoAircraft {
    DemoAircraft { tail, designator, model, base, knots, range, seats, hour_price, leaves }
}

pub(super) static AIRCRAFT: [DemoAircraft; 11] = [
    aircraft(("HB-JSA", "PC24", "Pilatus PC-24"), 0, [420, 1_500, 8], 465_000, None),
    aircraft(("HB-JSB", "PC24", "Pilatus PC-24"), 0, [420, 1_500, 8], 465_000, None),
    aircraft(("HB-JSC", "C68A", "Cessna Citation Latitude"), 1, [430, 2_000, 8], 590_000, None),
    aircraft(("HB-JSD", "C68A", "Cessna Citation Latitude"), 1, [430, 2_000, 8], 590_000, Some(-6)),
    aircraft(("HB-FSE", "PC12", "Pilatus PC-12 NGX"), 0, [265, 700, 6], 245_000, None),
    aircraft(("HB-FSF", "PC12", "Pilatus PC-12 NGX"), 2, [265, 700, 6], 245_000, None),
    aircraft(("HB-FSG", "PC12", "Pilatus PC-12/47E"), 2, [265, 700, 6], 235_000, Some(-3)),
    aircraft(("HB-JSH", "E55P", "Embraer Phenom 300E"), 1, [435, 1_600, 7], 480_000, None),
    aircraft(("HB-JSI", "CL35", "Bombardier Challenger 350"), 0, [460, 2_500, 8], 720_000, None),
    aircraft(("HB-FSK", "BE20", "Beechcraft King Air 250"), 2, [280, 700, 7], 295_000, Some(-60)),
    aircraft(("HB-FSL", "BE20", "Beechcraft King Air B200"), 2, [270, 700, 7], 280_000, Some(-41)),
];

/// A change of an aircraft's status, on the day on which it leaves service.
pub(super) struct Grounding {
    pub(super) aircraft: usize,
    pub(super) minute: i32,
    pub(super) member: usize,
    pub(super) status: &'static str,
    pub(super) note: &'static str,
    /// The days until it is expected back.
    pub(super) back_in: Option<i32>,
}

pub(super) static GROUNDINGS: [Grounding; 4] = [
    Grounding { aircraft: 3, minute: 975, member: TOM, status: "maintenance", note: "24-month inspection", back_in: Some(15) },
    Grounding {
        aircraft: 6,
        minute: 1_062,
        member: TOM,
        status: "aog",
        note: "Nose wheel steering; part on its way from Stans",
        back_in: Some(6),
    },
    Grounding { aircraft: 9, minute: 640, member: JONAS, status: "storage", note: "For sale", back_in: None },
    Grounding { aircraft: 10, minute: 870, member: JONAS, status: "sold", note: "", back_in: None },
];

pub(super) struct Airport {
    pub(super) code: &'static str,
    /// Nautical miles from each of [`BASES`].
    pub(super) miles: [i32; 3],
}

pub(super) static AIRPORTS: [Airport; 20] = [
    Airport { code: "LSZH", miles: [0, 124, 54] },
    Airport { code: "LSGG", miles: [124, 0, 70] },
    Airport { code: "LSZB", miles: [54, 70, 0] },
    Airport { code: "LSZS", miles: [78, 157, 101] },
    Airport { code: "LSZA", miles: [89, 117, 80] },
    Airport { code: "EDDM", miles: [141, 264, 194] },
    Airport { code: "EDDB", miles: [351, 468, 402] },
    Airport { code: "EDDF", miles: [155, 248, 192] },
    Airport { code: "LFMN", miles: [235, 162, 196] },
    Airport { code: "LFPB", miles: [261, 221, 238] },
    Airport { code: "EGLF", miles: [430, 407, 417] },
    Airport { code: "EGGW", miles: [436, 423, 428] },
    Airport { code: "LIML", miles: [125, 141, 115] },
    Airport { code: "LIRA", miles: [381, 386, 377] },
    Airport { code: "LIEO", miles: [396, 353, 372] },
    Airport { code: "LEMD", miles: [669, 545, 615] },
    Airport { code: "LEIB", miles: [603, 489, 552] },
    Airport { code: "LOWW", miles: [326, 441, 375] },
    Airport { code: "EHAM", miles: [326, 368, 341] },
    Airport { code: "LGAV", miles: [885, 935, 904] },
];

pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
    /// The usual days from the invoice to the payment.
    pub(super) pays_after: i32,
}

const fn client(name: &'static str, email: &'static str, pays_after: i32) -> Client {
    Client { name, email, pays_after }
}

/// Invoiced clients. Two of them pay after the thirty days that they have.
pub(super) static CLIENTS: [Client; 7] = [
    client("Alpine Ventures AG", "accounts@alpine-ventures.example", 12),
    client("Lakeside Medical Transfer", "billing@lakeside-medical.example", 20),
    client("Northstar Productions", "finance@northstar.example", 27),
    client("Dr. M. Steiner", "office@steiner.example", 66),
    client("Helvetia Cargo Partners", "ap@helvetia-cargo.example", 16),
    client("Riviera Events S.A.", "comptabilite@riviera-events.example", 58),
    client("Basel Pharma Travel Desk", "flights@basel-pharma.example", 9),
];

pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) role: &'static str,
    pub(super) email: &'static str,
    pub(super) address: &'static str,
    pub(super) browser: &'static str,
    /// The days from one sign-in to the next.
    pub(super) signs_in_every: i32,
}

const WINDOWS: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
const MAC: &str =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";

const fn person(
    [name, role, email]: [&'static str; 3],
    address: &'static str,
    browser: &'static str,
    signs_in_every: i32,
) -> Person {
    Person { name, role, email, address, browser, signs_in_every }
}

/// The email address of the account owner.
pub(super) const OWNER: &str = "ana@skyline.example";

/// The members, the account owner first. Each has a place in the constants below.
pub(super) static PEOPLE: [Person; 7] = [
    person(["Ana Keller", "account_owner", OWNER], "198.51.100.10", MAC, 14),
    person(["Jonas Frei", "admin", "jonas@skyline.example"], "198.51.100.10", WINDOWS, 14),
    person(["Mira Rossi", "safety_manager", "mira@skyline.example"], "198.51.100.10", WINDOWS, 14),
    person(["Tom Baumann", "dispatcher", "tom@skyline.example"], "198.51.100.10", WINDOWS, 14),
    person(["Lea Winter", "pilot", "lea@skyline.example"], "203.0.113.152", IPAD, 28),
    person(["Nico Berger", "pilot", "nico@skyline.example"], "203.0.113.161", IPAD, 28),
    person(["Paul Aubert", "auditor", "paul@skyline.example"], "192.0.2.130", MAC, 42),
];

pub(super) const ANA: usize = 0;
pub(super) const JONAS: usize = 1;
pub(super) const MIRA: usize = 2;
pub(super) const TOM: usize = 3;
pub(super) const LEA: usize = 4;
pub(super) const NICO: usize = 5;
