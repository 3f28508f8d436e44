//! The shape of configuration and state, and how each attribute takes part in a plan.

use super::value::{Type, Value};

/// A block with a version, as stored state names it.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// Grows when stored state of an older version has to be rewritten.
    pub version: i64,
    /// The attributes and blocks at the root.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The attributes, by `name = value`.
    pub attributes: Vec<Attribute>,
    /// The nested blocks, by `name { ... }`.
    pub blocks: Vec<NestedBlock>,
    /// What it is, in Markdown.
    pub description: String,
}

impl Block {
    /// The type of an object with every attribute and block of this one.
    pub fn ty(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|attribute| (attribute.name.to_owned(), attribute.ty()));
        let blocks = self
            .blocks
            .iter()
            .map(|nested| (nested.name.to_owned(), nested.ty()));
        Type::Object(attributes.chain(blocks).collect())
    }
}

/// How many of a nested block or attribute there are, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most one.
    Single,
    /// Several, in order.
    List,
    /// Several, without order.
    Set,
    /// Several, by key.
    Map,
    /// For blocks alone: one that is always there, with nulls inside where nothing is written.
    Group,
}

impl Nesting {
    fn wrap(self, element: Type) -> Type {
        match self {
            Self::Single | Self::Group => element,
            Self::List => Type::list(element),
            Self::Set => Type::set(element),
            Self::Map => Type::map(element),
        }
    }
}

/// A nested block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// Its name in configuration.
    pub name: &'static str,
    /// How many there are, and how they are told apart.
    pub nesting: Nesting,
    /// What stands inside.
    pub block: Block,
    /// How many there have to be: 0 or 1 where there can be one, any number for lists and sets.
    pub min_items: u32,
    /// How many there may be in a list or a set; 0 is no limit.
    pub max_items: u32,
}

impl NestedBlock {
    /// A block that may be written once.
    pub fn single(name: &'static str, block: Block) -> Self {
        Self::new(name, Nesting::Single, block)
    }

    /// Blocks that may be written as often as their nesting allows.
    pub fn new(name: &'static str, nesting: Nesting, block: Block) -> Self {
        Self {
            name,
            nesting,
            block,
            min_items: 0,
            max_items: 0,
        }
    }

    /// How many there have to be, and how many there may be; see the fields.
    #[must_use]
    pub fn items(mut self, min: u32, max: u32) -> Self {
        self.min_items = min;
        self.max_items = max;
        self
    }

    fn ty(&self) -> Type {
        self.nesting.wrap(self.block.ty())
    }
}

/// Who gives an attribute its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The configuration, always.
    Required,
    /// The configuration, if it does.
    Optional,
    /// The provider, always.
    Computed,
    /// The configuration if it does, else the provider.
    OptionalComputed,
}

/// What kind of value an attribute has.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A value of that type.
    Plain(Type),
    /// Objects with attributes of their own.
    Nested(Nesting, Vec<Attribute>),
}

/// Whether two values that differ mean the same, so that only the spelling changed.
pub type Equivalence = fn(&Value, &Value) -> bool;

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name in configuration.
    pub name: &'static str,
    /// What kind of value it has.
    pub kind: Kind,
    /// Who gives it its value.
    pub mode: Mode,
    /// What it is, in Markdown.
    pub description: String,
    /// Whether Terraform hides it.
    pub sensitive: bool,
    /// Whether it is never stored: plans and state have null in its place.
    pub write_only: bool,
    /// What to use instead; empty where it is not deprecated.
    pub deprecation_message: String,
    /// Whether a change makes a new object.
    pub requires_replace: bool,
    /// Whether the value stays as it is in an update, where the provider alone gives it.
    pub use_state_for_unknown: bool,
    /// The value when the configuration gives none.
    pub default: Option<Value>,
    /// When two different values mean the same.
    pub equivalence: Option<Equivalence>,
}

impl Attribute {
    /// An attribute that configuration must give.
    pub fn required(name: &'static str, ty: Type) -> Self {
        Self::new(name, Kind::Plain(ty), Mode::Required)
    }

    /// An attribute that configuration may give.
    pub fn optional(name: &'static str, ty: Type) -> Self {
        Self::new(name, Kind::Plain(ty), Mode::Optional)
    }

    /// An attribute that the provider alone gives.
    pub fn computed(name: &'static str, ty: Type) -> Self {
        Self::new(name, Kind::Plain(ty), Mode::Computed)
    }

    /// An attribute that the provider gives where configuration does not.
    pub fn optional_computed(name: &'static str, ty: Type) -> Self {
        Self::new(name, Kind::Plain(ty), Mode::OptionalComputed)
    }

    /// Objects that the provider alone gives.
    pub fn computed_nested(
        name: &'static str,
        nesting: Nesting,
        attributes: Vec<Attribute>,
    ) -> Self {
        Self::new(name, Kind::Nested(nesting, attributes), Mode::Computed)
    }

    /// Objects that configuration may give.
    pub fn optional_nested(
        name: &'static str,
        nesting: Nesting,
        attributes: Vec<Attribute>,
    ) -> Self {
        Self::new(name, Kind::Nested(nesting, attributes), Mode::Optional)
    }

    fn new(name: &'static str, kind: Kind, mode: Mode) -> Self {
        Self {
            name,
            kind,
            mode,
            description: String::new(),
            sensitive: false,
            write_only: false,
            deprecation_message: String::new(),
            requires_replace: false,
            use_state_for_unknown: false,
            default: None,
            equivalence: None,
        }
    }

    /// Says what it is, in Markdown.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Has Terraform hide its value.
    #[must_use]
    pub fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// Has it in the configuration only, never in a plan or a state.
    #[must_use]
    pub fn write_only(mut self) -> Self {
        self.write_only = true;
        self
    }

    /// Warns whoever uses it, and says what to use instead.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Self {
        self.deprecation_message = message.into();
        self
    }

    /// A change makes a new object.
    #[must_use]
    pub fn requires_replace(mut self) -> Self {
        self.requires_replace = true;
        self
    }

    /// An update leaves the value as it is, and a plan knows it.
    #[must_use]
    pub fn use_state_for_unknown(mut self) -> Self {
        self.use_state_for_unknown = true;
        self
    }

    /// The value when configuration gives none; makes the attribute optional and computed.
    #[must_use]
    pub fn default_value(mut self, default: impl Into<Value>) -> Self {
        self.mode = Mode::OptionalComputed;
        self.default = Some(default.into());
        self
    }

    /// Values for which this holds differ in spelling only: no change is planned.
    #[must_use]
    pub fn equivalence(mut self, equivalence: Equivalence) -> Self {
        self.equivalence = Some(equivalence);
        self
    }

    /// Whether the provider may give the value.
    pub fn is_computed(&self) -> bool {
        matches!(self.mode, Mode::Computed | Mode::OptionalComputed)
    }

    /// Whether the configuration cannot give the value.
    pub fn is_computed_only(&self) -> bool {
        self.mode == Mode::Computed
    }

    /// The type of its value.
    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Plain(ty) => ty.clone(),
            Kind::Nested(nesting, attributes) => {
                let element = attributes
                    .iter()
                    .map(|attribute| (attribute.name.to_owned(), attribute.ty()));
                nesting.wrap(Type::Object(element.collect()))
            }
        }
    }

    /// Whether two values of this attribute mean the same. What is not known yet may mean anything.
    pub fn is_equivalent(&self, one: &Value, other: &Value) -> bool {
        one == other
            || self.equivalence.is_some_and(|equivalence| {
                one.is_wholly_known() && other.is_wholly_known() && equivalence(one, other)
            })
    }
}
