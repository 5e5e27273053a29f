//! Currencies by their ISO 4217 codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use kit::page::number::grouped;

/// An active currency of ISO 4217. Metals, funds and test codes are excluded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct Currency(&'static str);

/// The text is not an active currency.
#[derive(Debug, thiserror::Error)]
#[error("must be the ISO 4217 code of a currency in use, such as EUR or USD")]
pub struct NotACurrency;

/// The active codes in alphabetical order, as of 2026: with the Caribbean guilder (XCG), without the Bulgarian lev (BGN).
/// A currency that goes out of use must stay in the list while stored invoices may have it.
const ACTIVE: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND", "BOB", "BRL",
    "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP",
    "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG",
    "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD",
    "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR",
    "RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
    "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VED", "VES", "VND",
    "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
];

impl Currency {
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// The currencies without minor units, and those with three decimals, by ISO 4217. All others have two.
const WHOLE: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"];
const THOUSANDTHS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

impl Currency {
    /// Returns the number of decimals of an amount.
    fn decimals(self) -> u32 {
        match self.0 {
            code if WHOLE.contains(&code) => 0,
            code if THOUSANDTHS.contains(&code) => 3,
            _ => 2,
        }
    }

    /// Formats an amount in minor units for people: “CHF 1,204.50”.
    pub fn amount(self, minor_units: i64) -> String {
        let unit = 10_u64.pow(self.decimals());
        let (whole, part) = (minor_units.unsigned_abs() / unit, minor_units.unsigned_abs() % unit);
        let sign = if minor_units < 0 { "−" } else { "" };
        let decimals = match self.decimals() {
            0 => String::new(),
            width => format!(".{part:0width$}", width = width as usize),
        };
        format!("{} {sign}{}{decimals}", self.0, grouped(whole))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;
    fn from_str(text: &str) -> Result<Self, NotACurrency> {
        ACTIVE.binary_search(&text).map(|place| Self(ACTIVE[place])).map_err(|_| NotACurrency)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Currency {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .description(Some("ISO 4217, a currency in use"))
            .examples([serde_json::json!("EUR")])
            .into()
    }
}

impl utoipa::ToSchema for Currency {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currency_codes_are_sorted_and_have_three_capital_letters() {
        assert!(ACTIVE.is_sorted_by(|a, b| a < b));
        assert!(ACTIVE.iter().all(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())));
    }

    #[test]
    fn amount_has_the_decimals_of_its_currency() {
        let amount = |code: &str, minor_units| code.parse::<Currency>().expect("a currency").amount(minor_units);
        assert_eq!(amount("CHF", 120_450), "CHF 1,204.50");
        assert_eq!(amount("EUR", -5), "EUR −0.05");
        assert_eq!(amount("JPY", 1_204), "JPY 1,204");
        assert_eq!(amount("KWD", 1_204), "KWD 1.204");
        assert!(WHOLE.iter().chain(&THOUSANDTHS).all(|code| ACTIVE.contains(code)));
    }

    #[test]
    fn inactive_currency_is_refused() {
        assert_eq!("EUR".parse::<Currency>().map(Currency::as_str).ok(), Some("EUR"));
        for wrong in ["eur", "EURO", "XAU", "XTS", "BGN", "DEM", "", "€"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }
}
