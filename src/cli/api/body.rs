//! The body of a call: from fields, a file or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::request::pair;
use crate::cli::output::Failure;

/// The longest body, and the longest file of a field: more than the API takes.
const LONGEST: u64 = 16 * 1024 * 1024;

#[derive(clap::Args)]
pub(super) struct BodyArguments {
    /// Field of a JSON body with a text; repeat the flag for several
    #[arg(short = 'f', long = "raw-field", value_name = "NAME=TEXT", value_parser = pair)]
    texts: Vec<(String, String)>,
    /// Field of a JSON body with a value: 3, true, null, a list or an object, or @FILE with one; @- is standard input
    #[arg(short = 'F', long = "field", value_name = "NAME=JSON", value_parser = pair)]
    values: Vec<(String, String)>,
    /// File with the body, or - for standard input
    #[arg(long, env = "PLANECONNECTION_INPUT", value_name = "FILE", hide_env_values = true, conflicts_with_all = ["texts", "values"])]
    input: Option<PathBuf>,
}

impl BodyArguments {
    pub(super) fn is_given(&self) -> bool {
        self.input.is_some() || !self.texts.is_empty() || !self.values.is_empty()
    }

    /// Returns the number of arguments that name standard input.
    pub(super) fn uses_of_stdin(&self) -> usize {
        let is_stdin = self.input.as_deref() == Some(Path::new("-"));
        usize::from(is_stdin) + self.values.iter().filter(|(_, value)| value == "@-").count()
    }

    /// Returns the body, if there is one.
    pub(super) fn read(&self) -> Result<Option<Bytes>, Failure> {
        if let Some(path) = &self.input {
            return Ok(Some(read(path, "--input")?.into()));
        }
        if !self.is_given() {
            return Ok(None);
        }
        let mut fields = Fields::default();
        for (name, text) in &self.texts {
            fields.add(name, to_raw_value(text)?)?;
        }
        for (name, text) in &self.values {
            fields.add(name, value(name, text)?)?;
        }
        Ok(Some(serde_json::to_vec(&fields)?.into()))
    }
}

/// The fields of an object, in the order in which they were given. Values stay as they were written: no digit of a number is lost.
#[derive(Default)]
struct Fields<'a>(Vec<(&'a str, Box<RawValue>)>);

impl<'a> Fields<'a> {
    fn add(&mut self, name: &'a str, value: Box<RawValue>) -> Result<(), Failure> {
        if self.0.iter().any(|(known, _)| *known == name) {
            return Err(Failure::usage(format!("the field {name} is given twice")));
        }
        self.0.push((name, value));
        Ok(())
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (*name, value)))
    }
}

/// Checks the value of a field, or that in the file that it names.
fn value(name: &str, text: &str) -> Result<Box<RawValue>, Failure> {
    let parsed = match text.strip_prefix('@') {
        Some(path) => serde_json::from_slice(&read(Path::new(path), "-F")?),
        None => serde_json::from_str(text),
    };
    // The error has the place, and nothing of the text.
    parsed.map_err(|error| {
        Failure::usage(format!("-F {name}: expected JSON, such as 3, true or [\"a\"]; -f sends a text ({error})"))
    })
}

fn read(path: &Path, flag: &str) -> Result<Vec<u8>, Failure> {
    let failed = |error: io::Error| Failure::refused(format!("cannot read {flag} {}: {error}", path.display()));
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(failed)?) };
    let mut bytes = Vec::new();
    source.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::refused(format!("{flag} {} is longer than 16 MiB", path.display())));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn arguments(texts: &[(&str, &str)], values: &[(&str, &str)]) -> BodyArguments {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        BodyArguments { texts: owned(texts), values: owned(values), input: None }
    }

    fn body(texts: &[(&str, &str)], values: &[(&str, &str)]) -> Result<Value, String> {
        let bytes = arguments(texts, values).read().map_err(|failure| failure.to_string())?;
        Ok(serde_json::from_slice(&bytes.expect("a body")).expect("JSON"))
    }

    #[test]
    fn texts_and_values_are_one_object() {
        let made = body(&[("origin", "KTEB"), ("notes", "3")], &[("passengerCount", "3"), ("aircraftId", "null"), ("x", "[{}]")]);
        let expected = serde_json::json!({
            "origin": "KTEB", "notes": "3", "passengerCount": 3, "aircraftId": null, "x": [{}],
        });
        assert_eq!(made, Ok(expected));
        assert!(arguments(&[], &[]).read().is_ok_and(|body| body.is_none()));
    }

    #[test]
    fn numbers_keep_their_digits_and_fields_their_order() {
        let values = [("n", "12345678901234567890123"), ("exact", "0.10"), ("a", "[18446744073709551616]")];
        let bytes = arguments(&[("z", "1")], &values).read().ok().flatten();
        let expected = r#"{"z":"1","n":12345678901234567890123,"exact":0.10,"a":[18446744073709551616]}"#;
        assert_eq!(bytes.as_deref(), Some(expected.as_bytes()));
    }

    #[test]
    fn values_are_read_from_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("items.json");
        std::fs::write(&path, "[{\"quantity\": \"1\"}]\n").expect("a file");
        let at_path = format!("@{}", path.display());
        let expected = serde_json::json!({ "lineItems": [{ "quantity": "1" }] });
        assert_eq!(body(&[], &[("lineItems", &at_path)]), Ok(expected));
        let missing = body(&[], &[("lineItems", "@/no/such/file")]).expect_err("refused");
        assert!(missing.contains("cannot read -F /no/such/file"), "{missing}");
        let given = BodyArguments { input: Some(path), ..arguments(&[], &[]) };
        assert_eq!(given.read().ok().flatten().as_deref(), Some(&b"[{\"quantity\": \"1\"}]\n"[..]));
    }

    #[test]
    fn text_in_place_of_json_and_repeated_names_are_refused() {
        let refused = body(&[], &[("origin", "KTEB")]).expect_err("refused");
        assert!(refused.contains("-F origin: expected JSON") && !refused.contains("KTEB"), "{refused}");
        let twice = body(&[("origin", "KTEB")], &[("origin", "null")]).expect_err("refused");
        assert!(twice.contains("origin is given twice"), "{twice}");
    }
}
