//! Numbers as Terraform has them: of any size, written in several ways on the wire.

use std::cmp::Ordering;

/// A number in its one canonical form, so that equal numbers compare equal
/// however they were written: a whole number that fits 64 bits, else a float
/// that holds it exactly as sent, else the decimal digits as text.
#[derive(Clone, Debug)]
pub enum Number {
    /// A whole number.
    Integer(i64),
    /// A number with a fraction. Never a whole number that [`Number::Integer`] could hold.
    Float(f64),
    /// A number beyond both, in decimal digits.
    Decimal(String),
}

/// The largest whole number below which every whole number has a float of its own.
const FLOAT_EXACT_MAX: f64 = 9_007_199_254_740_992.0;

impl Number {
    /// A float, in canonical form. None for infinities and for what is no number.
    pub fn from_float(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        if number.fract() == 0.0 && number.abs() <= FLOAT_EXACT_MAX {
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
        i64::try_from(number).map_or_else(|_| Self::Decimal(number.to_string()), Self::Integer)
    }

    /// Parses decimal digits, with sign, fraction and exponent as JSON has them.
    pub fn parse(digits: &str) -> Option<Self> {
        if let Ok(number) = digits.parse::<i64>() {
            return Some(Self::Integer(number));
        }
        // Text such as "inf" parses as a float, too, but is no number to Terraform.
        let plausible = !digits.is_empty()
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let number = plausible.then(|| digits.parse::<f64>().ok()).flatten()?;
        // Few digits lose nothing in a float; more are kept as they are.
        let significant = digits.bytes().filter(u8::is_ascii_digit).count();
        if significant <= 15 && number.is_finite() {
            return Self::from_float(number);
        }
        Some(Self::Decimal(digits.to_owned()))
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
    fn what_is_no_number_is_refused() {
        for text in ["", "inf", "NaN", "0x10", "1 2", "-"] {
            assert_eq!(Number::parse(text), None, "{text:?}");
        }
        assert_eq!(Number::from_float(f64::NAN), None);
        assert_eq!(Number::from_float(f64::INFINITY), None);
    }
}
