//! The helpers that are written in JavaScript.

use super::values::{name, v8_string};

/// The name of the script; frames with it are left out of stacks.
pub(super) const NAME: &str = "codecell:helpers";

const SOURCE: &str = include_str!("bootstrap.js");

/// Runs the script. The object that it returns has the helpers as properties.
pub(super) fn run<'s>(scope: &mut v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let source = v8_string(scope, SOURCE)?;
    let resource = name(scope, NAME);
    let origin =
        v8::ScriptOrigin::new(scope, resource.into(), 0, 0, false, -1, None, false, false, false, None);
    let script = v8::Script::compile(scope, source, Some(&origin))?;
    v8::Local::<v8::Object>::try_from(script.run(scope)?).ok()
}
