//! Names and figures of the demo: a mid-sized charter operator in Central Europe.

/// Tail number, type designator, model, home base, status, note (may be empty).
pub(super) const AIRCRAFT: [(&str, &str, &str, &str, &str, &str); 11] = [
    ("HB-JSA", "PC24", "Pilatus PC-24", "LSZH", "active", ""),
    ("HB-JSB", "PC24", "Pilatus PC-24", "LSZH", "active", ""),
    ("HB-JSC", "C68A", "Cessna Citation Latitude", "LSGG", "active", ""),
    ("HB-JSD", "C68A", "Cessna Citation Latitude", "LSGG", "maintenance", "24-month inspection"),
    ("HB-FSE", "PC12", "Pilatus PC-12 NGX", "LSZH", "active", ""),
    ("HB-FSF", "PC12", "Pilatus PC-12 NGX", "LSZB", "active", ""),
    ("HB-FSG", "PC12", "Pilatus PC-12/47E", "LSZB", "aog", "Nose wheel steering; part on its way from Stans"),
    ("HB-JSH", "E55P", "Embraer Phenom 300E", "LSGG", "active", ""),
    ("HB-JSI", "CL35", "Bombardier Challenger 350", "LSZH", "active", ""),
    ("HB-FSK", "BE20", "Beechcraft King Air 250", "LSZB", "storage", "For sale"),
    ("HB-FSL", "BE20", "Beechcraft King Air B200", "LSZB", "sold", ""),
];

/// Airports, by ICAO code, with hours of flight from Zurich.
pub(super) const AIRPORTS: [(&str, u32); 16] = [
    ("LSZH", 1),
    ("LSGG", 1),
    ("LSZB", 1),
    ("LSZS", 1),
    ("EDDM", 1),
    ("LFMN", 1),
    ("LFPB", 1),
    ("EGLF", 2),
    ("EGGW", 2),
    ("LIML", 1),
    ("LIRA", 2),
    ("LEMD", 2),
    ("LEIB", 2),
    ("LOWW", 1),
    ("EHAM", 1),
    ("LGAV", 3),
];

/// Type, title, description, severity.
pub(super) const REPORTS: [(&str, &str, &str, &str); 12] = [
    (
        "hazard",
        "Bird activity at the end of runway 28",
        "A flock of starlings has settled near the end of runway 28. Two departures this week had to be held until the wildlife service had been there.",
        "major",
    ),
    (
        "hazard",
        "Ice on the apron stairs",
        "The outside stairs to the general aviation centre were icy before seven in the morning and had not been treated. A passenger slipped, without injury.",
        "major",
    ),
    (
        "near_miss",
        "Tug passed close to a wing tip",
        "While HB-JSA was being pushed back, a tug of another handler passed within about a metre of the left wing tip. The marshaller stopped both in time.",
        "hazardous",
    ),
    (
        "near_miss",
        "Read-back of a wrong altitude",
        "The crew read back flight level 240 where 220 had been cleared. The controller corrected at once, and no separation was lost. Both pilots had been on duty for eleven hours.",
        "hazardous",
    ),
    (
        "incident",
        "Smoke smell in the cabin after start",
        "After the start of the second engine there was a smell of smoke in the cabin. The crew shut down and disembarked the passengers. Maintenance found oil residue from a washed engine.",
        "hazardous",
    ),
    (
        "incident",
        "Tyre burst on landing",
        "The right outer main tyre burst during the landing roll. Directional control was kept and the aircraft stopped on the runway centre line. Fragments were collected.",
        "catastrophic",
    ),
    (
        "concern",
        "Fatigue on early duties after late arrivals",
        "On three occasions this month the minimum rest was met only on paper, since the hotel was forty minutes away. Crews come to work tired after late arrivals.",
        "major",
    ),
    (
        "concern",
        "Paper charts in two aircraft are out of date",
        "The backup charts in two aircraft are one cycle behind. The electronic ones are current. No one seems to be assigned to exchange the paper ones.",
        "minor",
    ),
    (
        "observation",
        "Fuel truck without a bonding cable",
        "The fuel truck at the north apron came without a bonding cable twice this week. The driver fetched one when asked to, and knew the procedure.",
        "major",
    ),
    (
        "observation",
        "Good briefing of a nervous passenger",
        "The cabin crew noticed that a passenger was very nervous before departure and took the time to explain the noises of take-off. Worth passing on to the others.",
        "minor",
    ),
    (
        "audit_finding",
        "Missing signatures in the technical log",
        "In a sample of forty pages of the technical log, three acceptance signatures by the commander were missing. All three flights were positioning flights.",
        "major",
    ),
    (
        "audit_finding",
        "First-aid kits past their date",
        "Two first-aid kits in the fleet were past their date of expiry by less than a month. They were exchanged during the audit.",
        "minor",
    ),
];

/// Names of invoiced clients.
pub(super) const CLIENTS: [(&str, &str); 6] = [
    ("Alpine Ventures AG", "accounts@alpine-ventures.example"),
    ("Lakeside Medical Transfer", "billing@lakeside-medical.example"),
    ("Northstar Productions", "finance@northstar.example"),
    ("Dr. M. Steiner", "office@steiner.example"),
    ("Helvetia Cargo Partners", "ap@helvetia-cargo.example"),
    ("Riviera Events S.A.", "comptabilite@riviera-events.example"),
];

/// Name, role and email address of each member.
pub(super) const MEMBERS: [(&str, &str, &str); 5] = [
    ("Jonas Frei", "admin", "jonas@skyline.example"),
    ("Mira Rossi", "safety_manager", "mira@skyline.example"),
    ("Tom Baumann", "dispatcher", "tom@skyline.example"),
    ("Lea Winter", "pilot", "lea@skyline.example"),
    ("Paul Aubert", "auditor", "paul@skyline.example"),
];

/// The key of an integration.
pub(super) struct DemoKey {
    pub(super) name: &'static str,
    pub(super) permissions: &'static str,
    pub(super) scopes: &'static [&'static str],
    pub(super) made_days_ago: u32,
    pub(super) good_for_days: Option<u32>,
    pub(super) per_hour: i64,
    pub(super) address: &'static str,
    pub(super) about: &'static str,
}

pub(super) const KEYS: [DemoKey; 6] = [
    DemoKey {
        name: "Legacy import",
        permissions: "read_write",
        scopes: &[],
        made_days_ago: 110,
        good_for_days: Some(60),
        per_hour: 12,
        address: "198.51.100.24",
        about: "Moved the data of the old system; expired since",
    },
    DemoKey {
        name: "FlightPlan Sync",
        permissions: "custom",
        scopes: &["trips:write", "fleet:read"],
        made_days_ago: 84,
        good_for_days: Some(90),
        per_hour: 180,
        address: "203.0.113.17",
        about: "Scheduling software; creates and updates trips",
    },
    DemoKey {
        name: "Safety Dashboard",
        permissions: "custom",
        scopes: &["safety:read"],
        made_days_ago: 70,
        good_for_days: Some(180),
        per_hour: 60,
        address: "203.0.113.90",
        about: "The screen in the safety office",
    },
    DemoKey {
        name: "QuickBooks Integration",
        permissions: "custom",
        scopes: &["invoices:write", "trips:read"],
        made_days_ago: 58,
        good_for_days: Some(365),
        per_hour: 24,
        address: "198.51.100.200",
        about: "Creates invoices, records payments",
    },
    DemoKey {
        name: "Old website",
        permissions: "read_only",
        scopes: &[],
        made_days_ago: 52,
        good_for_days: None,
        per_hour: 90,
        address: "192.0.2.45",
        about: "Replaced by the Fleet Dashboard",
    },
    DemoKey {
        name: "Fleet Dashboard",
        permissions: "custom",
        scopes: &["fleet:read"],
        made_days_ago: 21,
        good_for_days: Some(90),
        per_hour: 320,
        address: "203.0.113.41",
        about: "Fleet status on the public website",
    },
];

/// The name of the key that is revoked.
pub(super) const OLD_WEBSITE: &str = "Old website";
