//! The route a request has found and whether its credential was admitted, noted for the layer around the router, which cannot
//! see either.
//!
//! A layer inside the router could, at the price of an allocation or three for each request; a handler says it for nothing.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::extract::{MatchedPath, Request};
use axum::handler::Handler;
use axum::http::Extensions;
use axum::response::{IntoResponse, Response};

use uuid::Uuid;

use super::Doc;
use super::client_ip::{UNKNOWN, network};
use super::extract::{NoParameters, Query};
use super::intake::Sender;
use super::precondition::Unchecked;

/// Among a request's extensions: where its route and its credential are noted.
#[derive(Clone, Debug)]
pub struct Matched(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    /// The network the request comes from.
    client: IpAddr,
    path: OnceLock<MatchedPath>,
    admitted: OnceLock<Uuid>,
}

impl Matched {
    /// For a request from this address.
    pub fn new(address: IpAddr) -> Self {
        Self(Arc::new(Noted { client: network(address), path: OnceLock::new(), admitted: OnceLock::new() }))
    }

    /// The route, if one was found.
    pub fn path(&self) -> Option<&str> {
        self.0.path.get().map(MatchedPath::as_str)
    }

    /// Returns whether a credential was admitted.
    pub fn is_admitted(&self) -> bool {
        self.0.admitted.get().is_some()
    }

    /// Notes that a credential of this group of callers was admitted.
    pub fn admit(extensions: &Extensions, group: Uuid) {
        if let Some(Self(noted)) = extensions.get() {
            noted.admitted.get_or_init(|| group);
        }
    }

    /// Returns the group of callers whose credential was admitted.
    pub fn group(extensions: &Extensions) -> Option<Uuid> {
        extensions.get::<Self>()?.0.admitted.get().copied()
    }

    /// The sender of a request, as far as bytes are shared out.
    pub fn sender(extensions: &Extensions) -> Sender {
        let Some(Self(noted)) = extensions.get() else { return Sender::Client(UNKNOWN) };
        noted.admitted.get().map_or(Sender::Client(noted.client), |group| Sender::Group(*group))
    }

    /// Tells which route the request with these extensions has found.
    pub fn tell(extensions: &Extensions) {
        if let (Some(Self(noted)), Some(path)) = (extensions.get(), extensions.get::<MatchedPath>()) {
            noted.path.get_or_init(|| path.clone());
        }
    }
}

/// A handler that tells its route.
pub fn record_route<H>(handler: H) -> RecordRoute<H> {
    RecordRoute { handler, takes_parameters: true, unchecked: Unchecked::default() }
}

/// A handler wrapped by [`record_route`].
#[derive(Clone, Debug)]
pub struct RecordRoute<H> {
    handler: H,
    takes_parameters: bool,
    /// The conditions that are refused, as the handler does not check them.
    unchecked: Unchecked,
}

impl<H> RecordRoute<H> {
    /// Refuses parameters in the query: a misspelt one must not be taken for none.
    pub(super) fn without_parameters(self) -> Self {
        Self { takes_parameters: false, ..self }
    }

    /// Refuses the conditions of a write that its description does not have.
    pub(super) fn with_conditions_of(self, doc: &Doc) -> Self {
        Self { unchecked: Unchecked::of(doc), ..self }
    }
}

impl<H: Handler<T, S>, T, S> Handler<T, S> for RecordRoute<H>
where
    H::Future: Unpin,
{
    type Future = Answering<H::Future>;
    fn call(self, request: Request, state: S) -> Self::Future {
        Matched::tell(request.extensions());
        if !self.takes_parameters
            && request.uri().query().is_some()
            && let Err(error) = Query::<NoParameters>::of(request.uri())
        {
            return Answering::Refused(Some(error.into_response()));
        }
        if !self.unchecked.is_empty()
            && let Err(error) = self.unchecked.refuse(request.headers())
        {
            return Answering::Refused(Some(error.into_response()));
        }
        Answering::Handled(self.handler.call(request, state))
    }
}

/// The future of a wrapped handler.
#[derive(Debug)]
pub enum Answering<F> {
    /// The response that refuses the request; taken once.
    Refused(Option<Response>),
    /// The handler has it.
    Handled(F),
}

impl<F: Future<Output = Response> + Unpin> Future for Answering<F> {
    type Output = Response;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        match self.get_mut() {
            Self::Refused(response) => response.take().map_or(Poll::Pending, Poll::Ready),
            Self::Handled(handled) => Pin::new(handled).poll(context),
        }
    }
}
