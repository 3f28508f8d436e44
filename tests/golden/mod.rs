//! Texts that a person reads, kept as files and compared letter by letter.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes them anew. The difference is then reviewed as prose.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// A folder of texts. One test owns it and produces everything in it: a file that no test
/// produces is a mistake, too. Dropping this tells what differs.
pub(crate) struct Golden {
    folder: PathBuf,
    checked: BTreeSet<String>,
    differences: Vec<String>,
}

impl Golden {
    /// The folder of this name, beside this file.
    pub(crate) fn folder(name: &str) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        Self {
            folder: root.join("tests/golden").join(name),
            checked: BTreeSet::new(),
            differences: Vec::new(),
        }
    }

    /// Compares a text with its file, or writes the file.
    pub(crate) fn check(&mut self, name: &str, text: &str) {
        let file = format!("{name}.txt");
        let text = format!("{}\n", normalised(text).trim_end());
        let path = self.folder.join(&file);
        assert!(
            self.checked.insert(file),
            "{name}: two texts of the same name"
        );
        if is_update() {
            fs::create_dir_all(&self.folder).expect("a folder");
            fs::write(&path, text).expect("a file");
            return;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if text != expected {
            self.differences.push(format!(
                "{}\n--- expected\n{expected}--- found\n{text}",
                path.display()
            ));
        }
    }

    fn remove_or_report_others(&mut self) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten() {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.checked.contains(&name) {
                continue;
            }
            if is_update() {
                fs::remove_file(entry.path()).expect("a file that can go");
            } else {
                let path = entry.path();
                self.differences
                    .push(format!("{}: no test produces it", path.display()));
            }
        }
    }
}

impl Drop for Golden {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        self.remove_or_report_others();
        assert!(
            self.differences.is_empty(),
            "texts differ; UPDATE_GOLDEN=1 writes them anew\n{}",
            self.differences.join("\n")
        );
    }
}

fn is_update() -> bool {
    std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1")
}

/// The text without what differs from run to run: GUIDs, times, ports.
fn normalised(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = replaced(line, GUID, |c| c.is_ascii_hexdigit());
        let digit = |c: char| c.is_ascii_digit();
        let line = replaced(&line, "0000-00-00 00:00 UTC", digit);
        let line = replaced(&line, "00:00:00 UTC", digit);
        let line = replaced(&line, "00:00 UTC", digit);
        without_port(&line).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

const GUID: &str = "00000000-0000-0000-0000-000000000000";

/// Every part that has the pattern's form, with any of these characters in the place of its zeros.
fn replaced(line: &str, pattern: &str, is_wild: impl Fn(char) -> bool) -> String {
    let chars: Vec<char> = line.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let fits = |at: usize| {
        let part = chars.get(at..at + pattern.len());
        part.is_some_and(|part| {
            let pairs = part.iter().zip(&pattern);
            pairs
                .into_iter()
                .all(|(c, p)| if *p == '0' { is_wild(*c) } else { c == p })
        })
    };
    let mut text = String::new();
    let mut at = 0;
    while at < chars.len() {
        if fits(at) {
            text.extend(&pattern);
            at += pattern.len();
        } else {
            text.push(chars[at]);
            at += 1;
        }
    }
    text
}

fn without_port(line: &str) -> String {
    let mut parts = line.split("127.0.0.1:");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        text.push_str("127.0.0.1:PORT");
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::normalised;

    #[test]
    fn only_what_differs_from_run_to_run_is_replaced() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(normalised(text), expected);
        }
        check(
            "id: 5a1b2c3d-0000-4000-8000-1234567890ab.",
            "id: 00000000-0000-0000-0000-000000000000.",
        );
        check("until 14:20 UTC, or", "until 00:00 UTC, or");
        check("at 14:20:07 UTC", "at 00:00:00 UTC");
        check("at 2026-11-25 14:20 UTC", "at 0000-00-00 00:00 UTC");
        check(
            "https://127.0.0.1:40123/x and 127.0.0.1:1",
            "https://127.0.0.1:PORT/x and 127.0.0.1:PORT",
        );
        check("3 copies in 24h0m0s, 62 %  ", "3 copies in 24h0m0s, 62 %");
    }
}
