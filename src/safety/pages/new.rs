//! The form of a report. One that is filed in confidence does not lead back to its reporter: its number is shown once, on the response.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::labels;
use crate::access::{FileReports, Form, PageSession};
use crate::app::App;
use crate::frame::{Frame, MenuEntry};
use crate::safety::api::{OnRecord, file, omit_client_ip};
use crate::safety::kinds::{Confidentiality, ReportType, Severity};
use crate::safety::model::{CreateReport, has_occurred};
use kit::http::route::{form, page};
use kit::http::{ApiError, Route};
use kit::page::{Choice, Fields, FormErrors, Moments, html_with};

const PATH: &str = "/safety/new";

/// The fields in the order of the page.
const ORDER: [&str; 7] = ["report_type", "title", "description", "occurred_at", "location", "severity", "confidentiality"];

pub(super) fn routes() -> Vec<Route<App>> {
    vec![page(PATH, "Form of a safety report", new), form(PATH, "File the safety report of the form", create)]
}

/// Omits the client address from the access log for the form and whatever comes of it, unless a report was filed by name: also
/// for a form that never reaches its handler.
pub async fn protect_reporters(request: Request, next: Next) -> Response {
    let is_form = request.uri().path() == PATH;
    let response = next.run(request).await;
    if is_form { omit_client_ip(response).await } else { response }
}

#[derive(Template)]
#[template(path = "safety/new.html")]
struct NewReportPage {
    frame: Frame,
    fields: Fields,
    faults: FormErrors,
    idempotency_key: String,
    /// The latest time that can be entered.
    latest: String,
}

/// The response to a report that was filed in confidence.
#[derive(Template)]
#[template(path = "safety/filed.html")]
struct FiledPage {
    frame: Frame,
    number: String,
    /// True if it was filed by an earlier submission of the same form.
    is_repeated: bool,
}

/// A level of confidentiality to choose.
struct Level {
    value: &'static str,
    title: &'static str,
    about: &'static str,
    is_chosen: bool,
}

impl NewReportPage {
    fn new(app: &App, who: &PageSession<FileReports>, fields: Fields, faults: FormErrors) -> Self {
        let frame = who.frame(app, "File a safety report", MenuEntry::Safety);
        Self {
            // One opened form files one report, however often it is corrected and sent.
            idempotency_key: fields.given("idempotency_key").map_or_else(|| app.random.base62(22), str::to_owned),
            latest: frame.at.local_text(frame.at.now()),
            frame,
            fields,
            faults,
        }
    }

    fn types(&self) -> Vec<Choice> {
        choices(&self.fields, "report_type", ReportType::ALL, ReportType::as_str, labels::type_title)
    }

    fn severities(&self) -> Vec<Choice> {
        choices(&self.fields, "severity", Severity::ALL, Severity::as_str, labels::severity_title)
    }

    fn levels(&self) -> Vec<Level> {
        let level = |level: &Confidentiality| {
            let (title, about) = labels::promise(*level);
            Level { value: level.as_str(), title, about, is_chosen: self.fields.is("confidentiality", level.as_str()) }
        };
        Confidentiality::ALL.iter().map(level).collect()
    }
}

fn choices<T: Copy>(
    fields: &Fields,
    name: &str,
    all: &[T],
    word: fn(T) -> &'static str,
    title: fn(T) -> &'static str,
) -> Vec<Choice> {
    let choice = |one: &T| Choice { value: word(*one), text: title(*one), is_chosen: fields.is(name, word(*one)) };
    all.iter().map(choice).collect()
}

async fn new(who: PageSession<FileReports>, State(app): State<App>) -> Response {
    let fields = Fields::default().with("confidentiality", Confidentiality::Standard);
    html_with(StatusCode::OK, &NewReportPage::new(&app, &who, fields, FormErrors::default()))
}

async fn create(who: PageSession<FileReports>, State(app): State<App>, form: Form) -> Result<Response, ApiError> {
    let again = |status, faults| Ok(html_with(status, &NewReportPage::new(&app, &who, form.fields.clone(), faults)));
    let frame = who.frame(&app, "Report filed", MenuEntry::Safety);
    let input = match read(&form.fields, &frame.at) {
        Ok(input) => input,
        Err(faults) => return again(StatusCode::BAD_REQUEST, faults),
    };
    let is_on_record = input.confidentiality.is_on_record();
    let (id, number, is_repeated) = match file(&who, &app, input, form.idempotency_key()).await {
        Ok(filed) => {
            let (id, number) = filed.names();
            (id, number, false)
        }
        Err(error) if error.replayed().is_some() => {
            let first = |name: &str| error.replayed().and_then(|data| data.get(name)).and_then(Value::as_str).unwrap_or_default();
            (first("id").to_owned(), first("number").to_owned(), true)
        }
        // The text of a report is long: nothing that can be corrected, or tried again later, loses it.
        Err(error) if error.status.is_client_error() && error.status != StatusCode::UNAUTHORIZED => {
            return again(error.status, FormErrors::of_whole(error.message.clone()));
        }
        Err(error) => return Err(error),
    };
    if !is_on_record {
        return Ok(html_with(StatusCode::OK, &FiledPage { frame, number, is_repeated }));
    }
    let mut response = Redirect::to(&format!("/safety/{id}?filed=1")).into_response();
    response.extensions_mut().insert(OnRecord);
    Ok(response)
}

/// Reads the form as the input of a call, or returns every fault.
fn read(fields: &Fields, at: &Moments) -> Result<CreateReport, FormErrors> {
    let mut faults = FormErrors::default();
    let report_type = fields.read("report_type");
    if report_type.is_none() {
        faults.add("report_type", "Choose a type.");
    }
    let title = faults.read(fields, "title", "a title");
    let description = faults.read(fields, "description", "a description");
    let occurred_at = at.parse_local(fields.text("occurred_at"));
    match occurred_at {
        None => faults.add("occurred_at", "Enter the date and the time at which it happened."),
        Some(time) if !has_occurred(time, at.now()) => faults.add("occurred_at", "Enter a time that is not in the future."),
        Some(_) => {}
    }
    let location = if fields.given("location").is_some() { faults.read(fields, "location", "a place") } else { None };
    let severity = fields.read("severity");
    if severity.is_none() && fields.given("severity").is_some() {
        faults.add("severity", "Choose one of the options.");
    }
    let confidentiality = fields.read("confidentiality");
    if confidentiality.is_none() {
        faults.add("confidentiality", "Choose who may know that you filed the report.");
    }
    faults.sort_as(&ORDER);
    match (report_type, title, description, occurred_at, confidentiality) {
        (Some(report_type), Some(title), Some(description), Some(occurred_at), Some(confidentiality)) if faults.is_empty() => {
            let assigned_to = None;
            Ok(CreateReport { report_type, title, description, location, occurred_at, severity, confidentiality, assigned_to })
        }
        _ => Err(faults),
    }
}
