//! What the provider block says of tags: those that all resources get, and those that are left alone.

use std::collections::BTreeMap;

use crate::plugin::schema::{Attribute, Nesting};
use crate::plugin::value::{Type, Value};

/// Tags by name, as Azure has them. No two names differ in case only.
pub(crate) type Tags = BTreeMap<String, String>;

/// The provider's `default_tags` and `ignore_tags`.
///
/// A tag that is ignored is neither reported nor changed nor removed. Where a resource names it
/// all the same, a create gives it its first value.
#[derive(Clone, Debug, Default)]
pub(crate) struct TagPolicy {
    /// `None` where an apply has still to make them known.
    defaults: Option<Tags>,
    /// `None` as above; then there is no client either.
    ignored: Option<Ignored>,
}

/// Names and beginnings of names, in lower case.
#[derive(Clone, Debug, Default)]
struct Ignored {
    keys: Vec<String>,
    prefixes: Vec<String>,
}

/// The arguments of the provider block.
pub(crate) fn arguments() -> Vec<Attribute> {
    let names = |name, description: &str| {
        Attribute::optional(name, Type::set(Type::String)).description(description)
    };
    let ignored = vec![
        names("keys", "The names of tags."),
        names("key_prefixes", "What the names of tags begin with."),
    ];
    vec![
        Attribute::optional("default_tags", Type::map(Type::String)).description(
            "Tags that every restore point collection gets, besides its own `tags`. Where both have a tag of one \
             name, in whatever case, the resource's is taken. Restore points have no tags in Azure.",
        ),
        Attribute::optional_nested("ignore_tags", Nesting::Single, ignored).description(
            "Tags that somebody else looks after, such as Azure Policy: they are not reported, not changed and not \
             removed. The case of names does not matter. A resource that names such a tag all the same is created \
             with it.",
        ),
    ]
}

impl TagPolicy {
    /// What a provider block says, as far as it is known.
    pub(crate) fn of(config: &Value) -> Self {
        let defaults = config.get("default_tags");
        let ignored = config.get("ignore_tags");
        let names = |argument| -> Vec<String> {
            let names = ignored.get(argument).elements().iter();
            names.filter_map(Value::as_str).map(lower).collect()
        };
        Self {
            defaults: defaults.is_wholly_known().then(|| of_value(defaults)),
            ignored: ignored.is_wholly_known().then(|| Ignored {
                keys: names("keys"),
                prefixes: names("key_prefixes"),
            }),
        }
    }

    /// Every tag that a resource with these `tags` is given in a create.
    pub(crate) fn given(&self, tags: &Value) -> Tags {
        let mut all = of_value(tags);
        for (name, value) in self.defaults.iter().flatten() {
            if spelling(&all, name).is_none() {
                all.insert(name.clone(), value.clone());
            }
        }
        all
    }

    /// The `tags_all` of a resource with these `tags`: those that it is given and that are not
    /// ignored. Unknown where one of them is, or whether there is one.
    pub(crate) fn all(&self, tags: &Value) -> Value {
        if !tags.is_wholly_known() || self.defaults.is_none() || self.ignored.is_none() {
            return Value::Unknown;
        }
        to_value(self.without_ignored(&self.given(tags)))
    }

    /// The tags that are not ignored.
    pub(crate) fn without_ignored(&self, tags: &Tags) -> Tags {
        let kept = tags.iter().filter(|(name, _)| !self.is_ignored(name));
        kept.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn is_ignored(&self, name: &str) -> bool {
        let name = lower(name);
        self.ignored.as_ref().is_some_and(|ignored| {
            ignored.keys.contains(&name)
                || ignored
                    .prefixes
                    .iter()
                    .any(|prefix| name.starts_with(prefix))
        })
    }

    /// Whether the first `tags` say what the other ones say, apart from what is ignored.
    pub(crate) fn is_same(&self, one: &Value, other: &Value) -> bool {
        let relevant = |tags| lowered(&self.without_ignored(&of_value(tags)));
        relevant(one) == relevant(other)
    }

    /// The `tags` and `tags_all` of a resource with this state, as Azure has them now. Names keep
    /// the spelling of the state.
    ///
    /// What only the provider block gives stays out of `tags`, even where it has changed since; in
    /// the state of an import this is all that equals a default.
    pub(crate) fn found(&self, state: &Value, found: &Tags) -> (Value, Value) {
        let own = of_value(state.get("tags"));
        let known = of_value(state.get("tags_all"));
        let no_defaults = Tags::new();
        let defaults = self.defaults.as_ref().unwrap_or(&no_defaults);
        let (mut tags, mut all) = (Tags::new(), Tags::new());
        for (name, value) in self.without_ignored(found) {
            let in_own = spelling(&own, &name);
            let in_known = spelling(&known, &name);
            let in_defaults = spelling(defaults, &name);
            let is_default = in_defaults.is_some_and(|default| defaults[default] == value);
            if in_own.is_some() || (in_known.is_none() && !is_default) {
                tags.insert(in_own.unwrap_or(&name).to_owned(), value.clone());
            }
            let spelt = in_known.or(in_own).or(in_defaults).unwrap_or(&name);
            all.insert(spelt.to_owned(), value);
        }
        // Null would be a change where all that is written is ignored.
        let is_null = tags.is_empty() && self.without_ignored(&own).len() == own.len();
        let tags = if is_null { Value::Null } else { to_value(tags) };
        (tags, to_value(all))
    }

    /// The map that an update puts in the place of Azure's: the planned tags, and those of Azure
    /// that are ignored, or that the plan has not seen in this prior state.
    pub(crate) fn updated(&self, prior_state: &Value, planned: &Value, found: &Tags) -> Tags {
        let mut tags = of_value(planned);
        let seen = ["tags", "tags_all"].map(|name| of_value(prior_state.get(name)));
        for (name, value) in found {
            let is_seen = seen.iter().any(|seen| spelling(seen, name).is_some());
            let is_kept = self.is_ignored(name) || !is_seen;
            if is_kept && spelling(&tags, name).is_none() {
                tags.insert(name.clone(), value.clone());
            }
        }
        tags
    }
}

/// The tags of a value; none where it is null or unknown.
fn of_value(tags: &Value) -> Tags {
    let entries = tags.entries().into_iter().flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn to_value(tags: Tags) -> Value {
    let entries = tags.into_iter();
    Value::Map(entries.map(|(name, value)| (name, value.into())).collect())
}

/// How these tags spell the name.
fn spelling<'a>(tags: &'a Tags, name: &str) -> Option<&'a str> {
    let lower_name = lower(name);
    let spellings = tags.keys().map(String::as_str);
    spellings.into_iter().find(|key| lower(key) == lower_name)
}

/// The tags with the case of their names taken away, to compare them.
pub(crate) fn lowered(tags: &Tags) -> Tags {
    let tags = tags.iter();
    tags.map(|(name, value)| (lower(name), value.clone()))
        .collect()
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Tags {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn value(pairs: &[(&str, &str)]) -> Value {
        to_value(map(pairs))
    }

    fn policy(defaults: &[(&str, &str)], keys: &[&str], prefixes: &[&str]) -> TagPolicy {
        let set = |names: &[&str]| Value::set(names.iter().map(|name| (*name).into()).collect());
        TagPolicy::of(&Value::object([
            ("default_tags", value(defaults)),
            (
                "ignore_tags",
                Value::object([("keys", set(keys)), ("key_prefixes", set(prefixes))]),
            ),
        ]))
    }

    fn state(tags: Value, tags_all: Value) -> Value {
        Value::object([("tags", tags), ("tags_all", tags_all)])
    }

    #[test]
    fn the_tag_of_the_resource_wins_in_its_spelling() {
        let policy = policy(&[("owner", "platform"), ("team", "dr")], &[], &[]);
        let expected = value(&[("Owner", "web"), ("team", "dr")]);
        assert_eq!(policy.all(&value(&[("Owner", "web")])), expected);
        assert_eq!(
            policy.all(&Value::Null),
            value(&[("owner", "platform"), ("team", "dr")])
        );
    }

    #[test]
    fn what_is_not_known_makes_all_tags_unknown() {
        let unknown = TagPolicy::of(&Value::object([("default_tags", Value::Unknown)]));
        assert_eq!(unknown.all(&Value::Null), Value::Unknown);
        let unknown = TagPolicy::of(&Value::object([("ignore_tags", Value::Unknown)]));
        assert_eq!(unknown.all(&Value::Null), Value::Unknown);
        let partly = Value::Map([("a".to_owned(), Value::Unknown)].into_iter().collect());
        assert_eq!(policy(&[], &[], &[]).all(&partly), Value::Unknown);
        assert_eq!(policy(&[], &[], &[]).all(&Value::Null), value(&[]));
    }

    #[test]
    fn what_is_ignored_is_given_once_and_then_left_alone() {
        let policy = policy(&[("hidden-title", "dr")], &["Policy"], &["HIDDEN-"]);
        let tags = value(&[("policy", "mine"), ("a", "1")]);
        assert_eq!(policy.all(&tags), value(&[("a", "1")]));
        let given = map(&[("policy", "mine"), ("a", "1"), ("hidden-title", "dr")]);
        assert_eq!(policy.given(&tags), given);
        let found = map(&[("POLICY", "theirs"), ("a", "1"), ("Hidden-x", "y")]);
        let (found_tags, found_all) = policy.found(&state(tags.clone(), Value::Null), &found);
        assert_eq!(found_tags, value(&[("a", "1")]));
        assert_eq!(found_all, value(&[("a", "1")]));
        assert!(policy.is_same(&found_tags, &tags));
        assert!(!policy.is_same(&found_tags, &Value::Null));
    }

    /// One case of [`TagPolicy::found`]: the state, what Azure has, and the `tags` and `tags_all` of it.
    #[track_caller]
    fn check_found(
        policy: &TagPolicy,
        tags_before: Value,
        all_before: Value,
        found: &[(&str, &str)],
        tags: Value,
        all: Value,
    ) {
        let before = state(tags_before, all_before);
        assert_eq!(policy.found(&before, &map(found)), (tags, all));
    }

    #[test]
    fn what_azure_has_is_the_resource_s_or_the_provider_s() {
        let policy = policy(&[("team", "dr")], &[], &[]);
        let team = || value(&[("team", "dr")]);
        let null = || Value::Null;
        // An import: what equals a default comes from there.
        let found = [("a", "1"), ("Team", "dr")];
        let all = value(&[("a", "1"), ("team", "dr")]);
        check_found(&policy, null(), null(), &found, value(&[("a", "1")]), all);
        let found = [("team", "other")];
        check_found(
            &policy,
            null(),
            null(),
            &found,
            value(&found),
            value(&found),
        );
        // A default that has changed, here or in Azure, is none of the resource's own.
        check_found(&policy, null(), team(), &found, null(), value(&found));
        // Written in both places.
        check_found(&policy, team(), team(), &[("team", "dr")], team(), team());
        // Somebody else's.
        let found = [("team", "dr"), ("x", "y")];
        let (tags, all) = (value(&[("x", "y")]), value(&found));
        check_found(&policy, null(), team(), &found, tags, all);
        // A tag that is gone.
        check_found(
            &policy,
            value(&[("a", "1")]),
            team(),
            &[],
            null(),
            value(&[]),
        );
    }

    #[test]
    fn names_keep_the_spelling_of_the_state() {
        let policy = policy(&[], &[], &[]);
        let written = || value(&[("Owner", "web")]);
        let expected = || value(&[("Owner", "db")]);
        let found = [("OWNER", "db")];
        check_found(
            &policy,
            written(),
            written(),
            &found,
            expected(),
            expected(),
        );
        check_found(
            &policy,
            written(),
            Value::Null,
            &found,
            expected(),
            expected(),
        );
    }

    #[test]
    fn all_that_is_written_may_be_ignored() {
        let policy = policy(&[], &["a"], &[]);
        check_found(
            &policy,
            value(&[("a", "1")]),
            value(&[]),
            &[],
            value(&[]),
            value(&[]),
        );
        check_found(
            &policy,
            Value::Null,
            value(&[]),
            &[],
            Value::Null,
            value(&[]),
        );
    }

    #[test]
    fn an_update_removes_nothing_that_its_plan_has_not_shown() {
        let policy = policy(&[], &["policy"], &[]);
        let prior = state(
            value(&[("a", "1")]),
            value(&[("a", "1"), ("POLICY", "old")]),
        );
        let found = map(&[
            ("A", "1"),
            ("policy", "theirs"),
            ("new", "tag"),
            ("b", "old"),
        ]);
        let updated = policy.updated(&prior, &value(&[("B", "2")]), &found);
        assert_eq!(
            updated,
            map(&[("B", "2"), ("policy", "theirs"), ("new", "tag")])
        );
    }
}
