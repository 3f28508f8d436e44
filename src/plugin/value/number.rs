//! Numbers as Terraform has them: of any size, written in several ways on the wire.

use std::cmp::Ordering;

/// A number in its one canonical form, so that equal numbers compare equal
/// however they were written: a whole number that fits 64 bits, else the float
/// that is exactly it, else the decimal digits as text.
#[derive(Clone, Debug)]
pub enum Number {
    /// A whole number.
    Integer(i64),
    /// A number that a float holds exactly. Never one that [`Number::Integer`] could hold.
    Float(f64),
    /// Any other number, in decimal digits.
    Decimal(String),
}

/// The first whole number beyond 64 bits, and the last one the other way.
const INTEGER_END: f64 = 9_223_372_036_854_775_808.0;

/// Digits are written out up to this exponent, far beyond what a float can
/// have; beyond it they would be a way to make us write gigabytes of zeros.
const EXPONENT_MAX: i64 = 1_200;

impl Number {
    /// A float, in canonical form. None for infinities and for what is no number.
    pub fn from_float(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        if number.fract() == 0.0 && (-INTEGER_END..INTEGER_END).contains(&number) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a whole number within the range just checked"
            )]
            return Some(Self::Integer(number as i64));
        }
        Some(Self::Float(number))
    }

    /// An unsigned number, in canonical form.
    pub fn from_unsigned(number: u64) -> Self {
        i64::try_from(number).map_or_else(
            |_| Self::parse(&number.to_string()).expect("the digits of a number are a number"),
            Self::Integer,
        )
    }

    /// Parses decimal digits, with sign, fraction and exponent as JSON has them.
    ///
    /// Terraform counts in decimal digits: 0.1 is no float to it, and a float in
    /// its place is another number. So only what a float holds exactly becomes one.
    pub fn parse(digits: &str) -> Option<Self> {
        if let Ok(number) = digits.parse::<i64>() {
            return Some(Self::Integer(number));
        }
        let text = Digits::parse(digits)?.text();
        if let Ok(number) = text.parse::<i64>() {
            return Some(Self::Integer(number));
        }
        match text.parse::<f64>() {
            Ok(float) if is_exactly(float, &text) => Some(Self::Float(float)),
            _ => Some(Self::Decimal(text)),
        }
    }

    /// The number as a whole number of 64 bits, where it is one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Float(_) | Self::Decimal(_) => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Integer(_) => 0,
            Self::Float(_) => 1,
            Self::Decimal(_) => 2,
        }
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl Ord for Number {
    /// A total order that sets can be sorted by; by size within one form only.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => one.cmp(two),
            (Self::Float(one), Self::Float(two)) => one.total_cmp(two),
            (Self::Decimal(one), Self::Decimal(two)) => one.cmp(two),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

/// Whether a float is that number: its own digits, all of them, are the same.
fn is_exactly(float: f64, text: &str) -> bool {
    let fraction = text
        .split_once('.')
        .map_or(0, |(_, fraction)| fraction.len());
    // Binary digits after the point are as many as decimal ones, so one more would show.
    float.is_finite()
        && !text.contains('e')
        && fraction <= EXPONENT_MAX.unsigned_abs() as usize
        && format!("{float:.fraction$}") == text
        && (fraction == 0 || fraction_digits(float) == fraction)
}

/// How many digits the fraction of a float has, without zeros at its end.
fn fraction_digits(float: f64) -> usize {
    let (mut scaled, mut digits) = (float.abs().fract(), 0);
    // Doubling a fraction drops its first binary digit, and loses nothing.
    while scaled != 0.0 {
        scaled = (scaled * 2.0).fract();
        digits += 1;
    }
    digits
}

/// A decimal number as its significant digits, without zeros at either end, and
/// the power of ten that they stand at.
struct Digits {
    is_negative: bool,
    significant: String,
    exponent: i64,
}

impl Digits {
    fn parse(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let ended = digits.trim_end_matches('0');
        let cut = i64::try_from(digits.len() - ended.len()).ok()?;
        let fraction = i64::try_from(fraction.len()).ok()?;
        let exponent = i64::checked_sub(exponent, fraction)?.checked_add(cut)?;
        let significant = ended.trim_start_matches('0').to_owned();
        let is_zero = significant.is_empty();
        Some(Self {
            is_negative: is_negative && !is_zero,
            significant,
            exponent: if is_zero { 0 } else { exponent },
        })
    }

    /// The one way to write this number: without exponent, unless that were endless.
    fn text(&self) -> String {
        let sign = if self.is_negative { "-" } else { "" };
        let digits = &self.significant;
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(usize::MAX);
        if digits.is_empty() {
            "0".to_owned()
        } else if self.exponent.abs() > EXPONENT_MAX && places > digits.len() {
            format!("{sign}{digits}e{}", self.exponent)
        } else if self.exponent >= 0 {
            format!("{sign}{digits}{}", "0".repeat(places))
        } else if digits.len() > places {
            let (whole, fraction) = digits.split_at(digits.len() - places);
            format!("{sign}{whole}.{fraction}")
        } else {
            let zeros = "0".repeat(places - digits.len());
            format!("{sign}0.{zeros}{digits}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_equal_however_they_were_written() {
        assert_eq!(Number::from_float(7.0), Some(Number::Integer(7)));
        assert_eq!(Number::parse("7"), Some(Number::Integer(7)));
        assert_eq!(Number::parse("7.0"), Some(Number::Integer(7)));
        assert_eq!(Number::parse("0.5"), Number::from_float(0.5));
        assert_eq!(
            Number::from_unsigned(u64::MAX),
            Number::parse("18446744073709551615").expect("digits")
        );
    }

    #[test]
    fn a_number_has_one_form() {
        #[track_caller]
        fn check(text: &str, expected: Number) {
            assert_eq!(Number::parse(text), Some(expected), "{text}");
        }
        let decimal = |digits: &str| Number::Decimal(digits.to_owned());
        check("0.5", Number::Float(0.5));
        check("-0.375", Number::Float(-0.375));
        check("5e-1", Number::Float(0.5));
        check("-0.0", Number::Integer(0));
        check("1e3", Number::Integer(1000));
        check("+7", Number::Integer(7));
        check("9007199254740993", Number::Integer(9_007_199_254_740_993));
        check(
            "18446744073709551616",
            Number::Float(18_446_744_073_709_551_616.0),
        );
        check("18446744073709551617", decimal("18446744073709551617"));
        // No float is a tenth, and Terraform would find another number in our answer.
        check("0.1", decimal("0.1"));
        check("00.10", decimal("0.1"));
        check("1e-1", decimal("0.1"));
        check("0.15", decimal("0.15"));
        check("1e1000000000", decimal("1e1000000000"));
        check("10e999999999", decimal("1e1000000000"));
        assert_eq!(
            Number::from_float(9_300_000_000_000_000.0),
            Some(Number::Integer(9_300_000_000_000_000))
        );
        assert_eq!(
            Number::from_float(0.1).map(|number| number == decimal("0.1")),
            Some(false)
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", "inf", "NaN", "0x10", "1 2", "-", ".", "1e", "1.2.3", "--1", "é",
        ] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert_eq!(Number::from_float(f64::NAN), None);
        assert_eq!(Number::from_float(f64::INFINITY), None);
    }
}
