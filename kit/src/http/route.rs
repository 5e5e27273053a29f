//! The route table. A line is a method, a path and a handler; the handler's first argument says who may call it,
//! so a handler without a permission does not compile into the table.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, any as on_any, on};
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::matched::record_route;
use super::{Describe, Doc};

/// The application state that handlers extract from.
pub trait State: Clone + Send + Sync + 'static {}
impl<S: Clone + Send + Sync + 'static> State for S {}

/// The first argument of every handler: admits the caller, or answers.
pub trait Guard: Describe {
    /// The permission in words, for the table.
    fn permission() -> String;
}

/// A handler whose signature can be read: `(guard, …) -> answer`.
#[diagnostic::on_unimplemented(
    message = "a handler in the route table takes its permission (`Allowed<…>`) first and describes all it takes and gives"
)]
pub trait Endpoint<S, Signature>: Send + Sync + 'static {
    /// The permission it declares.
    fn permission() -> String;
    /// Describes inputs and outputs.
    fn doc() -> Doc;
    /// Itself, as axum serves it, for any method without a filter; what it takes in the query is described, and if that is
    /// nothing, `is_strict` refuses all. Of a write it also refuses conditions that are not described.
    fn serve(self, filter: Option<MethodFilter>, is_strict: bool) -> MethodRouter<S>;
}

macro_rules! endpoint {
    ($($argument:ident),*) => {
        impl<F, Fut, S, M, G, R, $($argument,)*> Endpoint<S, (M, G, $($argument,)* R)> for F
        where
            F: Fn(G, $($argument),*) -> Fut + Handler<(M, G, $($argument,)*), S, Future: Unpin> + Send + Sync + 'static,
            Fut: Future<Output = R>,
            S: Clone + Send + Sync + 'static,
            M: 'static,
            G: Guard + 'static,
            R: Describe,
            $($argument: Describe + 'static,)*
        {
            fn permission() -> String {
                G::permission()
            }
            fn doc() -> Doc {
                let mut doc = Doc::default();
                G::describe(&mut doc);
                $($argument::describe(&mut doc);)*
                R::describe(&mut doc);
                doc
            }
            fn serve(self, filter: Option<MethodFilter>, is_strict: bool) -> MethodRouter<S> {
                let doc = Self::doc();
                let takes_parameters = |parameter: &Parameter| parameter.parameter_in == ParameterIn::Query;
                let mut handler = record_route(self);
                if is_strict && !doc.parameters.iter().any(takes_parameters) {
                    handler = handler.without_parameters();
                }
                if is_strict && filter != Some(MethodFilter::GET) {
                    handler = handler.with_conditions_of(&doc);
                }
                match filter {
                    Some(filter) => on(filter, handler),
                    None => on_any(handler),
                }
            }
        }
    };
}

endpoint!();
endpoint!(A1);
endpoint!(A1, A2);
endpoint!(A1, A2, A3);
endpoint!(A1, A2, A3, A4);

/// One line of the table.
#[derive(Clone)]
pub struct Route<S> {
    pub method: Method,
    /// Further methods that are served alike.
    pub other_methods: &'static [Method],
    /// The path, `{name}` for a parameter.
    pub path: &'static str,
    /// The paths that are served, where they differ from the documented one.
    served_at: &'static [&'static str],
    /// The permission of its callers.
    pub permission: String,
    /// A summary of a few words; also the operation id.
    pub summary: &'static str,
    pub doc: Doc,
    service: MethodRouter<S>,
}

/// Declares a `GET` route.
pub fn get<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    route(Method::GET, MethodFilter::GET, path, summary, handler)
}

/// Declares a `POST` route.
pub fn post<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    route(Method::POST, MethodFilter::POST, path, summary, handler)
}

/// `GET path`, for people: parameters it does not know it leaves alone, as links are decorated on their way.
pub fn page<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    lenient(Method::GET, MethodFilter::GET, path, summary, handler)
}

/// `POST path`, for a form of a page.
pub fn form<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    lenient(Method::POST, MethodFilter::POST, path, summary, handler)
}

/// Declares a `PUT` route.
pub fn put<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    route(Method::PUT, MethodFilter::PUT, path, summary, handler)
}

/// Declares a `PATCH` route.
pub fn patch<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    route(Method::PATCH, MethodFilter::PATCH, path, summary, handler)
}

/// Declares a `DELETE` route.
pub fn delete<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    route(Method::DELETE, MethodFilter::DELETE, path, summary, handler)
}

/// The methods besides `GET` that a document can name.
const BESIDES_GET: &[Method] =
    &[Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::TRACE];

/// Declares a route that is served alike for every method, and ignores the query unless its handler takes parameters.
pub fn any<S: State, H: Endpoint<S, T>, T>(path: &'static str, summary: &'static str, handler: H) -> Route<S> {
    let route = line(Method::GET, path, summary, handler.serve(None, false), H::doc(), H::permission());
    Route { other_methods: BESIDES_GET, ..route }
}

fn route<S: State, H: Endpoint<S, T>, T>(
    method: Method,
    filter: MethodFilter,
    path: &'static str,
    summary: &'static str,
    handler: H,
) -> Route<S> {
    let mut doc = H::doc();
    if filter != MethodFilter::GET {
        doc.fails(507, "INSUFFICIENT_STORAGE");
    }
    line(method, path, summary, handler.serve(Some(filter), true), doc, H::permission())
}

fn lenient<S: State, H: Endpoint<S, T>, T>(
    method: Method,
    filter: MethodFilter,
    path: &'static str,
    summary: &'static str,
    handler: H,
) -> Route<S> {
    line(method, path, summary, handler.serve(Some(filter), false), H::doc(), H::permission())
}

fn line<S>(
    method: Method,
    path: &'static str,
    summary: &'static str,
    service: MethodRouter<S>,
    mut doc: Doc,
    permission: String,
) -> Route<S> {
    name_path_parameters(&mut doc, path);
    Route { method, other_methods: &[], path, served_at: &[], permission, summary, doc, service }
}

fn name_path_parameters(doc: &mut Doc, path: &str) {
    let mut names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    for parameter in &mut doc.parameters {
        if parameter.name.is_empty() {
            names.next().unwrap_or("id").clone_into(&mut parameter.name);
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// Adds a failure that the types do not show.
    #[must_use]
    pub fn fails(mut self, status: u16, code: &'static str) -> Self {
        self.doc.fails(status, code);
        self
    }

    /// Describes the operation in the reference.
    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        self.doc.about = about;
        self
    }

    /// Serves the route at these paths, of which the documented one is an example.
    #[must_use]
    pub fn served_at(mut self, paths: &'static [&'static str]) -> Self {
        self.served_at = paths;
        self
    }

    /// Declares that the operation can conflict with the current state: 409 `CONFLICT`.
    #[must_use]
    pub fn conflicts(self) -> Self {
        self.fails(409, "CONFLICT")
    }

    /// Declares that the operation also works below the disk watermark: it takes access away, signs somebody in, or stores no data.
    #[must_use]
    pub fn essential(mut self) -> Self {
        self.doc.failures.remove(&507);
        self
    }

    #[must_use]
    pub fn map(mut self, wrap: impl FnOnce(MethodRouter<S>) -> MethodRouter<S>) -> Self {
        self.service = wrap(self.service);
        self
    }
}

/// The lines of one slice, under a heading of the reference.
#[derive(Clone)]
pub struct Routes<S> {
    pub tag: &'static str,
    pub lines: Vec<Route<S>>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Lines under a heading.
    pub fn new(tag: &'static str, lines: impl Into<Vec<Route<S>>>) -> Self {
        Self { tag, lines: lines.into() }
    }

    /// As axum routes them.
    pub fn router(self) -> Router<S> {
        self.lines.into_iter().fold(Router::new(), |router, line| {
            let paths = if line.served_at.is_empty() { std::slice::from_ref(&line.path) } else { line.served_at };
            paths.iter().fold(router, |router, path| router.route(path, line.service.clone()))
        })
    }
}
