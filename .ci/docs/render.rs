//! Schemas as text, in the order and the words of Azure's other providers.

use azrestorepoint::plugin::function::Signature;
use azrestorepoint::plugin::schema::{Attribute, Block, Kind, Mode, NestedBlock, Nesting};
use azrestorepoint::plugin::value::Type;

const TIMEOUTS: &str = "timeouts";

/// The arguments, those that must be given first; empty if there are none.
pub(super) fn arguments(block: &Block) -> String {
    let mut later = Vec::new();
    let own = argument_lines(&block.attributes, &block.blocks, &mut later);
    if own.is_empty() {
        return String::new();
    }
    let mut text = format!("The following arguments are supported:\n\n{own}");
    while !later.is_empty() {
        for (name, attributes, blocks) in std::mem::take(&mut later) {
            let own = argument_lines(&attributes, &blocks, &mut later);
            let inside = match own.as_str() {
                "" => "has no arguments.\n".to_owned(),
                own => format!("supports the following:\n\n{own}"),
            };
            text.push_str(&format!(
                "\n---\n\n{} `{name}` block {inside}",
                article(&name)
            ));
        }
    }
    text
}

/// What the provider gives; empty if that is nothing.
pub(super) fn attributes(block: &Block) -> String {
    let mut computed: Vec<&Attribute> = block
        .attributes
        .iter()
        .filter(|attribute| attribute.is_computed_only())
        .collect();
    if computed.is_empty() {
        return String::new();
    }
    computed.sort_by_key(|attribute| (attribute.name != "id", attribute.name));
    let mut later = Vec::new();
    let own = attribute_lines(computed, &mut later);
    let mut text = format!(
        "In addition to the Arguments listed above - the following Attributes are exported:\n\n{own}"
    );
    // Blocks with the same attributes are told together.
    let mut told: Vec<(Vec<String>, String)> = Vec::new();
    while !later.is_empty() {
        for (name, attributes) in std::mem::take(&mut later) {
            let mut inner: Vec<&Attribute> = attributes.iter().collect();
            inner.sort_by_key(|attribute| attribute.name);
            let lines = attribute_lines(inner, &mut later);
            match told.iter_mut().find(|(_, known)| *known == lines) {
                Some((names, _)) if names.contains(&name) => {}
                Some((names, _)) => names.push(name),
                None => told.push((vec![name], lines)),
            }
        }
    }
    for (names, lines) in told {
        let whose = match names.as_slice() {
            [name] => format!("{} `{name}` block exports", article(name)),
            names => format!("The `{}` blocks export", names.join("` and `")),
        };
        text.push_str(&format!("\n---\n\n{whose} the following:\n\n{lines}"));
    }
    text
}

/// How long each operation may take; empty if that cannot be said.
pub(super) fn timeouts(block: &Block) -> String {
    let Some(timeouts) = block.blocks.iter().find(|nested| nested.name == TIMEOUTS) else {
        return String::new();
    };
    let mut text = "The `timeouts` block allows you to specify \
                    [timeouts](https://developer.hashicorp.com/terraform/language/resources/configure#define-operation-timeouts) \
                    for certain actions:\n\n"
        .to_owned();
    for attribute in &timeouts.block.attributes {
        text.push_str(&format!(
            "* `{}` - {}\n",
            attribute.name, attribute.description
        ));
    }
    text
}

/// What a function takes and gives.
pub(super) fn signature(name: &str, signature: &Signature) -> String {
    let parameters: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| format!("{} {}", parameter.name, type_name(&parameter.ty)))
        .collect();
    let mut text = format!(
        "{}\n\n### Signature\n\n```text\n{name}({}) {}\n```\n\n### Arguments\n\n",
        signature.description,
        parameters.join(", "),
        type_name(&signature.return_type)
    );
    for (position, parameter) in signature.parameters.iter().enumerate() {
        text.push_str(&format!(
            "{}. `{}` ({}) {}\n",
            position + 1,
            parameter.name,
            type_name(&parameter.ty),
            parameter.description
        ));
    }
    text
}

type Nested = (String, Vec<Attribute>, Vec<NestedBlock>);

/// A line for each argument: what must be given in the schema's order, then the rest by name,
/// with the tags last.
fn argument_lines(
    attributes: &[Attribute],
    blocks: &[NestedBlock],
    later: &mut Vec<Nested>,
) -> String {
    let mut lines: Vec<(u8, &str, String)> = Vec::new();
    for attribute in attributes
        .iter()
        .filter(|attribute| !attribute.is_computed_only())
    {
        let is_required = attribute.mode == Mode::Required;
        let rank = match (is_required, attribute.name) {
            (true, _) => 0,
            (false, "tags") => 2,
            (false, _) => 1,
        };
        let mut text = attribute.description.clone();
        if let Kind::Nested(nesting, inner) = &attribute.kind {
            text = format!("{} {text}", mention(attribute.name, *nesting));
            later.push((attribute.name.to_owned(), inner.clone(), Vec::new()));
        }
        if !attribute.deprecation_message.is_empty() {
            text = format!("{text} **Deprecated**: {}", attribute.deprecation_message);
        }
        lines.push((
            rank,
            attribute.name,
            line(attribute.name, is_required, &text),
        ));
    }
    for nested in blocks.iter().filter(|nested| nested.name != TIMEOUTS) {
        let is_required = nested.min_items > 0;
        let text = format!(
            "{} {}",
            mention(nested.name, nested.nesting),
            nested.block.description
        );
        let rank = u8::from(!is_required);
        lines.push((rank, nested.name, line(nested.name, is_required, &text)));
        let block = nested.block.clone();
        later.push((nested.name.to_owned(), block.attributes, block.blocks));
    }
    let (required, mut optional): (Vec<_>, Vec<_>) =
        lines.into_iter().partition(|(rank, ..)| *rank == 0);
    optional.sort_by_key(|(rank, name, _)| (*rank, *name));
    let has_both = !required.is_empty() && !optional.is_empty();
    let join = |lines: Vec<(u8, &str, String)>| {
        lines
            .into_iter()
            .map(|(.., line)| line)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (required, optional) = (join(required), join(optional));
    let between = if has_both { "\n---\n\n" } else { "" };
    format!("{required}{between}{optional}")
}

fn line(name: &str, is_required: bool, text: &str) -> String {
    let mode = if is_required { "Required" } else { "Optional" };
    format!("* `{name}` - ({mode}) {}\n", text.trim())
}

fn attribute_lines(
    attributes: Vec<&Attribute>,
    later: &mut Vec<(String, Vec<Attribute>)>,
) -> String {
    let line = |attribute: &Attribute| {
        let mut text = attribute.description.clone();
        if let Kind::Nested(nesting, inner) = &attribute.kind {
            text = format!("{} {text}", mention(attribute.name, *nesting));
            later.push((attribute.name.to_owned(), inner.clone()));
        }
        format!("* `{}` - {}\n", attribute.name, text.trim())
    };
    attributes
        .into_iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn mention(name: &str, nesting: Nesting) -> String {
    match nesting {
        Nesting::Single | Nesting::Group => {
            format!("{} `{name}` block as defined below.", article(name))
        }
        Nesting::List => format!("A list of `{name}` blocks as defined below."),
        Nesting::Set => format!("One or more `{name}` blocks as defined below."),
        Nesting::Map => format!("A map of `{name}` blocks as defined below."),
    }
}

fn article(name: &str) -> &'static str {
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "An"
    } else {
        "A"
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::String => "string".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Dynamic => "dynamic".to_owned(),
        Type::List(element) => format!("list of {}", type_name(element)),
        Type::Set(element) => format!("set of {}", type_name(element)),
        Type::Map(element) => format!("map of {}", type_name(element)),
        Type::Tuple(_) => "tuple".to_owned(),
        Type::Object(_) => "object".to_owned(),
    }
}
