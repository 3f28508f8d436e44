//! Keeps the signatures of shared access out of what is told about a refusal.

/// What stands before a signature in a URL.
const SIGNATURE: &[u8] = b"sig=";

/// A body with every signature of a shared access signature (SAS) taken out of it: whoever has
/// such a URL can read the disk.
pub(crate) fn without_signatures(body: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = find(rest) {
        let (before, signature) = rest.split_at(at + SIGNATURE.len());
        clean.extend_from_slice(before);
        clean.extend_from_slice(b"(secret)");
        let ends = signature.iter().position(|byte| !is_part(*byte));
        rest = &signature[ends.unwrap_or(signature.len())..];
    }
    clean.extend_from_slice(rest);
    clean
}

fn find(body: &[u8]) -> Option<usize> {
    body.windows(SIGNATURE.len())
        .position(|window| window.eq_ignore_ascii_case(SIGNATURE))
}

/// Base64, escaped for a URL or not.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'%' | b'+' | b'/' | b'=' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_taken_out_and_nothing_else() {
        #[track_caller]
        fn check(body: &str, expected: &str) {
            let clean = without_signatures(body.as_bytes());
            assert_eq!(String::from_utf8(clean).unwrap(), expected);
        }
        check("", "");
        check(r#"{"error":{"code":"A"}}"#, r#"{"error":{"code":"A"}}"#);
        check(
            r#"{"m":"https://md.blob/x?sv=1&sig=aB%2F+/9=&se=2"}"#,
            r#"{"m":"https://md.blob/x?sv=1&sig=(secret)&se=2"}"#,
        );
        check(
            r#"?SIG=a\u0026b sig=c"#,
            r#"?SIG=(secret)\u0026b sig=(secret)"#,
        );
        check("sig=", "sig=(secret)");
    }
}
