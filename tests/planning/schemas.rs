//! Random schemas, of every form that Terraform accepts.

use std::collections::BTreeMap;

use azrestorepoint::plugin::schema::{Attribute, Block, Kind, Mode, NestedBlock, Nesting};
use azrestorepoint::plugin::value::Type;

use crate::objects;
use crate::tape::Tape;

const ATTRIBUTES: [&str; 6] = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"];
const BLOCKS: [&str; 3] = ["rule", "disk", "policy"];
const DEPTH: usize = 2;

/// Where an attribute stands, which decides what it may be.
#[derive(Clone, Copy)]
struct Position {
    depth: usize,
    /// Terraform forbids write-only attributes and open types there.
    is_in_set: bool,
    /// Whatever is inside of what the provider alone gives is given by the provider.
    is_computed: bool,
}

/// A schema of at most six attributes and three blocks, nested at most twice.
pub(crate) fn block(tape: &mut Tape) -> Block {
    let root = Position {
        depth: DEPTH,
        is_in_set: false,
        is_computed: false,
    };
    block_at(tape, root)
}

fn block_at(tape: &mut Tape, position: Position) -> Block {
    let attributes = attributes(tape, position);
    let count = if position.depth == 0 {
        0
    } else {
        tape.below(BLOCKS.len() + 1)
    };
    let blocks = BLOCKS[..count].iter();
    Block {
        attributes,
        blocks: blocks
            .map(|name| nested_block(tape, name, position))
            .collect(),
        ..Block::default()
    }
}

fn nested_block(tape: &mut Tape, name: &'static str, position: Position) -> NestedBlock {
    let nesting = tape.pick(&[
        Nesting::Single,
        Nesting::List,
        Nesting::Set,
        Nesting::Map,
        Nesting::Group,
    ]);
    let inside = Position {
        depth: position.depth - 1,
        is_in_set: position.is_in_set || nesting == Nesting::Set,
        ..position
    };
    let nested = NestedBlock::new(name, nesting, block_at(tape, inside));
    match nesting {
        Nesting::Single => nested.items(tape.pick(&[0, 1]), 1),
        Nesting::List | Nesting::Set => nested.items(tape.pick(&[0, 1]), tape.pick(&[0, 3])),
        Nesting::Map | Nesting::Group => nested,
    }
}

fn attributes(tape: &mut Tape, position: Position) -> Vec<Attribute> {
    let count = 1 + tape.below(ATTRIBUTES.len());
    let names = ATTRIBUTES[..count].iter();
    names.map(|name| attribute(tape, name, position)).collect()
}

fn attribute(tape: &mut Tape, name: &'static str, position: Position) -> Attribute {
    let mut attribute = Attribute::optional(name, Type::String);
    attribute.mode = if position.is_computed {
        Mode::Computed
    } else {
        tape.pick(&[
            Mode::Optional,
            Mode::Required,
            Mode::Computed,
            Mode::OptionalComputed,
        ])
    };
    attribute.requires_replace = tape.once_in(3);
    attribute.use_state_for_unknown = tape.once_in(2);
    if position.depth > 0 && tape.once_in(3) {
        let nesting = tape.pick(&[Nesting::Single, Nesting::List, Nesting::Set, Nesting::Map]);
        let inside = Position {
            depth: position.depth - 1,
            is_in_set: position.is_in_set || nesting == Nesting::Set,
            is_computed: attribute.mode == Mode::Computed,
        };
        attribute.kind = Kind::Nested(nesting, attributes(tape, inside));
        return attribute;
    }
    let ty = ty(tape, 2, position.is_in_set);
    attribute.kind = Kind::Plain(ty.clone());
    if tape.once_in(3) {
        attribute = attribute.equivalence(objects::same_but_for_case);
    }
    match attribute.mode {
        Mode::Optional | Mode::Required => {
            attribute.write_only = !position.is_in_set && tape.once_in(6);
        }
        // In a set, an element with the default and one that says the same are two
        // in the configuration and one in the plan, which no provider can make good.
        Mode::OptionalComputed if !position.is_in_set && tape.once_in(3) => {
            attribute.default = Some(objects::known(tape, &ty));
        }
        _ => {}
    }
    attribute
}

fn ty(tape: &mut Tape, depth: usize, is_in_set: bool) -> Type {
    let choices = if depth == 0 { 3 } else { 9 };
    let inner = |tape: &mut Tape, is_in_set| ty(tape, depth - 1, is_in_set);
    match tape.below(choices) {
        0 => Type::String,
        1 => Type::Number,
        2 => Type::Bool,
        3 => Type::list(inner(tape, is_in_set)),
        4 => Type::set(inner(tape, true)),
        5 => Type::map(inner(tape, is_in_set)),
        6 => Type::Tuple(vec![inner(tape, is_in_set), inner(tape, is_in_set)]),
        7 => Type::Object(BTreeMap::from([
            ("one".to_owned(), inner(tape, is_in_set)),
            ("two".to_owned(), inner(tape, is_in_set)),
        ])),
        _ if is_in_set => Type::String,
        _ => Type::Dynamic,
    }
}

/// Whether the provider fills gaps inside of sets in ways that make elements
/// ambiguous: which configured one a prior one has come of cannot be told then,
/// neither by us nor by Terraform.
pub(crate) fn has_ambiguous_sets(block: &Block) -> bool {
    fn in_attributes(attributes: &[Attribute], is_in_set: bool) -> bool {
        attributes.iter().any(|attribute| {
            let inside = match &attribute.kind {
                Kind::Plain(_) => false,
                Kind::Nested(nesting, inner) => {
                    in_attributes(inner, is_in_set || *nesting == Nesting::Set)
                }
            };
            inside || (is_in_set && attribute.mode == Mode::OptionalComputed)
        })
    }
    fn in_block(block: &Block, is_in_set: bool) -> bool {
        in_attributes(&block.attributes, is_in_set)
            || block
                .blocks
                .iter()
                .any(|nested| in_block(&nested.block, is_in_set || nested.nesting == Nesting::Set))
    }
    in_block(block, false)
}
