//! Work with the workspace's data: fleet, trips, invoices and safety reports.

use serde_json::json;

use super::facts::{AIRCRAFT, BASES, CLIENTS, GROUNDINGS, MIRA};
use super::plan::{Bill, DAYS_TO_PAY, Who};
use super::reports::REPORTS;
use super::seed::{Operator, failed, input};
use crate::audit::{Actor, AuditContext, AuditedTx};
use crate::cli::Failure;
use crate::fleet;
use crate::invoices;
use crate::safety::{self, Confidentiality, CreateReport, Reporter};
use crate::trips::{self, TripId};

/// The number of the first trip in the scheduling software.
const FIRST_TRIP: usize = 41_000;

/// The number of the first invoice in the accounting software.
const FIRST_INVOICE: usize = 2_140;

impl Operator {
    pub(super) async fn add_aircraft(&mut self, who: Who, place: usize) -> Result<(), Failure> {
        let demo = &AIRCRAFT[place];
        let mut tx = self.begin(who).await?;
        let aircraft = json!({
            "tailNumber": demo.tail, "typeDesignator": demo.designator, "model": demo.model, "homeBase": BASES[demo.base],
        });
        let made = fleet::create(&mut tx, input(aircraft)?).await.map_err(failed)?;
        tx.commit().await?;
        self.aircraft.insert(place, made.id);
        Ok(())
    }

    pub(super) async fn ground(&self, who: Who, place: usize) -> Result<(), Failure> {
        let grounding = &GROUNDINGS[place];
        let leaves = AIRCRAFT[grounding.aircraft].leaves.unwrap_or_default();
        let back = grounding.back_in.map(|days| self.plan.calendar.at(leaves + days, 1_020));
        let change = json!({ "status": grounding.status, "statusNote": grounding.note, "expectedReturn": back });
        let mut tx = self.begin(who).await?;
        let aircraft = self.aircraft.get(&grounding.aircraft).ok_or_else(|| failed("an aircraft that is not there"))?;
        fleet::update(&mut tx, *aircraft, input(change)?).await.map_err(failed)?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn book(&mut self, who: Who, place: usize, status: &str) -> Result<(), Failure> {
        let flight = &self.plan.schedule.flights[place];
        let mut trip = json!({
            "tripType": flight.kind, "status": status, "origin": flight.origin, "destination": flight.destination,
            "departureDate": flight.departs, "arrivalDate": flight.arrives, "passengerCount": flight.passengers,
            "aircraftId": self.aircraft.get(&flight.aircraft),
        });
        if matches!(who, Who::Key(_)) {
            trip["externalId"] = json!(format!("FP-{}", FIRST_TRIP + place));
        }
        let mut tx = self.begin(who).await?;
        let made = trips::create(&mut tx, input(trip)?).await.map_err(failed)?;
        tx.commit().await?;
        self.trips.insert(place, made.id);
        Ok(())
    }

    pub(super) async fn advance(&self, who: Who, place: usize, status: &str) -> Result<(), Failure> {
        let mut tx = self.begin(who).await?;
        trips::update(&mut tx, self.trip(place)?, input(json!({ "status": status }))?).await.map_err(failed)?;
        Ok(tx.commit().await?)
    }

    fn trip(&self, place: usize) -> Result<TripId, Failure> {
        self.trips.get(&place).copied().ok_or_else(|| failed("a trip that is not there"))
    }

    pub(super) async fn bill(&mut self, who: Who, place: usize) -> Result<(), Failure> {
        let Bill { mission, client, day } = self.plan.bills[place];
        let first = self.plan.schedule.missions[mission].first;
        let [out, back] = [first, first + 1].map(|flight| &self.plan.schedule.flights[flight]);
        let (demo, client, minutes) = (&AIRCRAFT[out.aircraft], &CLIENTS[client], out.minutes + back.minutes);
        let route = format!("Flight time {}, {}–{}–{}", demo.tail, out.origin, out.destination, back.destination);
        let hours = format!("{}.{:02}", minutes / 60, minutes % 60 * 100 / 60);
        let mut lines = vec![
            json!({ "description": route, "quantity": hours, "unitPrice": demo.hour_price }),
            json!({ "description": "Landing and handling", "quantity": "2", "unitPrice": 64_500 }),
            json!({ "description": "Catering, per person", "quantity": out.passengers.to_string(), "unitPrice": 8_500 }),
        ];
        if back.day > out.day {
            lines.push(json!({ "description": "Overnight stay of the crew", "quantity": "2", "unitPrice": 32_000 }));
        }
        let mut invoice = json!({
            "client": { "name": client.name, "email": client.email }, "tripId": self.trip(first)?, "currency": "CHF",
            "dueDate": self.plan.calendar.date(day + DAYS_TO_PAY), "lineItems": lines,
        });
        if matches!(who, Who::Key(_)) {
            invoice["externalId"] = json!(format!("QB-{}", FIRST_INVOICE + place));
        }
        let mut tx = self.begin(who).await?;
        let made = invoices::create(&mut tx, input(invoice)?).await.map_err(failed)?;
        tx.commit().await?;
        self.invoices.insert(place, made);
        Ok(())
    }

    pub(super) async fn send(&self, who: Who, place: usize) -> Result<(), Failure> {
        let mut tx = self.begin(who).await?;
        invoices::send(&mut tx, self.invoice(place)?.id).await.map_err(failed)?;
        Ok(tx.commit().await?)
    }

    pub(super) async fn pay(&self, who: Who, place: usize) -> Result<(), Failure> {
        let invoice = self.invoice(place)?;
        let payment = json!({ "amount": invoice.total, "reference": format!("Bank transfer, {}", invoice.number) });
        let mut tx = self.begin(who).await?;
        invoices::pay(&mut tx, invoice.id, input(payment)?).await.map_err(failed)?;
        Ok(tx.commit().await?)
    }

    fn invoice(&self, place: usize) -> Result<&invoices::Invoice, Failure> {
        self.invoices.get(&place).ok_or_else(|| failed("an invoice that is not there"))
    }

    pub(super) async fn file(&mut self, who: Who, place: usize) -> Result<(), Failure> {
        let report = &REPORTS[place];
        let now = self.app.clock.now();
        let filed: CreateReport = input(json!({
            "reportType": report.kind, "title": report.title, "description": report.description,
            "location": report.location, "confidentiality": report.confidentiality,
            "occurredAt": now.before(std::time::Duration::from_mins(report.age.unsigned_abs().into())),
        }))?;
        let context = self.audit_context(who)?;
        let reporter = Reporter::from(context.actor.clone());
        let context =
            if filed.confidentiality == Confidentiality::Standard { context } else { AuditContext::of(Actor::ANONYMOUS) };
        let mut tx = AuditedTx::begin(&self.app, self.workspace, context).await?;
        let made = safety::create(&mut tx, reporter, filed).await.map_err(failed)?;
        tx.commit().await?;
        self.reports.insert(place, made.id);
        Ok(())
    }

    pub(super) async fn assess(&self, who: Who, place: usize, status: &str) -> Result<(), Failure> {
        let manager = self.members.get(MIRA).map(|member| member.id);
        let change = match status {
            "under_review" => json!({ "status": status, "severity": REPORTS[place].severity, "assignedTo": manager }),
            _ => json!({ "status": status }),
        };
        let report = self.reports.get(&place).ok_or_else(|| failed("a report that is not there"))?;
        let mut tx = self.begin(who).await?;
        safety::update(&mut tx, *report, input(change)?).await.map_err(failed)?;
        Ok(tx.commit().await?)
    }
}
