//! A request in several languages, each with what the language brings along; the one in Rust with the crate ureq.

use std::fmt::Write;

use serde_json::Value;

/// A request with its example values.
pub(super) struct Request {
    pub method: String,
    pub url: String,
    /// Name, value, and the environment variable whose value follows.
    pub headers: Vec<(&'static str, String, Option<&'static str>)>,
    pub body: Option<Value>,
    /// True if the response has a body; otherwise its headers are shown.
    pub has_response_body: bool,
}

/// The words for the values of JSON that languages write differently.
struct Words {
    yes: &'static str,
    no: &'static str,
    null: &'static str,
}

const JSON: Words = Words { yes: "true", no: "false", null: "null" };
const PYTHON: Words = Words { yes: "True", no: "False", null: "None" };

impl Request {
    /// Returns the request in each language, as code blocks behind tabs.
    pub fn samples(&self) -> String {
        let samples = [
            ("bash", "curl", self.curl()),
            ("python", "Python", self.python()),
            ("js", "Node.js", self.node()),
            ("go", "Go", self.go()),
            ("rust", "Rust", self.rust()),
        ];
        let block = |(language, tab, code): &(&str, &str, String)| format!("```{language} tab={tab}\n{code}```\n\n");
        samples.iter().map(block).collect()
    }

    fn curl(&self) -> String {
        let options = if self.has_response_body { "-sS" } else { "-sSi" };
        let mut lines = vec![match self.method.as_str() {
            "GET" => format!("curl {options} \"{}\"", self.url),
            method => format!("curl {options} -X {method} \"{}\"", self.url),
        }];
        for (name, value, variable) in &self.headers {
            let variable = variable.map(|name| format!("${name}")).unwrap_or_default();
            lines.push(format!("-H \"{name}: {value}{variable}\""));
        }
        if let Some(body) = &self.body {
            lines.push("-H \"Content-Type: application/json\"".to_owned());
            lines.push(format!("-d '{}'", literal(body, &JSON, 0)));
        }
        lines.join(" \\\n  ") + "\n"
    }

    fn python(&self) -> String {
        let body = self.body.as_ref();
        let json = if body.is_some() { "import json\n" } else { "" };
        let mut code = format!(
            "{json}import os\nimport urllib.error\nimport urllib.request\n\nrequest = urllib.request.Request(\n    \"{}\",\n    method=\"{}\",\n    headers={{\n",
            self.url, self.method
        );
        for (name, value, variable) in &self.headers {
            let value = match variable {
                Some(variable) if value.is_empty() => format!("os.environ[\"{variable}\"]"),
                Some(variable) => format!("\"{value}\" + os.environ[\"{variable}\"]"),
                None => format!("\"{value}\""),
            };
            let _infallible = writeln!(code, "        \"{name}\": {value},");
        }
        if body.is_some() {
            code.push_str("        \"Content-Type\": \"application/json\",\n");
        }
        code.push_str("    },\n");
        if let Some(body) = body {
            let _infallible = writeln!(code, "    data=json.dumps({}).encode(),", literal(body, &PYTHON, 2));
        }
        if !self.headers.iter().any(|(_, _, variable)| variable.is_some()) {
            code = code.replacen("import os\n", "", 1);
        }
        code + ")\ntry:\n    with urllib.request.urlopen(request) as response:\n        print(response.status, response.read().decode())\nexcept urllib.error.HTTPError as error:\n    print(error.code, error.read().decode())\n"
    }

    fn node(&self) -> String {
        let mut code =
            format!("const response = await fetch(\"{}\", {{\n  method: \"{}\",\n  headers: {{\n", self.url, self.method);
        for (name, value, variable) in &self.headers {
            let value = match variable {
                Some(variable) if value.is_empty() => format!("process.env.{variable}"),
                Some(variable) => format!("\"{value}\" + process.env.{variable}"),
                None => format!("\"{value}\""),
            };
            let _infallible = writeln!(code, "    \"{name}\": {value},");
        }
        if self.body.is_some() {
            code.push_str("    \"Content-Type\": \"application/json\",\n");
        }
        code.push_str("  },\n");
        if let Some(body) = &self.body {
            let _infallible = writeln!(code, "  body: JSON.stringify({}),", literal(body, &JSON, 1));
        }
        code + "});\nconsole.log(response.status, await response.text());\n"
    }

    fn go(&self) -> String {
        let uses_variables = self.headers.iter().any(|(_, _, variable)| variable.is_some());
        let mut imports = vec!["fmt", "io", "log", "net/http"];
        imports.extend(uses_variables.then_some("os"));
        imports.extend(self.body.is_some().then_some("strings"));
        let imports: Vec<_> = imports.iter().map(|name| format!("\t\"{name}\"")).collect();
        let mut code = format!("package main\n\nimport (\n{}\n)\n\nfunc main() {{\n", imports.join("\n"));
        let body = match &self.body {
            Some(body) => {
                let _infallible = writeln!(code, "\tbody := strings.NewReader(`{}`)", literal(body, &JSON, 1));
                "body"
            }
            None => "nil",
        };
        let _infallible = writeln!(code, "\trequest, err := http.NewRequest(\"{}\", \"{}\", {body})", self.method, self.url);
        code.push_str("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n");
        for (name, value, variable) in &self.headers {
            let value = match variable {
                Some(variable) if value.is_empty() => format!("os.Getenv(\"{variable}\")"),
                Some(variable) => format!("\"{value}\"+os.Getenv(\"{variable}\")"),
                None => format!("\"{value}\""),
            };
            let _infallible = writeln!(code, "\trequest.Header.Set(\"{name}\", {value})");
        }
        if self.body.is_some() {
            code.push_str("\trequest.Header.Set(\"Content-Type\", \"application/json\")\n");
        }
        code + "\tresponse, err := http.DefaultClient.Do(request)\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tdefer response.Body.Close()\n\tanswer, err := io.ReadAll(response.Body)\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n\tfmt.Println(response.StatusCode, string(answer))\n}\n"
    }

    fn rust(&self) -> String {
        let mut code = "// Cargo.toml: ureq = \"3\"\nfn main() -> Result<(), Box<dyn std::error::Error>> {\n".to_owned();
        let _infallible = writeln!(code, "    let mut response = ureq::{}(\"{}\")", self.method.to_lowercase(), self.url);
        for (name, value, variable) in &self.headers {
            let value = match variable {
                Some(variable) if value.is_empty() => format!("std::env::var(\"{variable}\")?"),
                Some(variable) => format!("format!(\"{value}{{}}\", std::env::var(\"{variable}\")?)"),
                None => format!("\"{value}\""),
            };
            let _infallible = writeln!(code, "        .header(\"{name}\", {value})");
        }
        if self.body.is_some() {
            code.push_str("        .content_type(\"application/json\")\n");
        }
        code.push_str("        .config()\n        .http_status_as_error(false)\n        .build()\n");
        match (&self.body, self.method.as_str()) {
            (Some(body), _) => {
                let _infallible = writeln!(code, "        .send(r#\"{}\"#)?;", literal(body, &JSON, 2));
            }
            (None, "POST" | "PUT" | "PATCH") => code.push_str("        .send_empty()?;\n"),
            (None, _) => code.push_str("        .call()?;\n"),
        }
        code + "    println!(\"{} {}\", response.status().as_u16(), response.body_mut().read_to_string()?);\n    Ok(())\n}\n"
    }
}

/// Writes a value as a literal, one field a line.
fn literal(value: &Value, words: &Words, depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let end = "  ".repeat(depth);
    match value {
        Value::Null => words.null.to_owned(),
        Value::Bool(true) => words.yes.to_owned(),
        Value::Bool(false) => words.no.to_owned(),
        Value::Number(_) | Value::String(_) => value.to_string(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| literal(item, words, depth)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(name, value)| format!("{indent}\"{name}\": {}", literal(value, words, depth + 1))).collect();
            format!("{{\n{}\n{end}}}", fields.join(",\n"))
        }
    }
}
