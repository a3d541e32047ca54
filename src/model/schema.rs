//! JSON schema → TypeScript type.
//!
//! A type tells a model the same as a schema, in far fewer tokens. The rendering never fails: what it does
//! not know, or what would grow too large, becomes `unknown`. It always gives text that TypeScript parses.

mod literal;
mod reference;
mod text;

#[cfg(test)]
mod facts;
#[cfg(test)]
mod properties;

use std::collections::HashSet;

use serde_json::{Map, Value};

use literal::literal_type;
use reference::{Scope, resolve};
use text::{comment_lines, property_name};

/// How often one pointer is followed on the way from the root to a type. A recursive type thus shows itself
/// once inside itself.
const MAX_EXPANSIONS_ON_PATH: usize = 2;
/// How many references are followed in one schema.
const MAX_EXPANSIONS: u32 = 32;
/// Bytes that may be written on the way, thrown-away ones included. Beyond it, the whole is `unknown`.
const MAX_WORK: usize = 64_000;
/// Bytes of the final text. Beyond it, the whole is `unknown`.
const MAX_TEXT: usize = 16_000;
/// How deep schemas and literals may nest; deeper ones are `unknown`. It guards the stack (a release build
/// needs less than 256 KiB of it), and is as deep as JSON text can be that `serde_json` accepts.
const MAX_DEPTH: u32 = 128;

const UNKNOWN: &str = "unknown";
const NEVER: &str = "never";

type Keywords = Map<String, Value>;
type Rendered = Result<String, WorkExhausted>;

/// The budget of work is used up. It never leaves this file.
struct WorkExhausted;

/// Renders a JSON schema as a TypeScript type.
///
/// Understood are `$ref` into the same schema, `const`, `enum`, `anyOf`, `oneOf`, `allOf`, `type`, and the
/// keywords of objects and arrays; in this order, the first one decides. Descriptions of properties become
/// `//` comments. At most 32 references are followed, 2 to the same place on one path. The result has at most
/// 16 000 bytes.
///
/// # Example
/// `{ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] }` becomes
/// `{ city: string; }`.
#[must_use]
pub fn schema_to_typescript(schema: &Value) -> String {
    let mut renderer = Renderer { root: schema, expanding: Vec::new(), expansions: 0, work: 0, depth: 0 };
    match renderer.schema(schema, Scope::Root) {
        Ok(text) if text.len() <= MAX_TEXT => text,
        _ => UNKNOWN.to_owned(),
    }
}

/// Renders what an MCP tool says of its `structuredContent`, given its whole output schema.
///
/// References are resolved within that sub-schema, not within the whole. Without one it is `unknown`.
#[must_use]
pub fn structured_content_to_typescript(output_schema: &Value) -> String {
    output_schema
        .get("properties")
        .and_then(|properties| properties.get("structuredContent"))
        .map_or_else(|| UNKNOWN.to_owned(), schema_to_typescript)
}

struct Renderer<'schema> {
    root: &'schema Value,
    /// Pointers that are being followed, outermost first.
    expanding: Vec<String>,
    expansions: u32,
    work: usize,
    depth: u32,
}

impl<'schema> Renderer<'schema> {
    fn schema(&mut self, schema: &'schema Value, scope: Scope) -> Rendered {
        let keywords = match schema {
            Value::Object(keywords) if self.depth < MAX_DEPTH => keywords,
            Value::Bool(false) => return self.leaf(NEVER),
            _ => return self.leaf(UNKNOWN),
        };
        let scope = scope.inside(keywords, std::ptr::eq(schema, self.root));
        self.depth += 1;
        let text = self.with_reference(keywords, scope)?;
        self.depth -= 1;
        Ok(text)
    }

    /// A reference stands first; what stands beside it narrows it.
    fn with_reference(&mut self, keywords: &'schema Keywords, scope: Scope) -> Rendered {
        let Some(Value::String(reference)) = keywords.get("$ref") else {
            return self.without_reference(keywords, scope);
        };
        let target = self.reference(reference, scope)?;
        let siblings = self.without_reference(keywords, scope)?;
        if siblings == UNKNOWN || siblings == target {
            Ok(target)
        } else if target == UNKNOWN {
            Ok(siblings)
        } else {
            self.charge("() & ()".len())?;
            Ok(format!("({target}) & ({siblings})"))
        }
    }

    fn reference(&mut self, reference: &str, scope: Scope) -> Rendered {
        let Some(target) = resolve(self.root, reference, scope) else {
            return self.leaf(UNKNOWN);
        };
        let on_path = self.expanding.iter().filter(|pointer| **pointer == target.pointer).count();
        if on_path >= MAX_EXPANSIONS_ON_PATH || self.expansions >= MAX_EXPANSIONS {
            return self.leaf(UNKNOWN);
        }
        self.expansions += 1;
        self.expanding.push(target.pointer);
        let text = self.schema(target.schema, target.scope)?;
        self.expanding.pop();
        Ok(text)
    }

    fn without_reference(&mut self, keywords: &'schema Keywords, scope: Scope) -> Rendered {
        if let Some(value) = keywords.get("const") {
            return self.literal(value);
        }
        if let Some(values) = non_empty_array(keywords, "enum") {
            let members = values.iter().map(|value| self.literal(value)).collect::<Result<Vec<_>, _>>()?;
            return self.join(&members, " | ");
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(schemas) = non_empty_array(keywords, keyword) {
                let members = self.schemas(schemas, scope)?;
                return self.join(&members, " | ");
            }
        }
        if let Some(schemas) = non_empty_array(keywords, "allOf") {
            let mut members = self.schemas(schemas, scope)?;
            for member in &mut members {
                if member.contains(" | ") {
                    self.charge("()".len())?;
                    *member = format!("({member})");
                }
            }
            return self.join(&members, " & ");
        }
        match keywords.get("type") {
            Some(Value::String(name)) => return self.named_type(name, keywords, scope),
            Some(Value::Array(names)) if !names.is_empty() => {
                let names: Vec<_> = names.iter().map(|name| name.as_str().unwrap_or("")).collect();
                // Told apart here already: nothing is rendered twice, however long the list is.
                let members = distinct(&names)
                    .into_iter()
                    .map(|name| self.named_type(name, keywords, scope))
                    .collect::<Result<Vec<_>, _>>()?;
                return self.join(&members, " | ");
            }
            _ => {}
        }
        let has = |names: &[&str]| names.iter().any(|name| keywords.contains_key(*name));
        if has(&["properties", "additionalProperties", "required"]) {
            self.object(keywords, scope)
        } else if has(&["items", "prefixItems"]) {
            self.array(keywords, scope)
        } else {
            self.leaf(UNKNOWN)
        }
    }

    fn schemas(&mut self, schemas: &'schema [Value], scope: Scope) -> Result<Vec<String>, WorkExhausted> {
        schemas.iter().map(|schema| self.schema(schema, scope)).collect()
    }

    fn named_type(&mut self, name: &str, keywords: &'schema Keywords, scope: Scope) -> Rendered {
        match name {
            "array" => self.array(keywords, scope),
            "object" => self.object(keywords, scope),
            "string" | "boolean" | "null" => self.leaf(name),
            "number" | "integer" => self.leaf("number"),
            _ => self.leaf(UNKNOWN),
        }
    }

    fn array(&mut self, keywords: &'schema Keywords, scope: Scope) -> Rendered {
        let tuple = non_empty_array(keywords, "prefixItems");
        match (keywords.get("items"), tuple) {
            // Nothing may follow the listed items.
            (Some(Value::Bool(false)) | None, Some(schemas)) => self.tuple(schemas, scope),
            // How tuples were written before `prefixItems`.
            (Some(Value::Array(schemas)), _) if !schemas.is_empty() => self.tuple(schemas, scope),
            (Some(items), _) => {
                self.charge("Array<>".len())?;
                let item = self.schema(items, scope)?;
                Ok(format!("Array<{item}>"))
            }
            (None, None) => self.leaf("unknown[]"),
        }
    }

    fn tuple(&mut self, schemas: &'schema [Value], scope: Scope) -> Rendered {
        self.charge("[]".len() + ", ".len() * schemas.len())?;
        let members = self.schemas(schemas, scope)?;
        Ok(format!("[{}]", members.join(", ")))
    }

    fn object(&mut self, keywords: &'schema Keywords, scope: Scope) -> Rendered {
        let mut properties: Vec<_> =
            keywords.get("properties").and_then(Value::as_object).into_iter().flatten().collect();
        // Another crate may have switched serde_json to keep the order of the text.
        properties.sort_by_key(|(name, _)| *name);
        let required: HashSet<&str> = keywords
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let has_comments = properties.iter().any(|(_, schema)| comment_lines(schema).next().is_some());

        let mut lines = Vec::with_capacity(properties.len() + 1);
        for (name, schema) in &properties {
            for comment in comment_lines(schema) {
                self.charge("  // \n".len() + comment.len())?;
                lines.push(format!("// {comment}"));
            }
            let optional = if required.contains(name.as_str()) { "" } else { "?" };
            let name = property_name(name);
            self.charge(name.len() + optional.len() + "  : ;\n".len())?;
            let property = self.schema(schema, scope)?;
            lines.push(format!("{name}{optional}: {property};"));
        }
        let others = match keywords.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(schema) => Some(self.schema(schema, scope)?),
            None if properties.is_empty() => Some(self.leaf(UNKNOWN)?),
            None => None,
        };
        if let Some(others) = others {
            self.charge("  [key: string]: ;\n".len())?;
            lines.push(format!("[key: string]: {others};"));
        }

        self.charge("{  }".len())?;
        Ok(if lines.is_empty() {
            "{}".to_owned()
        } else if has_comments {
            format!("{{\n  {}\n}}", lines.join("\n  "))
        } else {
            format!("{{ {} }}", lines.join(" "))
        })
    }

    fn literal(&mut self, value: &Value) -> Rendered {
        // Deeper than any JSON text: nothing that a type could say in so few bytes.
        match literal_type(value, MAX_DEPTH) {
            Some(text) => self.leaf(&text),
            None => self.leaf(UNKNOWN),
        }
    }

    /// Joins the members of a union or an intersection. One that was there before adds nothing.
    fn join(&mut self, members: &[String], separator: &str) -> Rendered {
        self.charge(separator.len() * members.len())?;
        Ok(distinct(members).into_iter().map(String::as_str).collect::<Vec<_>>().join(separator))
    }

    fn leaf(&mut self, text: &str) -> Rendered {
        self.charge(text.len())?;
        Ok(text.to_owned())
    }

    fn charge(&mut self, bytes: usize) -> Result<(), WorkExhausted> {
        self.work = self.work.saturating_add(bytes);
        if self.work > MAX_WORK { Err(WorkExhausted) } else { Ok(()) }
    }
}

fn non_empty_array<'schema>(keywords: &'schema Keywords, name: &str) -> Option<&'schema [Value]> {
    keywords.get(name).and_then(Value::as_array).map(Vec::as_slice).filter(|values| !values.is_empty())
}

/// Each member once, in the order of first sight.
fn distinct<T: Eq + std::hash::Hash>(members: &[T]) -> Vec<&T> {
    let mut seen = HashSet::new();
    members.iter().filter(|member| seen.insert(*member)).collect()
}
