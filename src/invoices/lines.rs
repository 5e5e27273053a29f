//! Line items: a quantity times a price, exactly.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::{Decimal, RoundingStrategy, ToPrimitive};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use kit::http::FieldErrors;
use kit::text::Line;

/// The largest absolute amount: the largest integer that a JSON number carries exactly in every language (2⁵³ − 1).
pub(super) const LARGEST: i64 = 9_007_199_254_740_991;

const MOST: usize = 200;

/// A quantity: more than 0, at most 1,000,000, at most 6 decimals. A string in JSON: `"2.5"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Quantity(Decimal);

/// The text is not a quantity.
#[derive(Debug, thiserror::Error)]
#[error("must be a decimal number in quotes such as \"2.5\": more than 0, at most 1,000,000, with at most 6 decimals")]
pub struct NotAQuantity;

impl FromStr for Quantity {
    type Err = NotAQuantity;
    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        // Digits and one point only: the parser would also take signs, underscores and exponents.
        let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, decimals)| (whole, Some(decimals)));
        let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole, 7) || !decimals.is_none_or(|decimals| digits(decimals, 6)) {
            return Err(NotAQuantity);
        }
        let number: Decimal = text.parse().map_err(|_| NotAQuantity)?;
        let fits = number > Decimal::ZERO && number <= Decimal::from(1_000_000);
        if fits { Ok(Self(number)) } else { Err(NotAQuantity) }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Quantity {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[0-9]{1,7}(\.[0-9]{1,6})?$"))
            .description(Some("A decimal number, more than 0 and at most 1000000"))
            .examples([serde_json::json!("2.5")])
            .into()
    }
}

impl ToSchema for Quantity {}

/// A line of a new invoice; the server computes its amount.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = NewLineItem)]
pub struct NewLine {
    /// The goods or service, or the reason for a discount.
    pub description: Line<1, 500>,
    /// The number of units.
    pub quantity: Quantity,
    /// The price of one unit in minor units of the currency, such as cents; negative for a discount.
    #[schema(minimum = -9_007_199_254_740_991_i64, maximum = 9_007_199_254_740_991_i64)]
    pub unit_price: i64,
}

/// A line of an invoice, as it is stored and sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineItem {
    /// The goods or service, or the reason for a discount.
    pub description: String,
    /// The number of units.
    pub quantity: Quantity,
    /// The price of one unit in minor units of the currency, such as cents; negative for a discount.
    pub unit_price: i64,
    /// Quantity times price, in whole minor units of the currency; half a minor unit is rounded away from zero.
    pub amount: i64,
}

/// Computes the amounts. Fails with the lines whose amount is out of range.
pub(super) fn price(lines: Vec<NewLine>) -> Result<Vec<LineItem>, FieldErrors> {
    let mut faults = FieldErrors::default();
    check(&lines, &mut faults);
    let priced = lines.into_iter().map(|NewLine { description, quantity, unit_price }| {
        let amount = amount(quantity, unit_price)?;
        Some(LineItem { description: description.into_string(), quantity, unit_price, amount })
    });
    let priced: Option<Vec<_>> = priced.collect();
    priced.filter(|_| faults.is_empty()).ok_or(faults)
}

/// Adds the faults of each line and of the total.
pub(super) fn check(lines: &[NewLine], faults: &mut FieldErrors) {
    faults.require((1..=MOST).contains(&lines.len()), "lineItems", "Give 1 to 200 line items.");
    let mut total: i128 = 0;
    for (place, line) in lines.iter().enumerate() {
        if line.unit_price.unsigned_abs() > LARGEST.unsigned_abs() {
            faults.add(format!("lineItems[{place}].unitPrice"), "Give minor units between ±9007199254740991.");
        } else if let Some(amount) = amount(line.quantity, line.unit_price) {
            total += i128::from(amount);
        } else {
            faults.add(format!("lineItems[{place}]"), "Quantity times unit price is more than 9007199254740991 minor units.");
        }
    }
    let payable = (0..=i128::from(LARGEST)).contains(&total);
    faults.require(payable, "lineItems", "The total must be between 0 and 9007199254740991 minor units.");
}

/// Returns quantity times price, with half a minor unit rounded away from zero; `None` beyond [`LARGEST`].
///
/// The product is exact: a quantity has at most 40 bits of digits, a price at most 53, and a decimal holds 96.
fn amount(quantity: Quantity, unit_price: i64) -> Option<i64> {
    let price = Some(unit_price).filter(|price| price.unsigned_abs() <= LARGEST.unsigned_abs())?;
    let exact = quantity.0.checked_mul(Decimal::from(price))?;
    let rounded = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()?;
    (rounded.unsigned_abs() <= LARGEST.unsigned_abs()).then_some(rounded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    fn line(quantity: &str, unit_price: i64) -> NewLine {
        NewLine { description: "Landing fee".parse().expect("a line"), quantity: self::quantity(quantity), unit_price }
    }

    #[test]
    fn quantity_has_digits_and_at_most_one_point() {
        for wrong in
            ["0", "0.000000", "-1", "+1", "1e3", "1_000", "1,5", ".5", "5.", "1.0000001", "1000000.000001", " 1", "", "٣"]
        {
            assert!(wrong.parse::<Quantity>().is_err(), "{wrong}");
        }
        for right in ["1", "0.000001", "1000000", "2.50"] {
            assert_eq!(quantity(right).to_string(), right);
        }
        assert!(serde_json::from_str::<Quantity>("2.5").is_err());
    }

    #[test]
    fn half_a_minor_unit_is_rounded_away_from_zero() {
        assert_eq!(amount(quantity("0.5"), 1), Some(1));
        assert_eq!(amount(quantity("0.5"), -1), Some(-1));
        assert_eq!(amount(quantity("2.5"), 1), Some(3));
        assert_eq!(amount(quantity("0.499999"), 1), Some(0));
        assert_eq!(amount(quantity("1.1"), 3), Some(3));
    }

    #[test]
    fn amount_out_of_range_is_reported_at_its_line() {
        let named = |lines: Vec<NewLine>| {
            price(lines).err().and_then(|faults| faults.into_result().err()).map(|error| error.fields[0].field.clone())
        };
        assert_eq!(named(vec![line("1", 1), line("2", LARGEST)]).as_deref(), Some("lineItems[1]"));
        assert_eq!(named(vec![line("1", i64::MIN)]).as_deref(), Some("lineItems[0].unitPrice"));
        assert_eq!(named(vec![line("1", LARGEST), line("1", 1)]).as_deref(), Some("lineItems"));
        assert_eq!(named(vec![line("1", 5), line("1", -6)]).as_deref(), Some("lineItems"));
        assert_eq!(named(vec![]).as_deref(), Some("lineItems"));
        assert!(price(vec![line("1", LARGEST), line("1", 1), line("1", -1)]).is_ok());
    }

    proptest! {
        #[test]
        fn amount_agrees_with_integer_arithmetic(
            millionths in 1..=1_000_000_000_000_i128,
            decimals in 0..=6_u32,
            unit_price in prop_oneof![-LARGEST..=LARGEST, -100_000..=100_000_i64],
        ) {
            let scale = 10_i128.pow(decimals);
            let mantissa = (millionths * scale / 1_000_000).max(1);
            let text = match decimals {
                0 => mantissa.to_string(),
                _ => format!("{}.{:0width$}", mantissa / scale, mantissa % scale, width = decimals as usize),
            };
            let product = mantissa * i128::from(unit_price);
            let magnitude = (product.abs() * 2 + scale) / (2 * scale);
            let expected = i64::try_from(magnitude * product.signum()).ok().filter(|amount| amount.abs() <= LARGEST);
            prop_assert_eq!(amount(quantity(&text), unit_price), expected);
        }
    }
}
