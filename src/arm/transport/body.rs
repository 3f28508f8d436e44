//! Reads the body of an answer, up to a limit.

use crate::arm::error::{ConnectionError, ConnectionKind};

/// Why a body is not whole.
#[derive(Debug)]
pub(crate) enum Problem {
    /// It is larger than this many bytes.
    TooLarge(usize),
    /// The connection broke, or what came is not what the headers announced.
    Broken(reqwest::Error),
}

impl Problem {
    pub(crate) fn into_connection_error(self, host: &str) -> ConnectionError {
        match self {
            Self::Broken(error) => ConnectionError::from_reqwest(host, error),
            Self::TooLarge(limit) => ConnectionError {
                host: host.to_owned(),
                kind: ConnectionKind::Interrupted,
                cause: format!("the answer is larger than {limit} bytes"),
            },
        }
    }
}

/// Reads a body of at most `limit` bytes, counted after decompression.
pub(crate) async fn read(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(Problem::Broken)? {
        append(&mut body, &chunk, limit)?;
    }
    Ok(body)
}

fn append(body: &mut Vec<u8>, chunk: &[u8], limit: usize) -> Result<(), Problem> {
    if body.len() + chunk.len() > limit {
        return Err(Problem::TooLarge(limit));
    }
    body.extend_from_slice(chunk);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_grows_up_to_its_limit() {
        let mut body = Vec::new();
        append(&mut body, b"123", 5).unwrap();
        append(&mut body, b"45", 5).unwrap();
        assert_eq!(body, b"12345");
        let problem = append(&mut body, b"6", 5).unwrap_err();
        let error = problem.into_connection_error("arm.example").to_string();
        assert!(error.contains("larger than 5 bytes"), "{error}");
    }
}
