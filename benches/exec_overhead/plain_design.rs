//! The plain design, to measure against: a thread, an isolate, a context and all globals for each exec.
//!
//! An independent small program: it shares V8 with the engine, and no code.

use std::sync::mpsc;
use std::thread;

/// Starts V8 as a program would that has never heard of the rest.
pub fn initialise() {
    v8::icu::set_common_data_78(deno_core_icudata::ICU_DATA).unwrap();
    v8::V8::initialize_platform(v8::new_default_platform(0, false).make_shared());
    v8::V8::initialize();
}

/// Runs one script, and returns what it printed.
pub fn exec(source: &'static str, tools: usize) -> Vec<String> {
    let (reply, answer) = mpsc::channel();
    thread::spawn(move || run(source, tools, &reply));
    answer.recv().unwrap()
}

type Output = Vec<String>;

fn run(source: &str, tools: usize, reply: &mpsc::Sender<Output>) {
    let isolate = &mut v8::Isolate::new(v8::CreateParams::default());
    isolate.set_slot(Output::new());
    {
        v8::scope!(let scope, isolate);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        install_globals(scope, context, tools);
        evaluate(scope, source);
    }
    // Like the design that this stands for: the answer first, the clean-up after it.
    let _ = reply.send(isolate.remove_slot::<Output>().unwrap_or_default());
}

fn install_globals(scope: &mut v8::PinScope<'_, '_>, context: v8::Local<'_, v8::Context>, tools: usize) {
    let global = context.global(scope);
    for removed in ["console", "Atomics", "SharedArrayBuffer", "WebAssembly"] {
        let key = v8::String::new(scope, removed).unwrap();
        global.delete(scope, key.into());
    }
    let helpers = [
        "text",
        "image",
        "audio",
        "generatedImage",
        "store",
        "load",
        "notify",
        "yield_control",
        "exit",
        "setTimeout",
        "clearTimeout",
    ];
    for helper in helpers {
        let key = v8::String::new(scope, helper).unwrap();
        let template = v8::FunctionTemplate::new(scope, print);
        let function = template.get_function(scope).unwrap();
        global.set(scope, key.into(), function.into());
    }
    let object = v8::Object::new(scope);
    let catalogue = v8::Array::new(scope, 0);
    for tool in 0..tools {
        let name = format!("tool_{tool}");
        let key = v8::String::new(scope, &name).unwrap();
        let index = v8::Integer::new_from_unsigned(scope, u32::try_from(tool).unwrap());
        let template = v8::FunctionTemplate::builder(print).data(index.into()).build(scope);
        let function = template.get_function(scope).unwrap();
        object.set(scope, key.into(), function.into());
        let entry = v8::Object::new(scope);
        let description = format!("Tool number {tool}, which does what its name says.");
        for (property, value) in [("name", name.as_str()), ("description", description.as_str())] {
            let property = v8::String::new(scope, property).unwrap();
            let value = v8::String::new(scope, value).unwrap();
            entry.set(scope, property.into(), value.into());
        }
        catalogue.set_index(scope, u32::try_from(tool).unwrap(), entry.into());
    }
    for (name, value) in [("tools", object.into()), ("ALL_TOOLS", catalogue.into())] {
        let name: v8::Local<v8::Value> = v8::String::new(scope, name).unwrap().into();
        let value: v8::Local<v8::Value> = value;
        global.set(scope, name, value);
    }
}

fn print<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    _returned: v8::ReturnValue<'_, v8::Value>,
) {
    let text = arguments.get(0).to_rust_string_lossy(scope);
    if let Some(output) = scope.get_slot_mut::<Output>() {
        output.push(text);
    }
}

fn evaluate(scope: &mut v8::PinScope<'_, '_>, source: &str) {
    let text = v8::String::new(scope, source).unwrap();
    let name = v8::String::new(scope, "exec_main.mjs").unwrap();
    let origin = v8::ScriptOrigin::new(scope, name.into(), 0, 0, false, -1, None, false, false, true, None);
    let mut source = v8::script_compiler::Source::new(text, Some(&origin));
    let module = v8::script_compiler::compile_module(scope, &mut source).unwrap();
    module.instantiate_module(scope, |_, _, _, _| None).unwrap();
    let promise = module.evaluate(scope).unwrap();
    scope.perform_microtask_checkpoint();
    let promise = v8::Local::<v8::Promise>::try_from(promise).unwrap();
    assert_eq!(promise.state(), v8::PromiseState::Fulfilled);
}
