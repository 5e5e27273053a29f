//! The integrations of the demo: keys and webhooks.

/// The course of a key's requests over the day and the week.
#[derive(Clone, Copy)]
pub(super) enum Rhythm {
    /// A single run, soon after the creation.
    Once,
    /// A synchronisation every quarter of an hour.
    Sync,
    /// A screen that is on during office hours and asks every minute.
    Screen,
    /// Work of the accountants by day, a reconciliation by night.
    Accounting,
    /// Visitors of a website, with this number in the busiest hour.
    Website(i64),
}

/// The key of an integration.
pub(super) struct DemoKey {
    pub(super) name: &'static str,
    pub(super) permissions: &'static str,
    pub(super) scopes: &'static [&'static str],
    /// The day and the minute of its creation, moved to a working day.
    pub(super) made: (i32, i32),
    pub(super) good_for_days: Option<i32>,
    pub(super) rhythm: Rhythm,
    pub(super) address: &'static str,
    pub(super) program: &'static str,
    pub(super) about: &'static str,
}

/// The keys. Each has a place in the plan. Together they show every finding about keys.
pub(super) static KEYS: [DemoKey; 11] = [
    DemoKey {
        name: "Legacy import",
        permissions: "custom",
        scopes: &["fleet:write"],
        made: (-118, 560),
        good_for_days: Some(60),
        rhythm: Rhythm::Once,
        address: "198.51.100.24",
        program: "skyline-import/1.0",
        about: "Moved the fleet from the old system; expired since",
    },
    DemoKey {
        name: "FlightPlan Sync",
        permissions: "custom",
        scopes: &["trips:write", "fleet:read"],
        made: (-84, 622),
        good_for_days: Some(90),
        rhythm: Rhythm::Sync,
        address: "203.0.113.17",
        program: "FlightPlan-Sync/4.2",
        about: "Scheduling software; creates and updates trips",
    },
    DemoKey {
        name: "Safety Dashboard",
        permissions: "custom",
        scopes: &["safety:read", "trips:read"],
        made: (-70, 851),
        good_for_days: Some(180),
        rhythm: Rhythm::Screen,
        address: "203.0.113.90",
        program: "safety-dashboard/0.9",
        about: "The screen in the safety office",
    },
    DemoKey {
        name: "QuickBooks Integration",
        permissions: "custom",
        scopes: &["invoices:write", "trips:read"],
        made: (-58, 977),
        good_for_days: Some(365),
        rhythm: Rhythm::Accounting,
        address: "198.51.100.200",
        program: "QuickBooks-Connector/2.3",
        about: "Creates invoices, records payments",
    },
    DemoKey {
        name: "Old website",
        permissions: "read_only",
        scopes: &[],
        made: (-52, 690),
        good_for_days: None,
        rhythm: Rhythm::Website(70),
        address: "192.0.2.45",
        program: "curl/7.88.1",
        about: "Replaced by the Fleet Dashboard",
    },
    DemoKey {
        name: "Fleet Dashboard",
        permissions: "custom",
        scopes: &["fleet:read"],
        made: (-21, 814),
        good_for_days: Some(90),
        rhythm: Rhythm::Website(240),
        address: "203.0.113.41",
        program: "fleet-dashboard/1.4",
        about: "Fleet status on the public website",
    },
    DemoKey {
        name: "Weather Briefing",
        permissions: "custom",
        scopes: &["trips:read", "fleet:read"],
        made: (-112, 605),
        good_for_days: Some(300),
        rhythm: Rhythm::Sync,
        address: "203.0.113.55",
        program: "weather-briefing/2.1",
        about: "Attaches weather to the trips of the day",
    },
    DemoKey {
        name: "Fleet tracker trial",
        permissions: "custom",
        scopes: &["fleet:read"],
        made: (-47, 930),
        good_for_days: Some(180),
        rhythm: Rhythm::Once,
        address: "192.0.2.88",
        program: "tracker-trial/0.1",
        about: "Trial of a tracking service",
    },
    DemoKey {
        name: "Hangar Screen",
        permissions: "custom",
        scopes: &["fleet:read"],
        made: (-27, 498),
        good_for_days: None,
        rhythm: Rhythm::Website(6),
        address: "198.51.100.31",
        program: "hangar-screen/1.0",
        about: "The screen beside the hangar door",
    },
    DemoKey {
        name: "Catering Orders",
        permissions: "custom",
        scopes: &["trips:read", "fleet:read"],
        made: (-66, 618),
        good_for_days: Some(180),
        rhythm: Rhythm::Sync,
        address: "198.51.100.140",
        program: "catering-orders/1.8",
        about: "Orders catering for the trips of the next day",
    },
    DemoKey {
        name: "Catering Orders 2",
        permissions: "custom",
        scopes: &["trips:read", "fleet:read"],
        made: (-11, 574),
        good_for_days: Some(180),
        rhythm: Rhythm::Sync,
        address: "198.51.100.141",
        program: "catering-orders/2.0",
        about: "Orders catering for the trips of the next day",
    },
];

/// The days from a rotation until the server is to revoke the old key.
pub(super) const DAYS_TO_REPLACE: i32 = 7;

/// Returns the key that a key replaces, if it replaces one.
pub(super) fn replaces(key: usize) -> Option<usize> {
    (key == CATERING_2).then_some(CATERING)
}

/// An address from which a copy of the key [`WEATHER`] was used.
pub(super) const ELSEWHERE: &str = "192.0.2.171";

/// An endpoint of webhooks.
pub(super) struct DemoWebhook {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) events: &'static [&'static str],
    /// The day and the minute of its creation, moved to a working day.
    pub(super) made: (i32, i32),
    /// The name of its web server.
    pub(super) server: &'static str,
}

/// The endpoints, in the order of their creation. Each has a place in the constants below.
pub(super) static WEBHOOKS: [DemoWebhook; 3] = [
    DemoWebhook {
        name: "Crew Scheduling",
        about: "Reserves crews as trips change",
        events: &["trip.*", "aircraft.status_changed"],
        made: (-41, 641),
        server: "crew-scheduling/3.1",
    },
    DemoWebhook {
        name: "Client Portal",
        about: "Shows clients their trips and invoices",
        events: &["trip.confirmed", "trip.cancelled", "trip.completed", "invoice.*"],
        made: (-24, 907),
        server: "nginx",
    },
    DemoWebhook {
        name: "Operations Chat",
        about: "Posts changes of trips to the channel of the operations team",
        events: &["trip.*", "aircraft.*"],
        made: (-20, 815),
        server: "chat-hooks/2",
    },
];

pub(super) const CLIENT_PORTAL: usize = 1;
pub(super) const OPERATIONS_CHAT: usize = 2;

pub(super) const LEGACY_IMPORT: usize = 0;
pub(super) const FLIGHT_PLAN: usize = 1;
pub(super) const QUICKBOOKS: usize = 3;
pub(super) const OLD_WEBSITE: usize = 4;
pub(super) const FLEET_DASHBOARD: usize = 5;
pub(super) const WEATHER: usize = 6;
pub(super) const HANGAR_SCREEN: usize = 8;
pub(super) const CATERING: usize = 9;
const CATERING_2: usize = 10;
