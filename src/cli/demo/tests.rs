//! The plan of the demo obeys the rules of the product, and those of an airline.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::calendar::{Calendar, HOUR, MINUTE};
use super::facts::{AIRCRAFT, AIRPORTS, BASES, PEOPLE};
use super::flights::Flight;
use super::integrations::ELSEWHERE;
use super::plan::{DAYS_TO_PAY, Deed, Plan, Who};
use super::rules;
use super::seed::{seed, tamper};
use crate::app::App;
use crate::config::Config;
use crate::findings::{self, Code, Finding, FindingFilter, Severity};
use crate::keys::{self, UnusualWatch};
use crate::secret_key::SecretKeys;
use kit::clock::{Clock, Time};
use kit::http::outbound::AllowedRanges;
use kit::page::Fields;
use kit::random::Random;

/// Times of each day of a week, and one before a change to summer time.
const NOWS: [&str; 8] = [
    "2026-11-23T08:00:00Z",
    "2026-11-24T03:26:24Z",
    "2026-11-25T22:59:59Z",
    "2026-11-26T12:00:00Z",
    "2026-11-27T16:45:00Z",
    "2026-11-28T13:00:00Z",
    "2026-11-29T00:00:01Z",
    "2027-03-28T10:00:00Z",
];

fn plan(now: &str) -> (Time, Plan) {
    let now: Time = now.parse().expect("a time");
    (now, Plan::new(Calendar::new(now, TimeZone::get("Europe/Zurich").expect("a time zone"))))
}

fn plans() -> impl Iterator<Item = Plan> {
    NOWS.into_iter().map(|now| plan(now).1)
}

#[test]
fn plan_is_the_same_all_day() {
    let [(_, morning), (_, evening)] = ["2026-11-27T00:01:00Z", "2026-11-27T22:10:00Z"].map(plan);
    assert_eq!(morning.steps, evening.steps);
    assert_ne!(morning.steps, plan("2026-11-28T12:00:00Z").1.steps);
}

#[test]
fn no_step_is_beyond_its_role_or_scopes() {
    for plan in plans() {
        for step in &plan.steps {
            assert!(rules::may(step.who, step.deed), "{step:?}");
        }
    }
    let pilot = PEOPLE.iter().position(|person| person.role == "pilot").expect("a pilot");
    assert!(rules::may(Who::Member(pilot), Deed::File(0)));
    assert!(!rules::may(Who::Member(pilot), Deed::Assess(0, "under_review")));
}

#[test]
fn aircraft_is_never_in_two_places() {
    for plan in plans() {
        let mut by_aircraft: HashMap<usize, Vec<&Flight>> = HashMap::new();
        for flight in &plan.schedule.flights {
            by_aircraft.entry(flight.aircraft).or_default().push(flight);
        }
        assert!(by_aircraft.len() >= 9, "most aircraft fly");
        for (aircraft, mut flights) in by_aircraft {
            flights.sort_by_key(|flight| flight.departs);
            let mut place = BASES[AIRCRAFT[aircraft].base];
            let mut free_from = Time::FIRST;
            for flight in flights {
                assert_eq!(flight.origin, place, "{}", AIRCRAFT[aircraft].tail);
                assert!(flight.departs >= free_from, "{}", AIRCRAFT[aircraft].tail);
                assert!(AIRCRAFT[aircraft].leaves.is_none_or(|leaves| flight.day < leaves));
                (place, free_from) = (flight.destination, flight.arrives.after(MINUTE * 30));
            }
            assert_eq!(place, BASES[AIRCRAFT[aircraft].base], "it comes home");
        }
    }
}

#[test]
fn block_times_fit_type_and_distance() {
    for flight in plans().flat_map(|plan| plan.schedule.flights) {
        let demo = &AIRCRAFT[flight.aircraft];
        let away = if flight.origin == BASES[demo.base] { flight.destination } else { flight.origin };
        let miles = AIRPORTS.iter().find(|airport| airport.code == away).expect("an airport").miles[demo.base];
        let speed = miles * 60 / flight.minutes;
        assert!((80..demo.knots).contains(&speed), "{} {away}: {miles} NM in {} minutes", demo.tail, flight.minutes);
        assert!(miles <= demo.range && flight.passengers <= demo.seats);
        assert_eq!(flight.arrives.since(flight.departs), MINUTE * flight.minutes.unsigned_abs());
    }
}

#[test]
fn office_work_is_done_in_office_hours() {
    for plan in plans() {
        for step in &plan.steps {
            let is_office = matches!(
                step.deed,
                Deed::Assess(..)
                    | Deed::MakeKey(_)
                    | Deed::RetireKey(_)
                    | Deed::MakeWebhook(_)
                    | Deed::Bill(_)
                    | Deed::Send(_)
                    | Deed::Pay(_)
                    | Deed::SignIn
            );
            let (hour, is_workday) = plan.calendar.hour_of(step.at);
            assert!(!is_office || (is_workday && (7..18).contains(&hour)), "{step:?}");
        }
    }
}

#[test]
fn times_of_day_are_spread() {
    for plan in plans() {
        let mut by_minute: HashMap<i64, usize> = HashMap::new();
        // Midnight is when an invoice becomes overdue.
        for step in plan.steps.iter().filter(|step| step.deed != Deed::Elapse) {
            *by_minute.entry(step.at.micros() / 60_000_000 % 1_440).or_default() += 1;
        }
        let most = by_minute.values().max().copied().unwrap_or_default();
        assert!(most < plan.steps.len() / 40, "{most} of {} steps are at one minute of the day", plan.steps.len());
    }
}

#[test]
fn invoices_are_for_trips_that_were_flown() {
    for plan in plans() {
        let at = |wanted: Deed| plan.steps.iter().find(|step| step.deed == wanted).map(|step| step.at);
        assert!(plan.bills.len() > 20);
        for (number, bill) in plan.bills.iter().enumerate() {
            let first = plan.schedule.missions[bill.mission].first;
            let written = at(Deed::Bill(number)).expect("it is written");
            for flight in [first, first + 1] {
                assert!(at(Deed::Move(flight, "completed")).expect("it is flown") < written);
            }
            let [sent, paid] = [Deed::Send(number), Deed::Pay(number)].map(|deed| at(deed).expect("a time"));
            assert!(written < sent && sent < paid);
        }
    }
}

#[test]
fn some_invoices_are_paid_and_some_overdue() {
    for now in NOWS {
        let (now, plan) = plan(now);
        let done = |wanted: Deed| plan.steps.iter().any(|step| step.deed == wanted && step.at <= now);
        let (paid, open): (Vec<_>, Vec<_>) =
            (0..plan.bills.len()).filter(|bill| done(Deed::Send(*bill))).partition(|bill| done(Deed::Pay(*bill)));
        let overdue = open.iter().filter(|bill| plan.bills[**bill].day + DAYS_TO_PAY < 0).count();
        assert!(paid.len() > 20 && (1..=8).contains(&overdue) && open.len() > overdue, "{overdue} of {}", open.len());
    }
}

#[test]
fn trips_are_booked_before_they_change_and_are_done_after_they_are_flown() {
    for plan in plans() {
        for (place, flight) in plan.schedule.flights.iter().enumerate() {
            let of_trip = |step: &&super::plan::Step| matches!(step.deed, Deed::Book(of, _) | Deed::Move(of, _) if of == place);
            let steps: Vec<_> = plan.steps.iter().filter(of_trip).collect();
            assert!(matches!(steps[0].deed, Deed::Book(..)) && steps[0].at < flight.departs);
            for step in steps {
                match step.deed {
                    Deed::Move(_, "active") => assert!(step.at.since(flight.departs) > Duration::ZERO),
                    Deed::Move(_, "completed") => assert!(step.at.since(flight.arrives) > Duration::ZERO),
                    Deed::Move(..) => assert!(step.at < flight.departs, "{step:?}"),
                    _ => {}
                }
            }
        }
    }
}

/// A month of each integration, hour by hour, as a node would have looked at it.
#[tokio::test]
async fn normal_traffic_of_four_weeks_is_not_unusual() {
    let (database, today) = Box::pin(demo()).await;
    // But for what the demo shows as unusual.
    let incident = format!("DELETE FROM api_key_addresses WHERE ip = '{ELSEWHERE}'");
    database.execute(&incident).await;
    database.execute("DELETE FROM api_key_unusual").await;
    let hours = 28 * 24_u32;
    let clock = Clock::manual(today.hour().before(HOUR * hours).after(MINUTE * 59));
    let app = node(&database, clock).await;
    let watch = UnusualWatch::default();
    for _ in 0..hours {
        watch.run(&app, &app.index).await.expect("a run");
        app.clock.advance(HOUR);
    }
    let workspace = app.index.tenants().pop().expect("a workspace").id;
    let found = keys::unusual_since(app.db.read(), workspace, None, Time::FIRST, 100).await.expect("records");
    assert!(found.is_empty(), "{found:#?}");
}

fn config() -> Config {
    let secret_keys = SecretKeys::parse(&SecretKeys::generate(&Random::seeded(17))).expect("a key");
    let mut config = Config { secret_keys: Some(Arc::new(secret_keys)), ..Config::default() };
    config.webhooks.allowed = AllowedRanges { ranges: vec![IpAddr::from(Ipv4Addr::LOCALHOST).into()], allows_http: true };
    config
}

/// A demo in a database, and its time.
async fn demo() -> (testkit::TestDatabase, Time) {
    let database = testkit::TestDatabase::in_file();
    let today: Time = NOWS[0].parse().expect("a time");
    let (config, receiver) = (config(), (Ipv4Addr::LOCALHOST, 9_999).into());
    Box::pin(seed(database.location(), today, &config, receiver)).await.expect("the demo");
    (database, today)
}

async fn node(database: &testkit::TestDatabase, clock: Clock) -> App {
    let app = App::open_with(config(), database.location(), clock, Random::seeded(5)).await.expect("a node");
    app.cluster.join("test").await.expect("a lease");
    app
}

/// The findings that a node shows a minute after the beginning of the demo.
async fn found(database: &testkit::TestDatabase, today: Time) -> Vec<Finding> {
    let app = node(database, Clock::manual(today.after(MINUTE))).await;
    let tenant = app.index.tenants().pop().expect("a workspace");
    findings::all((&app).into(), &tenant, &FindingFilter::default(), Fields::default().paging(100)).await.expect("findings").items
}

#[tokio::test]
async fn demo_shows_every_finding_a_few_times() {
    let (database, today) = Box::pin(demo()).await;
    let shown = found(&database, today).await;
    let often = [(Code::ChainBroken, 0), (Code::MemberNoSecondFactor, PEOPLE.len()), (Code::KeyEverywhere, 2)];
    for code in Code::ALL {
        let times = shown.iter().filter(|finding| finding.code == *code).count();
        let expected = often.iter().find(|(other, _)| other == code).map_or(1, |(_, times)| *times);
        assert_eq!(times, expected, "{}: {shown:#?}", code.as_str());
    }
    let unusual = shown.iter().find(|finding| finding.code == Code::Unusual).expect("a finding");
    assert!(unusual.message.contains(ELSEWHERE), "{}", unusual.message);
    assert!(shown.iter().all(|finding| finding.severity.is_urgent() == (finding.code != Code::MemberNoSecondFactor)));
    tamper(database.location()).await.expect("an altered event");
    let altered = found(&database, today).await;
    assert_eq!((altered[0].code, altered[0].severity), (Code::ChainBroken, Severity::Critical), "{altered:#?}");
    assert_eq!(altered.len(), shown.len() + 1);
}
