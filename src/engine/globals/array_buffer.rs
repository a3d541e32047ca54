//! What is changed about `ArrayBuffer`, so that resizable ones count: it is a proxy that looks at what is constructed,
//! and `transfer`, which moves the memory to another buffer, is a function that looks at what comes of it.

use super::{Natives, own_getter};

/// A native function behind `ArrayBuffer`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ArrayBufferNative {
    /// The trap `construct` of the proxy.
    Construct,
    /// `ArrayBuffer.prototype.transfer`.
    Transfer,
}

impl ArrayBufferNative {
    /// All of them, in the order in which a snapshot refers to them.
    pub(crate) const ALL: [Self; 2] = [Self::Construct, Self::Transfer];
}

/// V8's own functions that the native ones call. They are not the data of those: what is in a snapshot is then copied
/// into every isolate together with the realm that it is of, a second one beside the cell's.
pub(crate) struct ArrayBufferOriginals<'s> {
    /// `Reflect.construct`.
    pub(crate) construct: v8::Local<'s, v8::Function>,
    /// `ArrayBuffer.prototype.transfer`.
    pub(crate) transfer: v8::Local<'s, v8::Function>,
    /// The getter of `ArrayBuffer.prototype.maxByteLength`.
    pub(crate) maximum: v8::Local<'s, v8::Function>,
}

/// Puts the proxy and the function in the place of V8's own. None only if V8 is out of memory.
pub(super) fn install<'s, N: Natives>(
    scope: &mut v8::PinScope<'s, '_>,
    global: v8::Local<'_, v8::Object>,
) -> Option<ArrayBufferOriginals<'s>> {
    let array_buffer = object(scope, global, "ArrayBuffer")?;
    let prototype = object(scope, array_buffer, "prototype")?;
    let reflect = object(scope, global, "Reflect")?;
    let construct = function(scope, reflect, "construct")?;

    let null = v8::null(scope).into();
    let trap = v8::Function::builder_raw(N::array_buffer(ArrayBufferNative::Construct)).build(scope)?;
    let trap_key = v8::String::new(scope, "construct")?;
    let handler = v8::Object::with_prototype_and_properties(scope, null, &[trap_key.into()], &[trap.into()]);
    let proxy = v8::Proxy::new(scope, array_buffer, handler)?;
    replace(scope, global, "ArrayBuffer", proxy.into())?;
    replace(scope, prototype, "constructor", proxy.into())?;

    let transfer = function(scope, prototype, "transfer")?;
    let maximum = own_getter(scope, prototype, "maxByteLength")?;
    let wrapped = v8::Function::builder_raw(N::array_buffer(ArrayBufferNative::Transfer))
        .constructor_behavior(v8::ConstructorBehavior::Throw)
        .build(scope)?;
    wrapped.set_name(v8::String::new(scope, "transfer")?);
    replace(scope, prototype, "transfer", wrapped.into())?;
    Some(ArrayBufferOriginals { construct, transfer, maximum })
}

fn object<'s>(
    scope: &v8::PinScope<'s, '_>,
    holder: v8::Local<'_, v8::Object>,
    key: &str,
) -> Option<v8::Local<'s, v8::Object>> {
    let key = v8::String::new(scope, key)?;
    holder.get(scope, key.into())?.try_into().ok()
}

fn function<'s>(
    scope: &v8::PinScope<'s, '_>,
    holder: v8::Local<'_, v8::Object>,
    key: &str,
) -> Option<v8::Local<'s, v8::Function>> {
    object(scope, holder, key)?.try_into().ok()
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
