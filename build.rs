//! Links the addon as Node expects it, and makes the startup snapshot: the globals of a cell, ready to be copied.

#[path = "src/engine/globals/mod.rs"]
mod globals;

use std::path::Path;
use std::{env, fs};

use globals::{ArrayBufferNative, LazyGlobal, NativeHelper, Natives};
use v8::MapFnTo;

fn main() {
    napi_build::setup();
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        // See src/engine/out_of_memory.rs.
        println!("cargo:rustc-cdylib-link-arg=-Wl,--wrap=_ZN2v84base21FatalNoSecurityImpactEPKcz");
    }
    for source in ["build.rs", "src/engine/globals", "src/engine/helpers.js"] {
        println!("cargo::rerun-if-changed={source}");
    }
    let directory = env::var_os("OUT_DIR").expect("cargo sets it");
    // A snapshot is for the machine that made it. Elsewhere the globals are made at run time, and where the environment
    // says so: scripts/test-without-snapshot.mjs.
    println!("cargo::rerun-if-env-changed=CODECELL_SNAPSHOT");
    let is_native = env::var_os("HOST") == env::var_os("TARGET");
    let is_refused = env::var_os("CODECELL_SNAPSHOT").is_some_and(|value| value == "off");
    let snapshot = if is_native && !is_refused { make_snapshot() } else { Vec::new() };
    fs::write(Path::new(&directory).join("snapshot.bin"), snapshot)
        .expect("cargo gives a directory to write to");
}

fn make_snapshot() -> Vec<u8> {
    v8::V8::initialize_platform(v8::new_default_platform(1, false).make_shared());
    v8::V8::initialize();
    let references = globals::external_references::<Placeholders>();
    let mut isolate = v8::Isolate::snapshot_creator(Some(references.into()), None);
    {
        v8::scope!(let scope, &mut isolate);
        let context = v8::Context::new(scope, v8::ContextOptions::default());
        let scope = &mut v8::ContextScope::new(scope, context);
        let pristine = globals::install::<Placeholders>(scope, context).expect("V8 has memory enough");
        // Their order is that of `ContextData` in src/engine/snapshot.rs.
        scope.add_context_data(context, pristine.helpers);
        scope.add_context_data(context, pristine.stack_getter);
        scope.add_context_data(context, pristine.error_class);
        scope.add_context_data(context, pristine.array_buffer.construct);
        scope.add_context_data(context, pristine.array_buffer.transfer);
        scope.add_context_data(context, pristine.array_buffer.maximum);
        scope.set_default_context(context);
    }
    isolate.create_blob(v8::FunctionCodeHandling::Clear).expect("V8 makes a snapshot").to_vec()
}

/// A snapshot refers to native functions by their number in a list, so any function will do, if no two are the same.
struct Placeholders;

fn placeholder<const NUMBER: usize>(
    _scope: &mut v8::PinScope<'_, '_>,
    _arguments: v8::FunctionCallbackArguments<'_>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    returned.set_uint32(u32::try_from(NUMBER).unwrap_or(0));
}

fn lazy_placeholder<const NUMBER: usize>(
    _scope: &mut v8::PinScope<'_, '_>,
    _key: v8::Local<'_, v8::Name>,
    _arguments: v8::PropertyCallbackArguments<'_>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    returned.set_uint32(u32::try_from(NUMBER).unwrap_or(0));
}

impl Natives for Placeholders {
    fn helper(helper: NativeHelper) -> v8::FunctionCallback {
        match helper {
            NativeHelper::Text => placeholder::<0>.map_fn_to(),
            NativeHelper::Image => placeholder::<1>.map_fn_to(),
            NativeHelper::Audio => placeholder::<2>.map_fn_to(),
            NativeHelper::GeneratedImage => placeholder::<3>.map_fn_to(),
            NativeHelper::Store => placeholder::<4>.map_fn_to(),
            NativeHelper::Load => placeholder::<5>.map_fn_to(),
            NativeHelper::Notify => placeholder::<6>.map_fn_to(),
            NativeHelper::YieldControl => placeholder::<7>.map_fn_to(),
            NativeHelper::Exit => placeholder::<8>.map_fn_to(),
            NativeHelper::SetTimeout => placeholder::<9>.map_fn_to(),
            NativeHelper::ClearTimeout => placeholder::<10>.map_fn_to(),
        }
    }

    fn array_buffer(native: ArrayBufferNative) -> v8::FunctionCallback {
        match native {
            ArrayBufferNative::Construct => placeholder::<11>.map_fn_to(),
            ArrayBufferNative::Transfer => placeholder::<12>.map_fn_to(),
        }
    }

    fn lazy_global(lazy: LazyGlobal) -> v8::AccessorNameGetterCallback {
        match lazy {
            LazyGlobal::Tools => lazy_placeholder::<0>.map_fn_to(),
            LazyGlobal::AllTools => lazy_placeholder::<1>.map_fn_to(),
        }
    }

    fn define_lazy_global(
        scope: &mut v8::PinScope<'_, '_>,
        global: v8::Local<'_, v8::Object>,
        lazy: LazyGlobal,
        key: v8::Local<'_, v8::Name>,
    ) -> Option<bool> {
        match lazy {
            LazyGlobal::Tools => global.set_lazy_data_property(scope, key, lazy_placeholder::<0>),
            LazyGlobal::AllTools => global.set_lazy_data_property(scope, key, lazy_placeholder::<1>),
        }
    }
}
