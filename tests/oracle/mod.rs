//! What Terraform's core demands of a provider's answers, written a second time.
//!
//! The rules are core's own: a plan that breaks them is refused, and a result that breaks
//! them loses or taints the object. Each check gives the problems it finds, with their paths.

use std::collections::BTreeMap;

use azrestorepoint::plugin::value::{Path, Type, Value};

/// What core knows of a block: which attributes and blocks it has, and who gives them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) blocks: BTreeMap<String, (Mode, Shape)>,
}

/// What core knows of an attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) computed: bool,
    pub(crate) write_only: bool,
    pub(crate) kind: Kind,
}

/// What values an attribute has.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Plain(Type),
    Nested(Mode, BTreeMap<String, Attribute>),
}

/// How many there are of something nested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Single,
    List,
    Set,
    Map,
    Group,
}

impl Mode {
    fn wrap(self, element: Type) -> Type {
        match self {
            Self::Single | Self::Group => element,
            Self::List => Type::list(element),
            Self::Set => Type::set(element),
            Self::Map => Type::map(element),
        }
    }
}

impl Attribute {
    pub(crate) fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(mode, attributes) => {
                let attributes = attributes
                    .iter()
                    .map(|(name, attribute)| (name.clone(), attribute.ty()));
                mode.wrap(Type::Object(attributes.collect()))
            }
        }
    }
}

impl Shape {
    /// The type of its objects.
    pub(crate) fn ty(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|(name, attribute)| (name.clone(), attribute.ty()));
        let blocks = self
            .blocks
            .iter()
            .map(|(name, (mode, shape))| (name.clone(), mode.wrap(shape.ty())));
        Type::Object(attributes.chain(blocks).collect())
    }

    /// A configuration in which nothing is written.
    pub(crate) fn empty(&self) -> Value {
        let attributes = self
            .attributes
            .keys()
            .map(|name| (name.clone(), Value::Null));
        let blocks = self.blocks.iter().map(|(name, (mode, shape))| {
            let nothing = match mode {
                Mode::Single => Value::Null,
                Mode::List => Value::List(Vec::new()),
                Mode::Set => Value::set(Vec::new()),
                Mode::Map => Value::Map(BTreeMap::new()),
                Mode::Group => shape.empty(),
            };
            (name.clone(), nothing)
        });
        Value::object(attributes.chain(blocks))
    }
}

/// Whether a plan is one that core accepts.
pub(crate) fn assert_plan_valid(
    shape: &Shape,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<String> {
    let mut problems = Problems::default();
    problems.block(shape, prior, config, planned, &Path::default());
    problems.0
}

/// Whether the result of an apply is what was planned.
pub(crate) fn assert_object_compatible(
    shape: &Shape,
    planned: &Value,
    actual: &Value,
) -> Vec<String> {
    let mut problems = Problems::default();
    for (name, attribute) in &shape.attributes {
        if attribute.write_only && !actual.get(name).is_null() {
            problems.add(&Path::attribute(name), "is write-only, but has a value");
        }
    }
    problems.compatible(planned, actual, &Path::default());
    problems.0
}

/// Whether the plan that is made again in an apply keeps to the first one.
pub(crate) fn final_plan_consistent(first: &Value, second: &Value) -> Vec<String> {
    let mut problems = Problems::default();
    problems.compatible(first, second, &Path::default());
    problems.0
}

/// Core's merge of configuration and prior state: configured values, else what was computed.
pub(crate) fn proposed_new(shape: &Shape, prior: &Value, config: &Value) -> Value {
    if config.is_null() || config.is_unknown() {
        return config.clone();
    }
    let mut proposed = proposed_attributes(&shape.attributes, prior, config);
    for (name, (mode, inner)) in &shape.blocks {
        let value = proposed_nested(
            *mode,
            prior.get(name),
            config.get(name),
            &|prior, config| proposed_new(inner, prior, config),
        );
        proposed.insert(name.clone(), value);
    }
    Value::Object(proposed)
}

fn proposed_attributes(
    attributes: &BTreeMap<String, Attribute>,
    prior: &Value,
    config: &Value,
) -> BTreeMap<String, Value> {
    let value = |name: &String, attribute: &Attribute| {
        let (prior, config) = (prior.get(name), config.get(name));
        if config.is_null() {
            return if attribute.computed {
                prior.clone()
            } else {
                Value::Null
            };
        }
        match &attribute.kind {
            Kind::Plain(_) => config.clone(),
            Kind::Nested(mode, inner) => {
                proposed_nested(*mode, prior, config, &|prior, config| match config {
                    Value::Object(_) => Value::Object(proposed_attributes(inner, prior, config)),
                    other => other.clone(),
                })
            }
        }
    };
    attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), value(name, attribute)))
        .collect()
}

fn proposed_nested(
    mode: Mode,
    prior: &Value,
    config: &Value,
    each: &dyn Fn(&Value, &Value) -> Value,
) -> Value {
    const NULL: &Value = &Value::Null;
    match (mode, config) {
        (_, Value::Null | Value::Unknown) => config.clone(),
        (Mode::Single | Mode::Group, _) => each(prior, config),
        (_, Value::List(elements)) => {
            let prior = |index| prior.elements().get(index).unwrap_or(NULL);
            Value::List(
                elements
                    .iter()
                    .enumerate()
                    .map(|(index, config)| each(prior(index), config))
                    .collect(),
            )
        }
        (_, Value::Map(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, config)| (key.clone(), each(prior.get(key), config)))
                .collect(),
        ),
        (_, Value::Set(elements)) => {
            // A prior element belongs to the configured one that it agrees with.
            let prior = |config: &Value| {
                prior
                    .elements()
                    .iter()
                    .find(|prior| agrees(prior, config))
                    .unwrap_or(NULL)
            };
            Value::set(
                elements
                    .iter()
                    .map(|config| each(prior(config), config))
                    .collect(),
            )
        }
        (_, other) => other.clone(),
    }
}

/// Whether everything that is configured is so in the prior element.
fn agrees(prior: &Value, config: &Value) -> bool {
    match (prior, config) {
        (_, Value::Null) => true,
        (Value::Object(_), Value::Object(entries)) => entries
            .iter()
            .all(|(name, config)| agrees(prior.get(name), config)),
        (prior, config) => prior == config,
    }
}

#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, path: &Path, problem: &str) {
        self.0.push(format!("{path}: {problem}"));
    }

    fn block(
        &mut self,
        shape: &Shape,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &Path,
    ) {
        match (planned.is_null(), config.is_null()) {
            (true, false) => return self.add(path, "is planned to be absent, but is configured"),
            (false, true) => return self.add(path, "is planned, but is not configured"),
            (true, true) => return,
            (false, false) => {}
        }
        if planned.is_unknown() {
            return self.add(path, "a block is unknown as a whole");
        }
        self.attributes(&shape.attributes, prior, config, planned, path);
        for (name, (mode, inner)) in &shape.blocks {
            let path = path.join_attribute(name);
            let (prior, config, planned) = (prior.get(name), config.get(name), planned.get(name));
            if config.is_unknown() {
                if !planned.is_unknown() {
                    self.add(&path, "is known, but its configuration is not");
                }
                continue;
            }
            if planned.is_unknown() || (planned.is_null() && *mode != Mode::Single) {
                self.add(&path, "a block is null or unknown as a whole");
                continue;
            }
            self.nested(
                *mode,
                prior,
                config,
                planned,
                &path,
                &mut |problems, prior, config, planned, path| {
                    problems.block(inner, prior, config, planned, path);
                },
            );
        }
    }

    fn attributes(
        &mut self,
        attributes: &BTreeMap<String, Attribute>,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &Path,
    ) {
        let Value::Object(entries) = planned else {
            return self.add(path, "is no object");
        };
        for name in entries
            .keys()
            .filter(|name| !attributes.contains_key(*name))
        {
            // Blocks of the same object are checked by themselves.
            if path.steps().is_empty()
                || config
                    .entries()
                    .is_some_and(|config| config.contains_key(name))
            {
                continue;
            }
            self.add(&path.join_attribute(name), "is not in the schema");
        }
        for (name, attribute) in attributes {
            let path = path.join_attribute(name);
            self.attribute(
                attribute,
                prior.get(name),
                config.get(name),
                planned.get(name),
                &path,
            );
        }
    }

    fn attribute(
        &mut self,
        attribute: &Attribute,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &Path,
    ) {
        if attribute.write_only {
            if !planned.is_null() {
                self.add(path, "is write-only, but planned");
            }
            return;
        }
        if planned == config {
            return;
        }
        if config.is_unknown() {
            return self.add(path, "is planned, but its configuration is unknown");
        }
        if planned == prior && !prior.is_null() && !config.is_null() {
            return;
        }
        if config.is_null() {
            if !attribute.computed {
                self.add(path, "is planned, but neither configured nor computed");
            }
            return;
        }
        match &attribute.kind {
            Kind::Nested(mode, inner) => {
                if planned.is_null() || planned.is_unknown() {
                    return self.add(path, "is configured, but planned to be null or unknown");
                }
                self.nested(
                    *mode,
                    prior,
                    config,
                    planned,
                    path,
                    &mut |problems, prior, config, planned, path| {
                        if planned == config {
                            return;
                        }
                        problems.attributes(inner, prior, config, planned, path);
                    },
                );
            }
            Kind::Plain(_) => self.add(
                path,
                "is planned to be neither what is configured nor what was",
            ),
        }
    }

    fn nested(
        &mut self,
        mode: Mode,
        prior: &Value,
        config: &Value,
        planned: &Value,
        path: &Path,
        each: &mut dyn FnMut(&mut Self, &Value, &Value, &Value, &Path),
    ) {
        const NULL: &Value = &Value::Null;
        match (mode, config, planned) {
            (Mode::Single | Mode::Group, ..) => each(self, prior, config, planned, path),
            (Mode::List, Value::List(configured), Value::List(elements)) => {
                if configured.len() != elements.len() {
                    return self.add(path, "has another number of elements than configured");
                }
                for (index, (config, planned)) in configured.iter().zip(elements).enumerate() {
                    let prior = prior.elements().get(index).unwrap_or(NULL);
                    each(self, prior, config, planned, &path.join_index(index));
                }
            }
            (Mode::Map, Value::Map(configured), Value::Map(entries)) => {
                if !configured.keys().eq(entries.keys()) {
                    return self.add(path, "has other keys than configured");
                }
                for (key, config) in configured {
                    each(
                        self,
                        prior.get(key),
                        config,
                        &entries[key],
                        &path.join_key(key),
                    );
                }
            }
            // Nothing tells the elements of sets apart: core counts them, and trusts the provider.
            (Mode::Set, Value::Set(configured), Value::Set(elements)) => {
                if configured.len() != elements.len() {
                    self.add(path, "has another number of elements than configured");
                }
            }
            _ => self.add(path, "is of another kind than configured"),
        }
    }

    fn compatible(&mut self, planned: &Value, actual: &Value, path: &Path) {
        match (planned, actual) {
            (Value::Unknown, _) => {}
            (Value::Object(planned), Value::Object(actual))
            | (Value::Map(planned), Value::Map(actual)) => {
                if !planned.keys().eq(actual.keys()) {
                    return self.add(path, "has other keys than planned");
                }
                for (key, planned) in planned {
                    self.compatible(planned, &actual[key], &path.join_key(key));
                }
            }
            (Value::List(planned), Value::List(actual)) => {
                if planned.len() != actual.len() {
                    return self.add(path, "has another number of elements than planned");
                }
                for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                    self.compatible(planned, actual, &path.join_index(index));
                }
            }
            (Value::Set(planned), Value::Set(actual)) => {
                if actual.len() > planned.len() {
                    return self.add(path, "has more elements than planned");
                }
                for element in actual {
                    let fits = |planned: &Value| {
                        let mut problems = Self::default();
                        problems.compatible(planned, element, path);
                        problems.0.is_empty()
                    };
                    if !planned.iter().any(fits) {
                        self.add(path, "has an element that was not planned");
                    }
                }
            }
            (Value::Dynamic(_, planned), Value::Dynamic(_, actual)) => {
                self.compatible(planned, actual, path)
            }
            (planned, actual) if planned == actual => {}
            _ => self.add(
                path,
                &format!("was planned to be {planned:?}, but is {actual:?}"),
            ),
        }
    }
}
