//! What the formatter asks V8 about a value, without running any code of the script.

// All questions have one signature, also those that always have an answer.
#![allow(clippy::unnecessary_wraps)]

use super::super::guarded;
use super::HelperError;
use crate::engine::error::{Thrown, describe};
use crate::engine::values::{data_property, name, v8_string};

type Answer<'s> = Option<v8::Local<'s, v8::Value>>;
type Question = for<'s> fn(&mut v8::PinScope<'s, '_>, &v8::FunctionCallbackArguments<'s>) -> Answer<'s>;

const QUESTIONS: [(&str, Question); 9] = [
    ("unwrap", unwrap),
    ("kindOf", kind_of),
    ("className", class_name),
    ("promiseState", promise_state),
    ("previewEntries", preview_entries),
    ("namedKeys", named_keys),
    ("errorStack", error_stack),
    ("optionOf", option_of),
    ("callers", callers),
];

/// An object with a function for each question.
pub(super) fn functions<'s>(scope: &mut v8::PinScope<'s, '_>) -> Option<v8::Local<'s, v8::Object>> {
    let functions = v8::Object::new(scope);
    for (index, (question, _)) in QUESTIONS.into_iter().enumerate() {
        let data = v8::Integer::new_from_unsigned(scope, u32::try_from(index).unwrap_or(u32::MAX));
        let function = v8::Function::builder(ask).data(data.into()).build(scope)?;
        let key = name(scope, question);
        functions.create_data_property(scope, key.into(), function.into())?;
    }
    Some(functions)
}

fn ask<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: v8::FunctionCallbackArguments<'s>,
    mut returned: v8::ReturnValue<'_, v8::Value>,
) {
    guarded(scope, |scope, _state| {
        let index = arguments.data().uint32_value(scope).unwrap_or(u32::MAX) as usize;
        let (_, question) = QUESTIONS.get(index).ok_or(HelperError::Thrown)?;
        if let Some(answer) = question(scope, &arguments) {
            returned.set(answer);
        }
        Ok(())
    });
}

/// What a proxy stands for, and what that stands for, until it is no proxy. Null for one that was revoked.
fn unwrap<'s>(scope: &mut v8::PinScope<'s, '_>, arguments: &v8::FunctionCallbackArguments<'s>) -> Answer<'s> {
    let mut value = arguments.get(0);
    while let Ok(proxy) = v8::Local::<v8::Proxy>::try_from(value) {
        value = proxy.get_target(scope);
    }
    Some(value)
}

/// What a value is to V8, whatever the script has made of its prototypes.
fn kind_of<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let value = arguments.get(0);
    let is_generator = value.is_generator_function();
    let kind = match () {
        () if value.is_array() => "Array",
        () if value.is_typed_array() => "TypedArray",
        () if value.is_set() => "Set",
        () if value.is_map() => "Map",
        () if value.is_map_iterator() => "Map Iterator",
        () if value.is_set_iterator() => "Set Iterator",
        () if value.is_function() && value.is_async_function() && is_generator => "AsyncGeneratorFunction",
        () if value.is_function() && value.is_async_function() => "AsyncFunction",
        () if value.is_function() && is_generator => "GeneratorFunction",
        () if value.is_function() => "Function",
        () if value.is_reg_exp() => "RegExp",
        () if value.is_date() => "Date",
        () if value.is_native_error() => "Error",
        () if value.is_array_buffer() => "ArrayBuffer",
        () if value.is_data_view() => "DataView",
        () if value.is_promise() => "Promise",
        () if value.is_weak_set() => "WeakSet",
        () if value.is_weak_map() => "WeakMap",
        () if value.is_arguments_object() => "Arguments",
        () if value.is_module_namespace_object() => "Module",
        () if value.is_number_object() => "Number",
        () if value.is_string_object() => "String",
        () if value.is_boolean_object() => "Boolean",
        () if value.is_big_int_object() => "BigInt",
        () if value.is_symbol_object() => "Symbol",
        () if value.is_generator_object() => "Generator",
        () => "Object",
    };
    Some(name(scope, kind).into())
}

fn class_name<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let object = v8::Local::<v8::Object>::try_from(arguments.get(0)).ok()?;
    let class = object.get_constructor_name();
    Some(v8::Local::new(scope, class).into())
}

/// `[state, result]`.
fn promise_state<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let promise = v8::Local::<v8::Promise>::try_from(arguments.get(0)).ok()?;
    let (state, result) = match promise.state() {
        v8::PromiseState::Pending => ("pending", v8::undefined(scope).into()),
        v8::PromiseState::Fulfilled => ("fulfilled", promise.result(scope)),
        v8::PromiseState::Rejected => ("rejected", promise.result(scope)),
    };
    let state = name(scope, state).into();
    Some(v8::Array::new_with_elements(scope, &[state, result]).into())
}

/// What an iterator has yet to give: `[entries, whether they are keys and values]`.
fn preview_entries<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let object = v8::Local::<v8::Object>::try_from(arguments.get(0)).ok()?;
    let (entries, are_pairs) = object.preview_entries(scope);
    let are_pairs = v8::Boolean::new(scope, are_pairs).into();
    Some(v8::Array::new_with_elements(scope, &[entries?.into(), are_pairs]).into())
}

/// The own properties of an array that are no elements; with `true`, those that are not enumerable, too.
fn named_keys<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let object = v8::Local::<v8::Object>::try_from(arguments.get(0)).ok()?;
    let all = arguments.get(1).is_true();
    let filter = if all { v8::PropertyFilter::ALL_PROPERTIES } else { v8::PropertyFilter::ONLY_ENUMERABLE };
    let keys = v8::GetPropertyNamesArgsBuilder::new()
        .mode(v8::KeyCollectionMode::OwnOnly)
        .property_filter(filter)
        .index_filter(v8::IndexFilter::SkipIndices)
        .build();
    Some(object.get_property_names(scope, keys)?.into())
}

/// An error with the frames of the script, as it is reported when nobody catches it.
fn error_stack<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let error = describe(scope, Thrown::value(arguments.get(0)));
    let text = error.stack.unwrap_or_else(|| format!("{}: {}", error.name, error.message));
    Some(v8_string(scope, &text)?.into())
}

/// A data property of an object of options.
fn option_of<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let options = v8::Local::<v8::Object>::try_from(arguments.get(0)).ok().filter(|it| !it.is_proxy())?;
    let key = v8::Local::<v8::String>::try_from(arguments.get(1)).ok()?;
    let key = key.to_rust_string_lossy(scope);
    data_property(scope, options, &key)
}

/// Where the script is, from the inside out.
fn callers<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    _arguments: &v8::FunctionCallbackArguments<'s>,
) -> Answer<'s> {
    let frames = crate::engine::stack::current_frames(scope);
    let frames: Vec<_> =
        frames.iter().filter_map(|frame| Some(v8_string(scope, &frame.text)?.into())).collect();
    Some(v8::Array::new_with_elements(scope, &frames).into())
}
