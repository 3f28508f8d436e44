//! MessagePack as Terraform writes it: typed by the schema, unknown as an extension.

use std::collections::BTreeMap;

use rmp::Marker;

use super::{Number, Path, Type, Value};

/// Why bytes are not a value of the type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}: {problem}", if path.is_empty() { "the value" } else { path })]
pub struct DecodeError {
    path: String,
    problem: String,
}

/// Decodes one value of the given type. No bytes at all are null, as an absent field is.
///
/// # Errors
/// Bytes that are cut off, of another shape than the type, or followed by more
/// bytes. Hostile lengths allocate nothing: no element is read without bytes for it.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut reader = Reader { bytes, depth: 0 };
    let value = reader.value(ty, &Path::default())?;
    if !reader.bytes.is_empty() {
        return Err(error(
            &Path::default(),
            format!("{} bytes too many", reader.bytes.len()),
        ));
    }
    Ok(value)
}

/// What [`encode`] could not write as it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Where the value is not of its type. Null was written in its place.
    pub path: Path,
}

/// Encodes a value of the given type.
///
/// This never fails, because the object that it describes exists by now and
/// must not be lost: where value and type disagree it writes null, and says so.
/// Attributes that an object lacks are null; attributes beyond its type are left out.
pub fn encode(value: &Value, ty: &Type) -> (Vec<u8>, Vec<Mismatch>) {
    let mut writer = Writer {
        bytes: Vec::new(),
        mismatches: Vec::new(),
    };
    writer.value(value, ty, &Path::default());
    (writer.bytes, writer.mismatches)
}

/// How deep values may be nested. Schemas and what people write stay far below;
/// a value that brings its own type could go on until the stack ends.
const DEPTH_MAX: usize = 128;

/// How many elements get room before they are read. A length is only a claim:
/// room for all that are claimed could be many times the size of the message.
const ROOM_MAX: usize = 1024;

struct Reader<'a> {
    bytes: &'a [u8],
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, ty: &Type, path: &Path) -> Result<Value, DecodeError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(error(path, "the value is nested too deep".to_owned()));
        }
        let value = self.value_within(ty, path)?;
        self.depth -= 1;
        Ok(value)
    }

    fn value_within(&mut self, ty: &Type, path: &Path) -> Result<Value, DecodeError> {
        let marker = Marker::from_u8(self.take(1, path)?[0]);
        match marker {
            Marker::Null => return Ok(Value::Null),
            // Any extension is an unknown value; what it says beyond that only narrows it.
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16 => {
                let length = match marker {
                    Marker::FixExt1 => 1,
                    Marker::FixExt2 => 2,
                    Marker::FixExt4 => 4,
                    Marker::FixExt8 => 8,
                    _ => 16,
                };
                self.take(length + 1, path)?;
                return Ok(Value::Unknown);
            }
            Marker::Ext8 | Marker::Ext16 | Marker::Ext32 => {
                let length = match marker {
                    Marker::Ext8 => self.length(1, path)?,
                    Marker::Ext16 => self.length(2, path)?,
                    _ => self.length(4, path)?,
                };
                self.take(1, path)?;
                self.take(length, path)?;
                return Ok(Value::Unknown);
            }
            _ => {}
        }
        match ty {
            Type::Bool => match marker {
                Marker::True => Ok(Value::Bool(true)),
                Marker::False => Ok(Value::Bool(false)),
                _ => Err(wrong(path, "a bool", marker)),
            },
            Type::Number => self.number(marker, path).map(Value::Number),
            Type::String => match self.text(marker, path)? {
                Some(text) => Ok(Value::String(text.to_owned())),
                None => Err(wrong(path, "a string", marker)),
            },
            Type::List(element) => Ok(Value::List(self.array(marker, element, path)?)),
            Type::Set(element) => Ok(Value::set(self.array(marker, element, path)?)),
            Type::Tuple(types) => {
                let length = self.array_length(marker, path)?;
                if length != types.len() {
                    let problem =
                        format!("{} elements are expected, but found {length}", types.len());
                    return Err(error(path, problem));
                }
                let elements = types.iter().enumerate();
                let elements = elements.map(|(index, ty)| self.value(ty, &path.join_index(index)));
                elements.collect::<Result<_, _>>().map(Value::List)
            }
            Type::Dynamic => self.dynamic(marker, path),
            Type::Map(element) => {
                let length = self.map_length(marker, path)?;
                let mut entries = BTreeMap::new();
                for _ in 0..length {
                    let key = self.key(path)?;
                    let value = self.value(element, &path.join_key(&key))?;
                    entries.insert(key, value);
                }
                Ok(Value::Map(entries))
            }
            Type::Object(attributes) => {
                let length = self.map_length(marker, path)?;
                let mut entries = BTreeMap::new();
                for _ in 0..length {
                    let name = self.key(path)?;
                    let Some(ty) = attributes.get(&name) else {
                        return Err(error(path, format!("there is no attribute {name:?}")));
                    };
                    let value = self.value(ty, &path.join_attribute(&name))?;
                    entries.insert(name, value);
                }
                // Terraform always sends all. Filling in the others would make of each
                // byte as many values as the type has attributes.
                if let Some(name) = attributes.keys().find(|name| !entries.contains_key(*name)) {
                    return Err(error(path, format!("the attribute {name:?} is missing")));
                }
                Ok(Value::Object(entries))
            }
        }
    }

    fn array(
        &mut self,
        marker: Marker,
        element: &Type,
        path: &Path,
    ) -> Result<Vec<Value>, DecodeError> {
        let length = self.array_length(marker, path)?;
        let mut elements = Vec::with_capacity(length.min(ROOM_MAX));
        for index in 0..length {
            elements.push(self.value(element, &path.join_index(index))?);
        }
        Ok(elements)
    }

    fn array_length(&mut self, marker: Marker, path: &Path) -> Result<usize, DecodeError> {
        match marker {
            Marker::FixArray(length) => Ok(usize::from(length)),
            Marker::Array16 => self.length(2, path),
            Marker::Array32 => self.length(4, path),
            _ => Err(wrong(path, "a list", marker)),
        }
    }

    /// A pair of the type's JSON, as bytes, and a value of that type.
    fn dynamic(&mut self, marker: Marker, path: &Path) -> Result<Value, DecodeError> {
        if self.array_length(marker, path)? != 2 {
            return Err(error(
                path,
                "a pair of a type and a value is expected".to_owned(),
            ));
        }
        let length = match Marker::from_u8(self.take(1, path)?[0]) {
            Marker::Bin8 => self.length(1, path)?,
            Marker::Bin16 => self.length(2, path)?,
            Marker::Bin32 => self.length(4, path)?,
            other => return Err(wrong(path, "a type", other)),
        };
        let json = serde_json::from_slice(self.take(length, path)?).ok();
        let ty = json.as_ref().and_then(Type::from_json);
        let ty = ty.ok_or_else(|| error(path, "the type of the value is not a type".to_owned()))?;
        let value = self.value(&ty, path)?;
        Ok(Value::Dynamic(Box::new(ty), Box::new(value)))
    }

    fn map_length(&mut self, marker: Marker, path: &Path) -> Result<usize, DecodeError> {
        match marker {
            Marker::FixMap(length) => Ok(usize::from(length)),
            Marker::Map16 => self.length(2, path),
            Marker::Map32 => self.length(4, path),
            _ => Err(wrong(path, "a map", marker)),
        }
    }

    fn key(&mut self, path: &Path) -> Result<String, DecodeError> {
        let marker = Marker::from_u8(self.take(1, path)?[0]);
        match self.text(marker, path)? {
            Some(text) => Ok(text.to_owned()),
            None => Err(wrong(path, "a key", marker)),
        }
    }

    fn text(&mut self, marker: Marker, path: &Path) -> Result<Option<&'a str>, DecodeError> {
        let length = match marker {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 => self.length(1, path)?,
            Marker::Str16 => self.length(2, path)?,
            Marker::Str32 => self.length(4, path)?,
            _ => return Ok(None),
        };
        let bytes = self.take(length, path)?;
        std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| error(path, "text that is not UTF-8".to_owned()))
    }

    fn number(&mut self, marker: Marker, path: &Path) -> Result<Number, DecodeError> {
        Ok(match marker {
            Marker::FixPos(number) => Number::from(i64::from(number)),
            Marker::FixNeg(number) => Number::from(i64::from(number)),
            Marker::U8 => Number::from(i64::from(u8::from_be_bytes(self.fixed(path)?))),
            Marker::U16 => Number::from(i64::from(u16::from_be_bytes(self.fixed(path)?))),
            Marker::U32 => Number::from(i64::from(u32::from_be_bytes(self.fixed(path)?))),
            Marker::U64 => Number::from_unsigned(u64::from_be_bytes(self.fixed(path)?)),
            Marker::I8 => Number::from(i64::from(i8::from_be_bytes(self.fixed(path)?))),
            Marker::I16 => Number::from(i64::from(i16::from_be_bytes(self.fixed(path)?))),
            Marker::I32 => Number::from(i64::from(i32::from_be_bytes(self.fixed(path)?))),
            Marker::I64 => Number::from(i64::from_be_bytes(self.fixed(path)?)),
            Marker::F32 => float(f64::from(f32::from_be_bytes(self.fixed(path)?)), path)?,
            Marker::F64 => float(f64::from_be_bytes(self.fixed(path)?), path)?,
            // Numbers that fit neither form are sent as their decimal digits.
            _ => match self.text(marker, path)? {
                Some(digits) => Number::parse(digits)
                    .ok_or_else(|| error(path, format!("{digits:?} is not a number")))?,
                None => return Err(wrong(path, "a number", marker)),
            },
        })
    }

    fn fixed<const N: usize>(&mut self, path: &Path) -> Result<[u8; N], DecodeError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N, path)?);
        Ok(bytes)
    }

    fn length(&mut self, size: usize, path: &Path) -> Result<usize, DecodeError> {
        Ok(self
            .take(size, path)?
            .iter()
            .fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    }

    fn take(&mut self, length: usize, path: &Path) -> Result<&'a [u8], DecodeError> {
        match self.bytes.split_at_checked(length) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(error(path, "the bytes end too early".to_owned())),
        }
    }
}

struct Writer {
    bytes: Vec<u8>,
    mismatches: Vec<Mismatch>,
}

/// Writing into a vector has no way to fail.
const INFALLIBLE: &str = "a vector takes every byte";

impl Writer {
    fn value(&mut self, value: &Value, ty: &Type, path: &Path) {
        match (value, ty) {
            (Value::Null, _) => self.null(),
            // Extension 0 with one byte of no meaning.
            (Value::Unknown, _) => self.bytes.extend_from_slice(&[0xd4, 0x00, 0x00]),
            (Value::Bool(flag), Type::Bool) => {
                rmp::encode::write_bool(&mut self.bytes, *flag).expect(INFALLIBLE);
            }
            (Value::Number(Number::Integer(number)), Type::Number) => {
                rmp::encode::write_sint(&mut self.bytes, *number).expect(INFALLIBLE);
            }
            // Terraform itself writes whole numbers as digits where they are beyond 64 bits. It
            // takes a float, but writes it out again by the fewest digits that name the float,
            // and those are another number.
            (Value::Number(Number::Float(number)), Type::Number) if number.fract() == 0.0 => {
                self.text(&format!("{number:.0}"));
            }
            (Value::Number(Number::Float(number)), Type::Number) => {
                rmp::encode::write_f64(&mut self.bytes, *number).expect(INFALLIBLE);
            }
            (Value::Number(Number::Decimal(digits)), Type::Number) => self.text(digits),
            (Value::String(text), Type::String) => self.text(text),
            (Value::List(elements), Type::List(element))
            | (Value::Set(elements), Type::Set(element)) => {
                rmp::encode::write_array_len(&mut self.bytes, length(elements.len()))
                    .expect(INFALLIBLE);
                for (index, value) in elements.iter().enumerate() {
                    self.value(value, element, &path.join_index(index));
                }
            }
            (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
                rmp::encode::write_array_len(&mut self.bytes, length(elements.len()))
                    .expect(INFALLIBLE);
                for (index, (value, ty)) in elements.iter().zip(types).enumerate() {
                    self.value(value, ty, &path.join_index(index));
                }
            }
            (Value::Dynamic(ty, value), Type::Dynamic) => {
                rmp::encode::write_array_len(&mut self.bytes, 2).expect(INFALLIBLE);
                let json = ty.to_json().to_string();
                rmp::encode::write_bin(&mut self.bytes, json.as_bytes()).expect(INFALLIBLE);
                self.value(value, ty, path);
            }
            (Value::Map(entries), Type::Map(element)) => {
                rmp::encode::write_map_len(&mut self.bytes, length(entries.len()))
                    .expect(INFALLIBLE);
                for (key, value) in entries {
                    self.text(key);
                    self.value(value, element, &path.join_key(key));
                }
            }
            (Value::Object(entries), Type::Object(attributes)) => {
                rmp::encode::write_map_len(&mut self.bytes, length(attributes.len()))
                    .expect(INFALLIBLE);
                for (name, ty) in attributes {
                    self.text(name);
                    let value = entries.get(name).unwrap_or(&Value::Null);
                    self.value(value, ty, &path.join_attribute(name));
                }
            }
            _ => {
                self.mismatches.push(Mismatch { path: path.clone() });
                self.null();
            }
        }
    }

    fn null(&mut self) {
        rmp::encode::write_nil(&mut self.bytes).expect(INFALLIBLE);
    }

    fn text(&mut self, text: &str) {
        rmp::encode::write_str(&mut self.bytes, text).expect(INFALLIBLE);
    }
}

/// Messages end at 256 MiB, so lengths are far from the 32 bits that they are written in.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn float(number: f64, path: &Path) -> Result<Number, DecodeError> {
    Number::from_float(number).ok_or_else(|| error(path, format!("{number} is not a number")))
}

fn wrong(path: &Path, expected: &str, marker: Marker) -> DecodeError {
    error(
        path,
        format!("{expected} is expected, but found {marker:?}"),
    )
}

fn error(path: &Path, problem: String) -> DecodeError {
    DecodeError {
        path: path.to_string(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Type {
        Type::Object(BTreeMap::from([
            ("enabled".to_owned(), Type::Bool),
            ("lun".to_owned(), Type::Number),
            ("name".to_owned(), Type::String),
            ("tags".to_owned(), Type::map(Type::String)),
            ("zones".to_owned(), Type::set(Type::String)),
            (
                "disks".to_owned(),
                Type::list(Type::Object(BTreeMap::from([(
                    "id".to_owned(),
                    Type::String,
                )]))),
            ),
        ]))
    }

    #[test]
    fn every_kind_of_value_comes_back() {
        let value = Value::object([
            ("enabled", Value::Bool(true)),
            ("lun", Value::integer(Some(-3))),
            ("name", "os".into()),
            (
                "tags",
                Value::Map(BTreeMap::from([("a".to_owned(), Value::Unknown)])),
            ),
            ("zones", Value::set(vec!["2".into(), "1".into()])),
            (
                "disks",
                Value::List(vec![Value::object([("id", Value::Null)]), Value::Unknown]),
            ),
        ]);
        let (bytes, mismatches) = encode(&value, &object());
        assert_eq!(mismatches, []);
        assert_eq!(decode(&bytes, &object()).expect("own bytes"), value);
    }

    #[test]
    fn numbers_come_in_three_forms() {
        #[track_caller]
        fn check(bytes: &[u8], expected: Number) {
            assert_eq!(decode(bytes, &Type::Number), Ok(Value::Number(expected)));
        }
        check(&[0x07], Number::Integer(7));
        check(&[0xff], Number::Integer(-1));
        check(&[0xcd, 0x01, 0x00], Number::Integer(256));
        check(&[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0], Number::Float(0.5));
        check(&[0xcb, 0x40, 0x1c, 0, 0, 0, 0, 0, 0], Number::Integer(7));
        check(
            b"\xb418446744073709551616",
            Number::Float(18_446_744_073_709_551_616.0),
        );
        check(b"\xa30.1", Number::Decimal("0.1".to_owned()));
        check(
            &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            Number::from_unsigned(u64::MAX),
        );
    }

    #[test]
    fn numbers_are_written_as_terraform_writes_them() {
        #[track_caller]
        fn check(digits: &str, expected: &[u8]) {
            let number = Value::Number(Number::parse(digits).expect("digits"));
            assert_eq!(encode(&number, &Type::Number).0, expected, "{digits}");
        }
        check("7", &[0x07]);
        check("0.5", &[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]);
        check("0.1", b"\xa30.1");
        check("9223372036854775808", b"\xb39223372036854775808");
        check("1e22", b"\xb710000000000000000000000");
    }

    #[test]
    fn any_extension_is_unknown() {
        for bytes in [
            &[0xd4, 0x00, 0x00][..],
            &[0xc7, 0x03, 0x0c, 0x81, 0x01, 0xc2][..],
            &[0xd5, 0x7f, 1, 2][..],
        ] {
            assert_eq!(decode(bytes, &Type::String), Ok(Value::Unknown));
        }
    }

    #[test]
    fn no_bytes_are_null() {
        assert_eq!(decode(&[], &object()), Ok(Value::Null));
    }

    #[test]
    fn hostile_bytes_are_an_error() {
        #[track_caller]
        fn check(bytes: &[u8], ty: &Type, text: &str) {
            let error = decode(bytes, ty).expect_err("hostile").to_string();
            assert!(error.contains(text), "{error}");
        }
        check(
            &[0xdd, 0xff, 0xff, 0xff, 0xff],
            &Type::list(Type::String),
            "end too early",
        );
        check(
            &[0xdb, 0xff, 0xff, 0xff, 0xff],
            &Type::String,
            "end too early",
        );
        check(&[0xc0, 0xc0], &Type::String, "1 bytes too many");
        check(&[0xa1, 0xff], &Type::String, "UTF-8");
        check(&[0xc3], &Type::String, "a string is expected");
        check(&[0x81, 0xa1, b'x', 0xc0], &object(), "no attribute \"x\"");
        check(&[0x80], &object(), "is missing");
        check(&[0xc1], &Type::Number, "a number is expected");
        check(&[0xa3, b'i', b'n', b'f'], &Type::Number, "not a number");
    }

    #[test]
    fn a_value_of_another_type_is_written_as_null_and_named() {
        let (bytes, mismatches) = encode(&Value::object([("name", Value::Bool(true))]), &object());
        assert_eq!(
            mismatches,
            [Mismatch {
                path: Path::attribute("name")
            }]
        );
        assert_eq!(
            decode(&bytes, &object()).expect("valid").get("name"),
            &Value::Null
        );
    }

    #[test]
    fn values_of_open_type_bring_their_own() {
        let ty = Type::Tuple(vec![Type::Bool, Type::list(Type::String)]);
        let pair = Value::List(vec![
            true.into(),
            Value::List(vec!["a".into(), Value::Unknown]),
        ]);
        let value = Value::Dynamic(Box::new(ty), Box::new(pair));
        let (bytes, mismatches) = encode(&value, &Type::Dynamic);
        assert_eq!(mismatches, []);
        assert_eq!(decode(&bytes, &Type::Dynamic), Ok(value));
        for known in [Value::Null, Value::Unknown] {
            let (bytes, _) = encode(&known, &Type::Dynamic);
            assert_eq!(decode(&bytes, &Type::Dynamic), Ok(known));
        }
    }

    #[test]
    fn hostile_types_are_an_error() {
        #[track_caller]
        fn check(bytes: &[u8], ty: &Type, text: &str) {
            let error = decode(bytes, ty).expect_err("hostile").to_string();
            assert!(error.contains(text), "{error}");
        }
        check(b"\x92\xc4\x03\"x\"\xc0", &Type::Dynamic, "not a type");
        let deep = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
        check(&deep, &Type::Dynamic, "nested too deep");
        check(
            &[0x91, 0xc0],
            &Type::Tuple(vec![Type::Bool, Type::Bool]),
            "2 elements are expected",
        );
    }
}
