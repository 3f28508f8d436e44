//! One page: finds the places in it, and has them written.

use std::fs;
use std::path::Path;

use super::{Result, Subject, render};

const BEGIN: &str = "<!-- generated: ";
const END: &str = "<!-- end -->";

/// What the registry reads at the top of a page.
const FRONT_MATTER: [&str; 3] = ["page_title: ", "subcategory: ", "description: "];

/// The page with all its places written anew.
pub(super) fn written(root: &Path, text: &str, subject: &Subject) -> Result<String> {
    check_front_matter(text)?;
    let mut page = String::new();
    let mut missing = expected(subject);
    let mut rest = text;
    while let Some((before, from)) = rest.split_once(BEGIN) {
        let (what, from) = from.split_once(" -->\n").ok_or("a comment has no end")?;
        let (_, after) = from
            .split_once(END)
            .ok_or_else(|| format!("{what:?} has no {END}"))?;
        let content = match what.split_once(' ') {
            Some(("example", path)) => example(root, path)?,
            _ => section(what, subject)?,
        };
        missing.retain(|expected| *expected != what);
        page.push_str(&format!("{before}{BEGIN}{what} -->\n{content}{END}"));
        rest = after;
    }
    page.push_str(rest);
    match missing.as_slice() {
        [] => Ok(page),
        missing => Err(format!("there is no place for {}", missing.join(" and ")).into()),
    }
}

fn check_front_matter(text: &str) -> Result<()> {
    let front = text
        .strip_prefix("---\n")
        .and_then(|text| text.split_once("\n---\n"));
    let (front, _) = front.ok_or("it does not begin with front matter")?;
    for key in FRONT_MATTER {
        if !front.contains(key) {
            return Err(format!("the front matter has no {key:?}").into());
        }
    }
    Ok(())
}

/// The places that a page must have, so that it shows all there is.
fn expected(subject: &Subject) -> Vec<&'static str> {
    match subject {
        Subject::Function(..) => vec!["signature"],
        Subject::Block(block) => {
            let mut places = Vec::new();
            let has = |text: String| !text.is_empty();
            if has(render::arguments(block)) {
                places.push("arguments");
            }
            if has(render::attributes(block)) {
                places.push("attributes");
            }
            if has(render::timeouts(block)) {
                places.push("timeouts");
            }
            places
        }
    }
}

fn section(what: &str, subject: &Subject) -> Result<String> {
    Ok(match (what, subject) {
        ("arguments", Subject::Block(block)) => render::arguments(block),
        ("attributes", Subject::Block(block)) => render::attributes(block),
        ("timeouts", Subject::Block(block)) => render::timeouts(block),
        ("signature", Subject::Function(name, signature)) => render::signature(name, signature),
        _ => return Err(format!("there is nothing called {what:?} here").into()),
    })
}

fn example(root: &Path, path: &str) -> Result<String> {
    let text = fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
    let language = if path.ends_with(".sh") {
        "shell"
    } else {
        "hcl"
    };
    Ok(format!("```{language}\n{}\n```\n", text.trim_end()))
}
