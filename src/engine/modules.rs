//! The script's module, and the two modules that it can import.

use super::contain::contain;
use super::error;
use super::helpers;
use super::message::Position;
use super::stack::current_position;
use super::state::CellState;
use super::typescript::{self, Attempt};
use super::values::{name, rust_string, v8_string};

/// The name of the script in stacks.
pub(super) const SCRIPT_NAME: &str = "exec_main.mjs";

/// A module that scripts can import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BuiltIn {
    /// Each tool under its identifier, `ALL_TOOLS`, and `tools` as default.
    Tools,
    /// Every helper, and the older names `output_text` and `output_image`.
    CodeMode,
}

impl BuiltIn {
    const ALL: [Self; 2] = [Self::Tools, Self::CodeMode];

    fn specifier(self) -> &'static str {
        match self {
            Self::Tools => "tools.js",
            Self::CodeMode => "@openai/code_mode",
        }
    }

    fn find(specifier: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|module| module.specifier() == specifier)
    }

    /// Export names with the helpers or tools that they stand for.
    fn exports(self, state: &CellState) -> Vec<(String, Source)> {
        match self {
            Self::Tools => {
                let tools = state
                    .tools
                    .entries()
                    .iter()
                    .map(|tool| (tool.identifier.clone(), Source::Tool(tool.identifier.clone())));
                let own = [("ALL_TOOLS", "ALL_TOOLS"), ("default", "tools")];
                let own = own.into_iter().map(|(export, global)| (export.to_owned(), Source::Helper(global)));
                // A tool may have the name of an export of ours; the tool is what the script asked for then.
                let taken: std::collections::HashSet<&str> =
                    state.tools.entries().iter().map(|tool| tool.identifier.as_str()).collect();
                tools.chain(own.filter(|(export, _)| !taken.contains(export.as_str()))).collect()
            }
            Self::CodeMode => helpers::names()
                .map(|global| (global.to_owned(), Source::Helper(global)))
                .chain([
                    ("output_text".to_owned(), Source::Helper("text")),
                    ("output_image".to_owned(), Source::Helper("image")),
                ])
                .collect(),
        }
    }
}

/// Where the value of an export is taken from.
enum Source {
    Helper(&'static str),
    Tool(String),
}

/// Compiles and links the script. None: V8 has thrown.
pub(super) fn load<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &CellState,
    source: &str,
    line_offset: u32,
) -> Option<v8::Local<'s, v8::Module>> {
    let module = if state.features.typescript {
        compile_with_types(scope, state, source, line_offset)?
    } else {
        compile(scope, source, line_offset)?
    };
    refuse_unsupported_imports(scope, module)?;
    module.instantiate_module(scope, resolve)?.then_some(module)
}

/// Compiles a script that may have types. Those are looked for only when it is no JavaScript as it is.
fn compile_with_types<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    state: &CellState,
    source: &str,
    line_offset: u32,
) -> Option<v8::Local<'s, v8::Module>> {
    v8::tc_scope!(let attempt, scope);
    if let Some(module) = compile(attempt, source, line_offset) {
        return Some(module);
    }
    if let Some((message, place)) = error::syntax_error_in(attempt) {
        let better = match typescript::take_types_out(state, source) {
            Attempt::Blanked(text) => {
                attempt.reset();
                let module = compile(attempt, &text, line_offset);
                if module.is_none() {
                    attempt.rethrow();
                }
                return module;
            }
            Attempt::Refused(error) => typescript::better_error(&error, &message, place, line_offset),
            Attempt::NoTypes | Attempt::GivenUp => None,
        };
        if let Some((text, place)) = better {
            attempt.reset();
            let error = error::syntax_error(attempt, &text, place);
            attempt.throw_exception(error);
        }
    }
    attempt.rethrow();
    None
}

fn compile<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    source: &str,
    line_offset: u32,
) -> Option<v8::Local<'s, v8::Module>> {
    let text = v8_string(scope, source)?;
    let resource = name(scope, SCRIPT_NAME);
    let origin = v8::ScriptOrigin::new(
        scope,
        resource.into(),
        i32::try_from(line_offset).unwrap_or(0),
        0,
        false,
        -1,
        None,
        false,
        false,
        true,
        None,
    );
    let mut source = v8::script_compiler::Source::new(text, Some(&origin));
    v8::script_compiler::compile_module(scope, &mut source)
}

/// Throws for the first import statement that names no module of ours. Done here rather than while V8 links, because
/// here its place is known.
fn refuse_unsupported_imports<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    module: v8::Local<'s, v8::Module>,
) -> Option<()> {
    let requests = module.get_module_requests();
    for index in 0..requests.length() {
        let request = requests.get(scope, index)?;
        let request = v8::Local::<v8::ModuleRequest>::try_from(request).ok()?;
        let specifier = rust_string(scope, request.get_specifier());
        if BuiltIn::find(&specifier).is_none() {
            let location = module.source_offset_to_location(request.get_source_offset());
            let position = |number: i32| u32::try_from(number).unwrap_or(0).saturating_add(1);
            let place = Position {
                line: position(location.get_line_number()),
                column: position(location.get_column_number()),
            };
            let error = error::placed(scope, "Error", &unsupported_import(&specifier), Some(place));
            scope.throw_exception(error);
            return None;
        }
    }
    Some(())
}

/// V8 asks for the module behind an import statement.
fn resolve<'s>(
    context: v8::Local<'s, v8::Context>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
    _referrer: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Module>> {
    // SAFETY: V8 calls this while it links a module in `context`, which is entered, and no other scope is in use.
    v8::callback_scope!(unsafe scope, context);
    let text = rust_string(scope, specifier);
    // Every other specifier was refused before.
    let built_in = BuiltIn::find(&text)?;
    contain(scope, |scope| make(scope, built_in))
}

fn unsupported_import(specifier: &str) -> String {
    format!("Unsupported import in exec: {specifier}")
}

/// The built-in module; the same one each time.
fn make<'s>(scope: &mut v8::PinScope<'s, '_>, built_in: BuiltIn) -> Option<v8::Local<'s, v8::Module>> {
    let state = CellState::of(scope)?;
    if let Some(module) = state.modules.borrow().get(built_in.specifier()) {
        return Some(v8::Local::new(scope, module));
    }
    let exports: Vec<_> = built_in.exports(&state).iter().map(|(export, _)| name(scope, export)).collect();
    let specifier = name(scope, built_in.specifier());
    let module = match built_in {
        BuiltIn::Tools => v8::Module::create_synthetic_module(scope, specifier, &exports, fill_tools),
        BuiltIn::CodeMode => v8::Module::create_synthetic_module(scope, specifier, &exports, fill_code_mode),
    };
    let kept = v8::Global::new(scope, module);
    state.modules.borrow_mut().insert(built_in.specifier(), kept);
    Some(module)
}

fn fill_tools<'s>(
    context: v8::Local<'s, v8::Context>,
    module: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    fill(context, module, BuiltIn::Tools)
}

fn fill_code_mode<'s>(
    context: v8::Local<'s, v8::Context>,
    module: v8::Local<'s, v8::Module>,
) -> Option<v8::Local<'s, v8::Value>> {
    fill(context, module, BuiltIn::CodeMode)
}

/// V8 evaluates a built-in module: its exports get their values.
fn fill<'s>(
    context: v8::Local<'s, v8::Context>,
    module: v8::Local<'s, v8::Module>,
    built_in: BuiltIn,
) -> Option<v8::Local<'s, v8::Value>> {
    // SAFETY: V8 calls this while it evaluates a module in `context`, which is entered, and no other scope is in use.
    v8::callback_scope!(unsafe scope, context);
    contain(scope, |scope| fill_exports(scope, module, built_in))
}

fn fill_exports<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    module: v8::Local<'s, v8::Module>,
    built_in: BuiltIn,
) -> Option<v8::Local<'s, v8::Value>> {
    let state = CellState::of(scope)?;
    for (export, source) in built_in.exports(&state) {
        // Nothing is read that a script could have put a getter in the way of: no code of it runs here.
        let value = match source {
            Source::Helper(helper) => helpers::pristine(scope, &state, helper)?,
            Source::Tool(identifier) => helpers::tool_function(scope, &state, &identifier)?,
        };
        let export = name(scope, &export);
        module.set_synthetic_module_export(scope, export, value)?;
    }
    let done = v8::PromiseResolver::new(scope)?;
    let undefined = v8::undefined(scope).into();
    done.resolve(scope, undefined)?;
    Some(done.get_promise(scope).into())
}

/// V8 asks for the module behind an `import()`.
pub(super) fn import_dynamically<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    _host_defined_options: v8::Local<'s, v8::Data>,
    _resource_name: v8::Local<'s, v8::Value>,
    specifier: v8::Local<'s, v8::String>,
    _attributes: v8::Local<'s, v8::FixedArray>,
) -> Option<v8::Local<'s, v8::Promise>> {
    contain(scope, |scope| import(scope, specifier))
}

fn import<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    specifier: v8::Local<'s, v8::String>,
) -> Option<v8::Local<'s, v8::Promise>> {
    let resolver = v8::PromiseResolver::new(scope)?;
    let promise = resolver.get_promise(scope);
    let text = rust_string(scope, specifier);
    v8::tc_scope!(let scope, scope);
    if let Some(namespace) = BuiltIn::find(&text).and_then(|built_in| namespace(scope, built_in)) {
        resolver.resolve(scope, namespace)?
    } else {
        let error = if let Some(exception) = scope.exception() {
            exception
        } else {
            let place = current_position(scope);
            error::placed(scope, "Error", &unsupported_import(&text), place)
        };
        resolver.reject(scope, error)?
    };
    Some(promise)
}

/// The namespace of a built-in module. None, with an exception pending, if it could not be evaluated.
fn namespace<'s>(scope: &mut v8::PinScope<'s, '_>, built_in: BuiltIn) -> Option<v8::Local<'s, v8::Value>> {
    let module = make(scope, built_in)?;
    if module.get_status() == v8::ModuleStatus::Uninstantiated {
        module.instantiate_module(scope, resolve)?;
    }
    // V8 ends the process if it is asked to evaluate a module that is being evaluated.
    if module.get_status() == v8::ModuleStatus::Instantiated {
        let evaluated = v8::Local::<v8::Promise>::try_from(module.evaluate(scope)?).ok()?;
        evaluated.mark_as_handled();
    }
    match module.get_status() {
        v8::ModuleStatus::Evaluated => Some(module.get_module_namespace()),
        v8::ModuleStatus::Errored => {
            let exception = module.get_exception();
            scope.throw_exception(exception);
            None
        }
        _ => None,
    }
}
