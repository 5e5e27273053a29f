//! Descriptions of the types in a handler's signature; the OpenAPI document is made of nothing else.

use std::collections::BTreeMap;

use axum::extract::State;
use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{RefOr, Required};

use super::{Accepted, ApiError, Created, JsonOk, NoStore, Put};

/// The form of a body on the wire.
#[derive(Clone)]
pub enum Shape {
    /// The API's envelope around this schema.
    Data(Box<RefOr<Schema>>),
    /// JSON of this schema, without the envelope.
    Bare(Box<RefOr<Schema>>),
    /// Anything else, by media type.
    Media(&'static str),
    Empty,
}

/// The inputs and outputs of one operation.
#[derive(Clone, Default)]
pub struct Doc {
    /// A description beyond the summary; empty for none.
    pub about: &'static str,
    /// Path, query and header parameters.
    pub parameters: Vec<Parameter>,
    /// The schema of the JSON body.
    pub body: Option<RefOr<Schema>>,
    /// Success: status and body.
    pub success: Vec<(u16, Shape)>,
    /// Headers of a success: name and meaning.
    pub headers: Vec<(&'static str, &'static str)>,
    /// Failure: status and the codes it may carry.
    pub failures: BTreeMap<u16, Vec<&'static str>>,
    /// Schemas referred to by name.
    pub schemas: BTreeMap<String, RefOr<Schema>>,
    /// Security schemes, any of which will do; empty if anyone may call.
    pub security: Vec<&'static str>,
}

impl Doc {
    /// Adds an error response.
    pub fn fails(&mut self, status: u16, code: &'static str) {
        let codes = self.failures.entry(status).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }

    /// Registers `T` and gives a reference to it.
    pub fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let mut found = Vec::new();
        T::schemas(&mut found);
        self.schemas.extend(found);
        let name = T::name().into_owned();
        match T::schema() {
            // Simple values are clearer in place than behind a reference.
            RefOr::T(Schema::Object(object)) if object.properties.is_empty() && object.enum_values.is_none() => {
                RefOr::T(Schema::Object(object))
            }
            schema => {
                self.schemas.insert(name.clone(), schema);
                utoipa::openapi::Ref::from_schema_name(name).into()
            }
        }
    }

    /// Adds a parameter of a simple type.
    pub fn parameter(&mut self, name: &str, place: ParameterIn, required: Required, schema: RefOr<Schema>, about: &str) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .schema(Some(schema))
            .description((!about.is_empty()).then_some(about))
            .build();
        self.parameters.push(parameter);
    }
}

/// A type that may stand in a handler's signature.
pub trait Describe {
    /// Says what it takes, gives or refuses.
    fn describe(doc: &mut Doc);
}

impl<S> Describe for State<S> {
    fn describe(_: &mut Doc) {}
}

impl<T: ToSchema> Describe for JsonOk<T> {
    fn describe(doc: &mut Doc) {
        let data = doc.schema::<T>();
        doc.success.push((200, Shape::Data(Box::new(data))));
    }
}

impl<T: ToSchema> Describe for Created<T> {
    fn describe(doc: &mut Doc) {
        let data = doc.schema::<T>();
        doc.success.push((201, Shape::Data(Box::new(data))));
    }
}

impl<T: ToSchema> Describe for Accepted<T> {
    fn describe(doc: &mut Doc) {
        let data = doc.schema::<T>();
        doc.success.push((202, Shape::Data(Box::new(data))));
    }
}

impl<R: Describe> Describe for NoStore<R> {
    fn describe(doc: &mut Doc) {
        R::describe(doc);
    }
}

impl<T: ToSchema> Describe for Put<T> {
    fn describe(doc: &mut Doc) {
        JsonOk::<T>::describe(doc);
        Created::<T>::describe(doc);
    }
}

impl<T: Describe, E: Into<ApiError>> Describe for Result<T, E> {
    fn describe(doc: &mut Doc) {
        T::describe(doc);
    }
}
