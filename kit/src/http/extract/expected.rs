//! The value that a schema asks for, and the words that ask a caller for it.

use std::collections::BTreeMap;
use std::slice;

use serde_json::Value;
use utoipa::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, Array, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type};

use crate::page::number::grouped;

/// Schemas by name, for references.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// A schema without references.
#[derive(Clone, Copy)]
pub(super) struct Expected<'s> {
    pub(super) form: Form<'s>,
    pub(super) is_nullable: bool,
}

/// The forms of values that inputs have.
#[derive(Clone, Copy)]
pub(super) enum Form<'s> {
    Object(&'s Object),
    List(&'s Array),
    OneOf(&'s [Value]),
    Text(&'s Object),
    WholeNumber(&'s Object),
    Flag,
    /// A schema that says nothing that could be checked.
    Any,
}

/// The number of fields up to which an object is described by their names.
const NAMED_FIELDS: usize = 6;

impl<'s> Expected<'s> {
    pub(super) const ANY: Self = Self { form: Form::Any, is_nullable: true };

    /// Resolves a schema. A name that is missing from `schemas` stands for any value.
    pub(super) fn of(schema: &'s RefOr<Schema>, schemas: &'s Schemas) -> Self {
        let schema = match schema {
            RefOr::T(schema) => schema,
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                return schemas.get(name).map_or(Self::ANY, |schema| Self::of(schema, schemas));
            }
        };
        match schema {
            Schema::Object(object) => Self { form: Form::of(object), is_nullable: is_nullable(&object.schema_type) },
            Schema::Array(list) => Self { form: Form::List(list), is_nullable: is_nullable(&list.schema_type) },
            Schema::OneOf(choices) => {
                let mut values = choices.items.iter().filter(|choice| !is_null(choice));
                match (values.next(), values.next()) {
                    (Some(only), None) => {
                        let value = Self::of(only, schemas);
                        Self { is_nullable: value.is_nullable || choices.items.len() > 1, ..value }
                    }
                    _ => Self::ANY,
                }
            }
            _ => Self::ANY,
        }
    }

    /// Returns an instruction such as “must be one of charter, owner, or null”.
    pub(super) fn words(self) -> String {
        let or_null = if self.is_nullable { ", or null" } else { "" };
        format!("must be {}{or_null}", self.form.words())
    }
}

impl<'s> Form<'s> {
    fn of(object: &'s Object) -> Self {
        if let Some(values) = &object.enum_values {
            return Self::OneOf(values);
        }
        match types(&object.schema_type).iter().find(|kind| **kind != Type::Null) {
            Some(Type::Object) => Self::Object(object),
            Some(Type::String) => Self::Text(object),
            Some(Type::Integer) => Self::WholeNumber(object),
            Some(Type::Boolean) => Self::Flag,
            _ => Self::Any,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Object(object) => {
                let names: Vec<_> = object.properties.keys().map(String::as_str).collect();
                match names.as_slice() {
                    [] => "an object without fields".to_owned(),
                    [only] => format!("an object with {only}"),
                    [first @ .., last] if names.len() <= NAMED_FIELDS => {
                        format!("an object with {} and {last}", first.join(", "))
                    }
                    _ => "an object".to_owned(),
                }
            }
            Self::List(_) => "a list".to_owned(),
            Self::OneOf(values) => one_of(values.iter().filter_map(Value::as_str)),
            Self::Text(object) => text(object),
            Self::WholeNumber(object) => match bounds(object) {
                (Some(least), Some(most)) => format!("a whole number from {} to {}", figure(least), figure(most)),
                (Some(least), None) => format!("a whole number of at least {}", figure(least)),
                (None, Some(most)) => format!("a whole number of at most {}", figure(most)),
                (None, None) => "a whole number".to_owned(),
            },
            Self::Flag => "true or false".to_owned(),
            Self::Any => "another value".to_owned(),
        }
    }
}

/// Lists the words of a closed vocabulary.
pub(super) fn one_of<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.collect();
    match words.as_slice() {
        [only] => (*only).to_owned(),
        several => format!("one of {}", several.join(", ")),
    }
}

fn text(object: &Object) -> String {
    let example = object.examples.first().and_then(Value::as_str);
    match (&object.format, example) {
        (Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)), _) => "a time such as 2026-11-23T09:30:00Z".to_owned(),
        (Some(SchemaFormat::KnownFormat(KnownFormat::Date)), _) => "a day such as 2026-11-23".to_owned(),
        (Some(SchemaFormat::KnownFormat(KnownFormat::Email)), _) => "an email address such as name@example.com".to_owned(),
        (_, Some(example)) => format!("text such as \"{example}\""),
        (_, None) => "text".to_owned(),
    }
}

/// Returns whether an object with other fields than the named ones is refused.
pub(super) fn is_closed(object: &Object) -> bool {
    matches!(object.additional_properties.as_deref(), Some(AdditionalProperties::FreeForm(false)))
}

/// Returns the least and the greatest allowed number.
pub(super) fn bounds(object: &Object) -> (Option<i128>, Option<i128>) {
    let whole = |bound: &Option<Number>| {
        bound.as_ref().and_then(|bound| match bound {
            Number::Int(number) => i128::try_from(*number).ok(),
            Number::UInt(number) => i128::try_from(*number).ok(),
            Number::Float(_) => None,
        })
    };
    (whole(&object.minimum), whole(&object.maximum))
}

fn figure(number: i128) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(u64::try_from(number.unsigned_abs()).unwrap_or(u64::MAX)))
}

fn types(kind: &SchemaType) -> &[Type] {
    match kind {
        SchemaType::Type(kind) => slice::from_ref(kind),
        SchemaType::Array(kinds) => kinds,
        SchemaType::AnyValue => &[],
    }
}

fn is_nullable(kind: &SchemaType) -> bool {
    types(kind).contains(&Type::Null)
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
