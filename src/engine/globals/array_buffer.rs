//! What is changed about `ArrayBuffer`, so that resizable ones count: it is a proxy that looks at what is constructed,
//! and `transfer`, which moves the memory to another buffer, is a function that looks at what comes of it.

use super::{Natives, own_getter};

/// A native function behind `ArrayBuffer`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ArrayBufferNative {
    /// The trap `construct` of the proxy. Its data is `Reflect.construct`.
    Construct,
    /// `ArrayBuffer.prototype.transfer`. Its data is an array: V8's own, and the getter of `maxByteLength`.
    Transfer,
}

impl ArrayBufferNative {
    /// All of them, in the order in which a snapshot refers to them.
    pub(crate) const ALL: [Self; 2] = [Self::Construct, Self::Transfer];
}

/// Puts the proxy and the function in the place of V8's own. None only if V8 is out of memory.
pub(super) fn install<N: Natives>(
    scope: &mut v8::PinScope<'_, '_>,
    global: v8::Local<'_, v8::Object>,
) -> Option<()> {
    let array_buffer = object(scope, global, "ArrayBuffer")?;
    let prototype = object(scope, array_buffer, "prototype")?;
    let reflect = object(scope, global, "Reflect")?;
    let reflect_construct = object(scope, reflect, "construct")?;

    let null = v8::null(scope).into();
    let trap = v8::Function::builder_raw(N::array_buffer(ArrayBufferNative::Construct))
        .data(reflect_construct.into())
        .build(scope)?;
    let trap_key = v8::String::new(scope, "construct")?;
    let handler = v8::Object::with_prototype_and_properties(scope, null, &[trap_key.into()], &[trap.into()]);
    let proxy = v8::Proxy::new(scope, array_buffer, handler)?;
    replace(scope, global, "ArrayBuffer", proxy.into())?;
    replace(scope, prototype, "constructor", proxy.into())?;

    let original = object(scope, prototype, "transfer")?;
    let maximum = own_getter(scope, prototype, "maxByteLength")?;
    let data = v8::Array::new_with_elements(scope, &[original.into(), maximum.into()]);
    let wrapped = v8::Function::builder_raw(N::array_buffer(ArrayBufferNative::Transfer))
        .data(data.into())
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .build(scope)?;
    wrapped.set_name(v8::String::new(scope, "transfer")?);
    replace(scope, prototype, "transfer", wrapped.into())
}

fn object<'s>(
    scope: &v8::PinScope<'s, '_>,
    holder: v8::Local<'_, v8::Object>,
    key: &str,
) -> Option<v8::Local<'s, v8::Object>> {
    let key = v8::String::new(scope, key)?;
    holder.get(scope, key.into())?.try_into().ok()
}

fn replace(
    scope: &v8::PinScope<'_, '_>,
    holder: v8::Local<'_, v8::Object>,
    key: &str,
    value: v8::Local<'_, v8::Value>,
) -> Option<()> {
    let key = v8::String::new(scope, key)?;
    holder.define_own_property(scope, key.into(), value, v8::PropertyAttribute::DONT_ENUM).map(drop)
}
