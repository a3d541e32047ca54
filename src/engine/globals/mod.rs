//! The globals of a cell, as they stand before any script runs.
//!
//! The build script compiles this file too: it makes them once, and keeps the outcome as a startup snapshot. So this
//! knows nothing of the engine but V8; the native functions themselves are given to it.

mod array_buffer;

pub(crate) use array_buffer::{ArrayBufferNative, ArrayBufferOriginals};

/// A native helper.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NativeHelper {
    Text,
    Image,
    Audio,
    GeneratedImage,
    Store,
    Load,
    Notify,
    YieldControl,
    Exit,
    SetTimeout,
    ClearTimeout,
}

impl NativeHelper {
    /// All of them, in the order in which a snapshot refers to them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Text,
        Self::Image,
        Self::Audio,
        Self::GeneratedImage,
        Self::Store,
        Self::Load,
        Self::Notify,
        Self::YieldControl,
        Self::Exit,
        Self::SetTimeout,
        Self::ClearTimeout,
    ];

    /// Its property on the global object.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::Audio => "audio",
            Self::GeneratedImage => "generatedImage",
            Self::Store => "store",
            Self::Load => "load",
            Self::Notify => "notify",
            Self::YieldControl => "yield_control",
            Self::Exit => "exit",
            Self::SetTimeout => "setTimeout",
            Self::ClearTimeout => "clearTimeout",
        }
    }

    /// The `length` of the function.
    const fn length(self) -> i32 {
        match self {
            Self::YieldControl | Self::Exit => 0,
            Self::Image | Self::Store | Self::SetTimeout => 2,
            Self::Text
            | Self::Audio
            | Self::GeneratedImage
            | Self::Load
            | Self::Notify
            | Self::ClearTimeout => 1,
        }
    }
}

/// A global that is made when a script first looks at it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LazyGlobal {
    Tools,
    AllTools,
}

impl LazyGlobal {
    /// All of them, in the order in which a snapshot refers to them.
    pub(crate) const ALL: [Self; 2] = [Self::Tools, Self::AllTools];

    /// Its property on the global object.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::AllTools => "ALL_TOOLS",
        }
    }
}

/// The helpers that are written in JavaScript.
pub(crate) const SCRIPTED_HELPERS: [&str; 2] = ["as_settled", "stream_settled"];

/// The name of the script that makes them; frames with it are left out of stacks.
pub(crate) const SCRIPTED_HELPERS_FILE: &str = "codecell:helpers";

const SCRIPTED_HELPERS_SOURCE: &str = include_str!("../helpers.js");

/// The native functions behind the globals.
pub(crate) trait Natives {
    /// What V8 calls for a helper.
    fn helper(helper: NativeHelper) -> v8::FunctionCallback;
    /// What V8 calls for what is changed about `ArrayBuffer`.
    fn array_buffer(native: ArrayBufferNative) -> v8::FunctionCallback;
    /// What V8 calls when a lazy global is first looked at.
    fn lazy_global(lazy: LazyGlobal) -> v8::AccessorNameGetterCallback;
    /// Defines a lazy global with that function. None if V8 is out of memory.
    fn define_lazy_global(
        scope: &mut v8::PinScope<'_, '_>,
        global: v8::Local<'_, v8::Object>,
        lazy: LazyGlobal,
        key: v8::Local<'_, v8::Name>,
    ) -> Option<bool>;
}

/// What the engine keeps of a virgin context, out of every script's reach.
pub(crate) struct Pristine<'s> {
    /// An object with all helpers, for when a script has overwritten its own.
    pub(crate) helpers: v8::Local<'s, v8::Object>,
    /// The getter of every error's `stack`.
    pub(crate) stack_getter: v8::Local<'s, v8::Function>,
    /// The class `Error`.
    pub(crate) error_class: v8::Local<'s, v8::Object>,
    /// What stands behind the functions that replace V8's own.
    pub(crate) array_buffer: ArrayBufferOriginals<'s>,
}

/// The native functions, in the order in which a snapshot refers to them.
pub(crate) fn external_references<N: Natives>() -> Vec<v8::ExternalReference> {
    let helpers = NativeHelper::ALL.map(|helper| v8::ExternalReference { function: N::helper(helper) });
    let array_buffer =
        ArrayBufferNative::ALL.map(|native| v8::ExternalReference { function: N::array_buffer(native) });
    let lazy = LazyGlobal::ALL
        .map(|lazy| v8::ExternalReference { pointer: N::lazy_global(lazy) as *mut std::ffi::c_void });
    let end = v8::ExternalReference { pointer: std::ptr::null_mut() };
    helpers.into_iter().chain(array_buffer).chain(lazy).chain([end]).collect()
}

/// Puts the helpers into a new context, or one that becomes a snapshot. None only if V8 is out of memory.
pub(crate) fn install<'s, N: Natives>(
    scope: &mut v8::PinScope<'s, '_>,
    context: v8::Local<'s, v8::Context>,
) -> Option<Pristine<'s>> {
    let global = context.global(scope);
    let helpers = v8::Object::new(scope);
    for helper in NativeHelper::ALL {
        let key = v8::String::new(scope, helper.name())?;
        let function = v8::Function::builder_raw(N::helper(helper))
            .length(helper.length())
            .constructor_behavior(v8::ConstructorBehavior::Throw)
            .build(scope)?;
        function.set_name(key);
        global.set(scope, key.into(), function.into())?;
        helpers.create_data_property(scope, key.into(), function.into())?;
    }
    for lazy in LazyGlobal::ALL {
        let key = v8::String::new(scope, lazy.name())?;
        N::define_lazy_global(scope, global, lazy, key.into())?;
    }
    let scripted = run_scripted_helpers(scope)?;
    for helper in SCRIPTED_HELPERS {
        let key = v8::String::new(scope, helper)?;
        let function = scripted.get(scope, key.into())?;
        global.set(scope, key.into(), function)?;
        helpers.create_data_property(scope, key.into(), function)?;
    }
    let array_buffer = array_buffer::install::<N>(scope, global)?;
    let (stack_getter, error_class) = error_parts(scope)?;
    Some(Pristine { helpers, stack_getter, error_class, array_buffer })
}

fn run_scripted_helpers<'s>(scope: &mut v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let source = v8::String::new(scope, SCRIPTED_HELPERS_SOURCE)?;
    let file = v8::String::new(scope, SCRIPTED_HELPERS_FILE)?;
    let origin = v8::ScriptOrigin::new(scope, file.into(), 0, 0, false, -1, None, false, false, false, None);
    let script = v8::Script::compile(scope, source, Some(&origin))?;
    v8::Local::<v8::Object>::try_from(script.run(scope)?).ok()
}

fn error_parts<'s>(
    scope: &mut v8::PinScope<'s, '_>,
) -> Option<(v8::Local<'s, v8::Function>, v8::Local<'s, v8::Object>)> {
    let message = v8::String::empty(scope);
    let error = v8::Local::<v8::Object>::try_from(v8::Exception::error(scope, message)).ok()?;
    let key = v8::String::new(scope, "constructor")?;
    let class = v8::Local::<v8::Object>::try_from(error.get(scope, key.into())?).ok()?;
    Some((own_getter(scope, error, "stack")?, class))
}

/// The getter of an accessor that an object has itself.
pub(crate) fn own_getter<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    object: v8::Local<'s, v8::Object>,
    key: &str,
) -> Option<v8::Local<'s, v8::Function>> {
    let key = v8::String::new(scope, key)?;
    let descriptor = object.get_own_property_descriptor(scope, key.into())?;
    let descriptor = v8::Local::<v8::Object>::try_from(descriptor).ok()?;
    let get = v8::String::new(scope, "get")?;
    if !descriptor.has_own_property(scope, get.into())? {
        return None;
    }
    v8::Local::<v8::Function>::try_from(descriptor.get(scope, get.into())?).ok()
}
