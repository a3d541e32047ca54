//! Following `$ref` within one schema.

use serde_json::{Map, Value};

/// Where a schema stands, as far as references are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the resource of the root: a local reference is a pointer from the root.
    Root,
    /// Below an `$id` of its own: a local reference would mean another root, so none is followed.
    Foreign,
}

impl Scope {
    /// The scope inside a schema with these keywords.
    pub fn inside(self, keywords: &Map<String, Value>, is_root: bool) -> Self {
        if !is_root && starts_resource(keywords) { Self::Foreign } else { self }
    }
}

/// What a reference leads to.
pub struct Target<'schema> {
    /// The decoded pointer, the same for every way of writing it.
    pub pointer: String,
    pub schema: &'schema Value,
    /// The scope around it.
    pub scope: Scope,
}

/// Follows a reference from `root`. `None` for one that is not local, is no pointer, leads nowhere, or
/// stands in a foreign scope.
pub fn resolve<'schema>(root: &'schema Value, reference: &str, scope: Scope) -> Option<Target<'schema>> {
    if scope == Scope::Foreign {
        return None;
    }
    let pointer = percent_decode(reference.strip_prefix('#')?)?;
    let mut schema = root;
    let mut scope = Scope::Root;
    if !pointer.is_empty() {
        for token in pointer.strip_prefix('/')?.split('/') {
            if let Value::Object(keywords) = schema {
                scope = scope.inside(keywords, std::ptr::eq(schema, root));
            }
            schema = child(schema, token)?;
        }
    }
    Some(Target { pointer, schema, scope })
}

fn child<'schema>(parent: &'schema Value, token: &str) -> Option<&'schema Value> {
    match parent {
        Value::Object(members) => members.get(&token.replace("~1", "/").replace("~0", "~")),
        Value::Array(items) => {
            let is_index =
                token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
            items.get(token.parse::<usize>().ok().filter(|_| is_index)?)
        }
        _ => None,
    }
}

/// An `$id` that is but a fragment names a place in the same resource.
fn starts_resource(keywords: &Map<String, Value>) -> bool {
    matches!(keywords.get("$id"), Some(Value::String(id)) if !id.starts_with('#'))
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = hexadecimal(rest.next()?)?;
            let low = hexadecimal(rest.next()?)?;
            bytes.push(high << 4 | low);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn follows_pointers() {
        let root = json!({
            "a/b": { "m~n": [10, 20] },
            "é x": 1,
            "": 2,
        });
        for (reference, value) in [
            ("#/a~1b/m~0n/1", Some(json!(20))),
            ("#/a~1b/m~0n/01", None),
            ("#/a~1b/m~0n/+1", None),
            ("#/a~1b/m~0n/2", None),
            ("#/%C3%A9%20x", Some(json!(1))),
            ("#/é x", Some(json!(1))),
            ("#/", Some(json!(2))),
            ("#%2F", Some(json!(2))),
            ("#anchor", None),
            ("#/%", None),
            ("#/%FF", None),
            ("#/%4", None),
            ("other.json#/a", None),
            ("", None),
            ("#/nothing", None),
        ] {
            let found = resolve(&root, reference, Scope::Root).map(|target| target.schema.clone());
            assert_eq!(found, value, "{reference}");
        }
        assert!(resolve(&root, "#", Scope::Root).is_some_and(|target| target.schema == &root));
        assert!(resolve(&root, "#", Scope::Foreign).is_none());
    }

    #[test]
    fn a_pointer_into_a_resource_is_foreign() {
        let root = json!({
            "$id": "https://root",
            "inner": { "$id": "inner", "x": {} },
            "anchor": { "$id": "#name", "x": {} },
        });
        let scope = |reference| resolve(&root, reference, Scope::Root).map(|target| target.scope);
        assert_eq!(scope("#/inner"), Some(Scope::Root));
        assert_eq!(scope("#/inner/x"), Some(Scope::Foreign));
        assert_eq!(scope("#/anchor/x"), Some(Scope::Root));
    }
}
