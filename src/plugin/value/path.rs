//! Ways into a value.

use std::fmt;

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into an attribute or block of an object.
    Attribute(String),
    /// Into a map, by key.
    Key(String),
    /// Into a list, by position from zero.
    Index(i64),
}

/// The way from the root of an object to one of its values.
///
/// Terraform uses it to show the line of configuration that a diagnostic is
/// about. Elements of sets have no path of their own: name the set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

impl Path {
    /// The path of an attribute or block at the root.
    pub fn attribute(name: &str) -> Self {
        Self::default().join_attribute(name)
    }

    /// This path and one step further, into an attribute or block.
    #[must_use]
    pub fn join_attribute(&self, name: &str) -> Self {
        self.join(Step::Attribute(name.to_owned()))
    }

    /// This path and one step further, into a map.
    #[must_use]
    pub fn join_key(&self, key: &str) -> Self {
        self.join(Step::Key(key.to_owned()))
    }

    /// This path and one step further, into a list.
    #[must_use]
    pub fn join_index(&self, index: usize) -> Self {
        self.join(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    fn join(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if position == 0 => write!(formatter, "{name}")?,
                Step::Attribute(name) => write!(formatter, ".{name}")?,
                Step::Key(key) => write!(formatter, "[{key:?}]")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_like_terraform_writes_it() {
        let path = Path::attribute("data_disks")
            .join_index(1)
            .join_attribute("name");
        assert_eq!(path.to_string(), "data_disks[1].name");
        assert_eq!(
            Path::attribute("tags").join_key("a b").to_string(),
            "tags[\"a b\"]"
        );
    }
}
