//! Programs in words, by the user agent that they send. For people to recognise their own: it proves nothing.

/// Browsers by a mark in their user agent. Most name others as well, so the first mark that is found counts.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Operating systems by a mark. Phones name the system that theirs stems from, so they come first.
const SYSTEMS: [(&str, &str); 9] = [
    ("Windows", "Windows"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];

/// The longest name of a program that is not a browser.
const MAX_NAME: usize = 40;

/// Returns the browser and the system, such as “Firefox on Windows”, or the name of another program, such as “curl”; `None` if
/// neither is known.
pub fn describe(user_agent: &str) -> Option<String> {
    let find = |marks: &[(&str, &'static str)]| marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name);
    let is_browser = user_agent.starts_with("Mozilla/") || user_agent.starts_with("Opera/");
    if !is_browser {
        return program(user_agent).map(str::to_owned);
    }
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} on {system}")),
        (Some(browser), None) => Some(browser.to_owned()),
        (None, Some(system)) => Some(format!("Browser on {system}")),
        (None, None) => None,
    }
}

/// Returns the name of the first product (RFC 9110, 10.1.5).
fn program(user_agent: &str) -> Option<&str> {
    let name = user_agent.split(['/', ' ']).next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    ((1..=MAX_NAME).contains(&name.len()) && name.chars().all(is_plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_and_systems_are_named() {
        for (user_agent, words) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
                "Chrome on iPad",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            ("Mozilla/5.0 (X11; FreeBSD amd64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Unix"),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/120.0.0.0",
                "Opera on Linux",
            ),
            ("Mozilla/5.0 (Linux; U)", "Browser on Linux"),
        ] {
            assert_eq!(describe(user_agent).as_deref(), Some(words), "{user_agent}");
        }
    }

    #[test]
    fn other_programs_are_named_by_their_first_product() {
        for (user_agent, name) in [
            ("curl/8.14.1", Some("curl")),
            ("python-requests/2.32.4", Some("python-requests")),
            ("Go-http-client/2.0", Some("Go-http-client")),
            ("PostmanRuntime/7.44.1", Some("PostmanRuntime")),
            ("Dispatch Desk 3", Some("Dispatch")),
            ("", None),
            ("<script>/1", None),
            ("Mozilla/5.0", None),
        ] {
            assert_eq!(describe(user_agent).as_deref(), name, "{user_agent}");
        }
        assert_eq!(describe(&"x".repeat(MAX_NAME + 1)), None);
    }
}
