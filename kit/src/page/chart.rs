//! Bars, drawn as SVG: what was allowed or succeeded, and on top of it what was denied or failed.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;

use super::number::grouped;

/// The words for requests.
pub const REQUESTS: [&str; 2] = ["allowed", "denied"];

/// A stacked bar of the chart.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The day or hour. Letters, digits and punctuation that need no escaping in HTML.
    pub label: String,
    pub allowed: u64,
    pub denied: u64,
}

/// Bars side by side. Colours come from the stylesheet, by class; the text alternative says the totals.
#[derive(Clone, Debug)]
pub struct Bars {
    /// The text alternative for screen readers.
    pub title: String,
    /// The words for the lower and the upper part of a bar: [`REQUESTS`], or others that need no escaping.
    pub words: [&'static str; 2],
    /// From left to right.
    pub bars: Vec<Bar>,
    /// Of the drawing; it scales to the room it is given.
    pub width: u32,
    pub height: u32,
}

impl Bars {
    /// Returns the number of requests of the tallest bar.
    pub fn tallest(&self) -> u64 {
        self.bars.iter().map(|bar| bar.allowed + bar.denied).max().unwrap_or(0)
    }

    fn total(&self, of: impl Fn(&Bar) -> u64) -> String {
        grouped(self.bars.iter().map(of).sum())
    }

    /// Draws the bars on one scale with `other`.
    pub fn beside(self, other: &Self) -> OnScale {
        let most = self.tallest().max(other.tallest());
        self.on_scale(most)
    }

    /// Draws the bars on a scale that ends at `most`.
    pub fn on_scale(self, most: u64) -> OnScale {
        OnScale { bars: self, most }
    }

    fn draw(&self, f: &mut fmt::Formatter<'_>, most: u64) -> fmt::Result {
        let Self { title, words: [low_word, high_word], bars, width, height } = self;
        let (allowed, denied) = (self.total(|bar| bar.allowed), self.total(|bar| bar.denied));
        let count = u32::try_from(bars.len()).unwrap_or(1).max(1);
        // A hundred units a bar keep the gaps exact whatever the number of bars.
        let (unit, gap) = (100 * width / count, 100 * width / count / 4);
        write!(
            f,
            "<svg class=\"bars\" viewBox=\"0 0 {} {height}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{title}: {allowed} {low_word}, {denied} {high_word}\">",
            100 * width,
        )?;
        for (place, bar) in (0..).zip(bars) {
            let x = place * unit;
            // A few refusals among thousands of requests are what one looks for.
            let (low, high) = (share(bar.allowed, most, *height, 1), share(bar.denied, most, *height, 3));
            let low = low.min(height - high.min(*height));
            let empty = u32::from(low + high == 0);
            let parts = [("allowed", height - low, low), ("denied", height - low - high, high), ("none", height - empty, empty)];
            let mut drawn = String::new();
            for (class, y, tall) in parts.into_iter().filter(|(.., tall)| *tall > 0) {
                write!(drawn, "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{tall}\"/>", unit - gap)?;
            }
            let Bar { label, allowed, denied } = bar;
            write!(
                f,
                "<g><title>{label}: {} {low_word}, {} {high_word}</title>{drawn}</g>",
                grouped(*allowed),
                grouped(*denied)
            )?;
        }
        f.write_str("</svg>")
    }
}

/// Bars whose scale was set from outside: charts side by side can be held against each other.
#[derive(Clone, Debug)]
pub struct OnScale {
    bars: Bars,
    most: u64,
}

/// The part of `height` that `count` of `most` takes; at least `least` if there is anything.
fn share(count: u64, most: u64, height: u32, least: u32) -> u32 {
    if count == 0 || most == 0 {
        return 0;
    }
    let scaled = u128::from(count) * u128::from(height) / u128::from(most);
    u32::try_from(scaled).unwrap_or(height).max(least)
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.draw(f, self.tallest())
    }
}

impl fmt::Display for OnScale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bars.draw(f, self.most)
    }
}

// Numbers and labels that this server makes itself.
impl HtmlSafe for Bars {}
impl HtmlSafe for OnScale {}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(allowed: u64) -> Bars {
        Bars {
            title: "x".to_owned(),
            words: REQUESTS,
            bars: vec![Bar { label: "y".to_owned(), allowed, denied: 0 }],
            width: 4,
            height: 24,
        }
    }

    #[test]
    fn charts_beside_each_other_have_one_scale() {
        let (small, large) = (one(5), one(10));
        assert!(small.clone().beside(&large).to_string().contains("height=\"12\""));
        assert!(large.beside(&small).to_string().contains("height=\"24\""));
    }

    #[test]
    fn a_bar_is_never_taller_than_the_chart_and_the_least_count_is_seen() {
        for (allowed, denied) in [(0, 0), (1, 1_000_000), (1_000_000, 1), (u64::MAX / 2, u64::MAX / 2), (5, 0)] {
            let (low, high) = (share(allowed, allowed + denied, 24, 1), share(denied, allowed + denied, 24, 3));
            assert!((low > 0) == (allowed > 0) && (high > 0) == (denied > 0));
            let bars = Bars {
                title: "x".to_owned(),
                words: REQUESTS,
                bars: vec![Bar { label: "y".to_owned(), allowed, denied }],
                width: 4,
                height: 24,
            };
            assert!(!bars.to_string().contains("y=\"-"), "{bars}");
        }
    }
}
